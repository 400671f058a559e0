import {boolean, integer, list, string, type SwitchValues, withDefaults} from '../switches.js';
import {type AtRequest, type Fault, parseFault} from '../ci-faults.js';

const facts = (section: string) => `taskcluster ${section}`;

/** Every switch of the emulated Taskcluster. Milliseconds and seconds are emulated ones. */
export const taskclusterSwitches = {
  taskclusterClientId: string('static/taskcluster/root', 'A client with every scope', facts('13')),
  taskclusterAccessToken: string('', 'Its access token; made up when empty', facts('13')),
  taskclusterClients: list(
    [],
    'More clients, each "clientId accessToken scope scope"; * ends a scope that stands for more',
    facts('13'),
  ),
  workerProviders: list(
    ['digitalocean=static', 'aws=aws', 'google=google', 'azure=azure'],
    'Providers of the worker-manager, each providerId=type; only static knows its workers beforehand',
    facts('14'),
  ),
  workerPools: list(
    ['demo/pool=digitalocean'],
    'Worker pools, each workerPoolId=providerId',
    facts('14'),
  ),

  rejectBootTime: boolean(
    false,
    'A server before v96.3, which refuses systemBootTime at registration',
    facts('6'),
  ),
  clockAheadSeconds: integer(0, "The server's clock is ahead of the clients' by this", facts('13')),
  taskclusterDateSkewSeconds: integer(0, 'The Date header is ahead by this', facts('13')),
  workerPageSize: integer(1000, 'A listing has at most so many entries on a page', facts('13')),
  scanMs: integer(60_000, 'Time between two runs of the worker-scanner; 0 is never', facts('14')),
  failTaskcluster: list(
    [],
    'Failing requests, each "METHOD PATH KIND[=NUMBER] [after=N] [times=N]"; kinds: status html drop lost slow hang hang-after',
    facts('13'),
  ),
};

export type TaskclusterSettings = SwitchValues<typeof taskclusterSwitches> & {
  faults: readonly Fault[];
  atTaskclusterRequest?: AtRequest;
};

export type TaskclusterOptions = Partial<SwitchValues<typeof taskclusterSwitches>> & {
  /** Requests that go wrong. Paths are as sent: the slash of a pool is %2F. */
  faults?: readonly Fault[];
  atTaskclusterRequest?: AtRequest;
};

/** Every switch with its value, and the faults in both spellings; throws for a line that is no fault. */
export function taskclusterSettings(options: TaskclusterOptions): TaskclusterSettings {
  const settings = withDefaults(taskclusterSwitches, options);
  const faults = settings.failTaskcluster.map((line) => parseFault(line));
  const {atTaskclusterRequest} = options;
  return {
    ...settings,
    faults: [...faults, ...(options.faults ?? [])],
    ...(atTaskclusterRequest && {atTaskclusterRequest}),
  };
}
