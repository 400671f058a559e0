import type {Identity, State} from './state.js';
import type {Log} from './log.js';
import type {Section} from './section.js';
import type {JsonObject} from './worker-config.js';

export type Found = Identity & {
  /** Proves to the worker manager who this is; without it nothing is registered. */
  proof?: JsonObject;
  /** Given by the provider itself, when it does not register. */
  credentials?: State['credentials'];
  workerConfig?: JsonObject;
};

/** Where the worker runs, and how it shows who it is. */
export type Provider = {
  /** Asks who this worker is; not asked again when the state comes from a cache. */
  identify(signal: AbortSignal): Promise<Found>;
  /** Why a cached state must not be used, if so. */
  readonly cacheRefusal?: string;
  /** Static hosts are nobody's to shut down (facts 11). */
  readonly isDynamic: boolean;
  /** A worker that has asked for a shutdown has ended well, whatever its exit status: whoever started us does the rest. */
  readonly endsOnShutdown?: boolean;
  /** Calls `terminate` when the cloud announces this machine's end; returns when the signal is aborted. */
  watch?(terminate: () => Promise<void>, signal: AbortSignal): Promise<void>;
};

export type ProviderContext = {
  log: Log;
  /** Real milliseconds that a second of waiting lasts; 1,000 but in tests. */
  secondMs: number;
  /** Name of the worker implementation: aws-provisioner sets more for docker-worker. */
  implementation: string;
  signal: AbortSignal;
};

/** Reads its fields from the `provider` section; may refuse on a machine that is about to go. */
export type MakeProvider = (section: Section, context: ProviderContext) => Promise<Provider>;
