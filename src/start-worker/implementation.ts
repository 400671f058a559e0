import type {Log} from './log.js';
import type {Transport} from './protocol.js';
import type {Section} from './section.js';
import type {State} from './state.js';

/** A worker that has been started. */
export type RunningWorker = {
  /** The line protocol; undefined for a worker that does not speak it. */
  readonly transport: Transport | undefined;
  /** Resolves when it has ended well; rejects with `exit status N` otherwise. */
  wait(): Promise<void>;
  /** Does nothing to a worker that has ended. */
  kill(signal: NodeJS.Signals): void;
};

/** How one kind of worker is configured and started. */
export type Implementation = {
  /** Sets the keys that this worker wants in `state.workerConfig`: they win over all others. May be repeated. */
  configure(state: State): void;
  start(state: State): Promise<RunningWorker>;
};

export type ImplementationContext = {
  log: Log;
  /** The worker gets it, too. */
  environment: NodeJS.ProcessEnv;
  /** Real milliseconds that a second of waiting lasts; 1,000 but in tests. */
  secondMs: number;
};

/** Reads its fields from the `worker` section. */
export type MakeImplementation = (
  section: Section,
  context: ImplementationContext,
) => Implementation;
