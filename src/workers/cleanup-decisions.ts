import type {CiWorker} from '../ci-server.js';
import type {Droplet} from '../digitalocean/types.js';
import type {Owned} from './worker.js';

/** What a cleanup makes of one thing, and why. */
export type Decision = {
  what: 'droplet' | 'worker' | 'tag';
  name: string;
  /** The droplet's. */
  id: number | null;
  ageSeconds: number | null;
  /** `delete`: it would be (dry run); `left`: it should be gone but is not; `unknown`: it cannot be told. */
  action: 'keep' | 'delete' | 'deleted' | 'left' | 'unknown';
  reason: string;
};

export type Evidence = {
  owned: Owned[];
  /** All that carry the marker, or with a worker name its tag: those of other CI servers too. */
  marked: Droplet[];
  /** Droplets with some of our tags, but not all. */
  suspects: Droplet[];
  /** Undefined when there is no CI server, it does not answer, or it is not these droplets' own. */
  workers: CiWorker[] | undefined;
  /** Whether a CI server was asked for its workers and gave no answer. */
  isCiSilent: boolean;
  /** Whether a worker that is missing from `workers` is not there. */
  areAllListed: boolean;
  /** DigitalOcean's clock, which stamps `created_at`; undefined when it gave none. */
  serviceTime: number | undefined;
  localTime: number;
};

/** Decides on every droplet; pure, so that two looks can be compared. */
export function decide(
  {owned, suspects, workers, isCiSilent, areAllListed, serviceTime, localTime}: Evidence,
  {graceSeconds}: {graceSeconds: number},
): Decision[] {
  const rows = workers && new Map(workers.map((worker) => [worker.name, worker]));
  return [
    ...owned.map(({droplet, identity}): Decision => {
      const createdAt = Date.parse(droplet.created_at);
      const ageAt = (now: number) => Math.round((now - createdAt) / 1000);
      const ageSeconds = ageAt(serviceTime ?? localTime);
      const verdict = (action: Decision['action'], reason: string): Decision => ({
        what: 'droplet',
        name: droplet.name,
        id: droplet.id,
        ageSeconds: Number.isNaN(ageSeconds) ? null : ageSeconds,
        action,
        reason,
      });

      const row = rows?.get(droplet.name);
      if (['off', 'archive'].includes(droplet.status)) {
        return verdict('delete', 'switched off');
      }

      if (Number.isNaN(createdAt)) {
        return verdict('unknown', 'it has no creation time');
      }

      if (serviceTime === undefined) {
        return verdict(
          'unknown',
          "DigitalOcean did not tell its time, and this machine's may be wrong",
        );
      }

      if (identity.ttlSeconds !== undefined && ageSeconds > identity.ttlSeconds) {
        // This machine's clock has no say in deleting, but it can make the case of what may run doubtful.
        const mayRun = isCiSilent || row?.state === 'running';
        return mayRun && ageAt(localTime) <= identity.ttlSeconds
          ? verdict('unknown', "expired by DigitalOcean's clock, but not by this machine's")
          : verdict('delete', 'expired');
      }

      const isRegistered = row?.hasRegistered === true;
      const isAsked = rows !== undefined || isCiSilent;
      if (isAsked && !isRegistered && ageSeconds > graceSeconds) {
        return verdict(...unregistered(rows, areAllListed));
      }

      if (identity.ttlSeconds === undefined) {
        return verdict('unknown', 'it has no ttl tag');
      }

      const reason = isRegistered ? `listed as ${row.state}` : 'within its boot grace';
      return verdict('keep', isAsked ? reason : 'not expired; no CI server was asked');
    }),
    ...suspects.map(({name, id}): Decision => ({
      what: 'droplet',
      name,
      id,
      ageSeconds: null,
      action: 'unknown',
      reason: 'it carries some tags of ours but not all: see what it is, and delete it by hand',
    })),
  ];
}

function unregistered(
  rows: Map<string, CiWorker> | undefined,
  areAllListed: boolean,
): [Decision['action'], string] {
  if (rows === undefined) {
    return ['unknown', 'the CI server does not tell whether it is a worker'];
  }

  return areAllListed
    ? ['delete', 'not registered']
    : ['unknown', "not listed, but the login sees some teams' workers only"];
}
