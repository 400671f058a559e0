import type {Credentials} from './credentials.js';

/** What a worker is known by, everywhere and for ever: a used name is not given again (facts 14). */
export type WorkerName = {workerPoolId: string; workerGroup: string; workerId: string};

export type WorkerState = 'requested' | 'running' | 'stopping' | 'stopped';

/** Times are ISO texts, as in all types of this file. */
export type Worker = WorkerName & {
  providerId: string;
  state: WorkerState;
  capacity: number;
  created: string;
  expires: string;
  lastModified: string;
  lastChecked: string;
  launchConfigId?: string;
};

/** A worker that has asked the queue for work; the time is right to half an hour. */
export type ActiveWorker = Pick<WorkerName, 'workerGroup' | 'workerId'> & {
  lastDateActive?: string;
};

/** Of a static worker; `staticSecret` has 44 characters of base64url. */
export type WorkerDefinition = {
  expires: string;
  capacity?: number;
  providerInfo?: {staticSecret: string};
};

export type Registration = WorkerName & {
  providerId: string;
  workerIdentityProof: Record<string, unknown>;
  systemBootTime?: string;
};

/** Credentials, and the secret with which to get the next ones: it works once. */
export type Reregistered = {expires: string; credentials: Credentials; secret: string};

export type Registered = Reregistered & {workerConfig: Record<string, unknown>};

/** Public: anybody may read it. */
export type WorkerErrorReport = {
  workerGroup: string;
  workerId: string;
  kind: string;
  title: string;
  description: string;
  extra: Record<string, unknown>;
};

/** Only what is read of it. */
export type WorkerPool = {
  providerId: string;
  config: Record<string, unknown>;
};

export type Secret = {secret: Record<string, unknown>; expires: string};
