import type {Lack, WorkerRequest} from '../ci-server.js';
import type {Worker} from './types.js';
import {isCompatible} from './version.js';

type Expectation = {
  request: WorkerRequest;
  /** Of the worker's droplet, by DigitalOcean's clock. */
  createdAt: Date;
  team: string | undefined;
  webVersion: string;
};

/** A worker's clock may run behind DigitalOcean's by this much. */
const clockSkewMs = 120_000;

/** What keeps a listed worker from taking the steps it was made for. */
export function lacks(worker: Worker, expected: Expectation): Lack | undefined {
  const {request, createdAt, team = '', webVersion} = expected;
  if (worker.state !== 'running') {
    return {reason: `listed as ${worker.state}`, isFinal: false};
  }

  if (worker.start_time * 1000 < createdAt.getTime() - clockSkewMs) {
    return {reason: 'listed by an older registration', isFinal: false};
  }

  if (!isCompatible(worker.version, webVersion)) {
    return {
      reason: `registered with worker version ${worker.version || 'unknown'}, but the web gives work to ${webVersion} only; leave --concourse-version out to get the web's own release`,
      isFinal: true,
    };
  }

  if (worker.team !== team) {
    return {
      reason: `registered for team ${JSON.stringify(worker.team)} instead of ${JSON.stringify(team)}`,
      isFinal: true,
    };
  }

  const missing = [request.workerName, ...request.tags].filter(
    (tag) => !worker.tags?.includes(tag),
  );
  return missing.length === 0
    ? undefined
    : {reason: `registered without tag ${missing.join(', ')}`, isFinal: true};
}
