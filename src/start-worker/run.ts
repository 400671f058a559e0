import {ActionableError} from '../errors.js';
import {Secrets} from '../taskcluster/secrets.js';
import {WorkerManager} from '../taskcluster/worker-manager.js';
import {accompany} from './accompany.js';
import {readCache, writeCache} from './cache.js';
import {readRunnerConfig, type RunnerConfig} from './config.js';
import {deploymentSeconds} from './deployment.js';
import {extractFiles} from './files.js';
import type {Implementation} from './implementation.js';
import {makeImplementation} from './implementations.js';
import {chooseLog, type Log} from './log.js';
import type {Provider} from './provider.js';
import {makeProvider} from './providers.js';
import {checkCachedCredentials, registerWorker} from './registration.js';
import type {Time} from './renewal.js';
import {addSecrets} from './secrets.js';
import {checkRootUrl, checkState, startState, type State} from './state.js';

export type RunOptions = {
  configFile: string;
  /** Of this process; the worker gets it, too. */
  environment: NodeJS.ProcessEnv;
  log: Log;
  /** Ends the worker when it is aborted. */
  signal: AbortSignal;
  time?: Time;
};

/** What all steps of a run have in common. */
type Run = {
  config: RunnerConfig;
  /** Name of the worker implementation. */
  kind: string;
  implementation: Implementation;
  provider: Provider;
  log: Log;
  signal: AbortSignal;
  time: Time;
};

const realTime: Time = {secondMs: 1000, now: () => Date.now()};

/** The life of a worker, from the runner configuration to the end of its process (facts 1). */
export async function run(options: RunOptions): Promise<void> {
  const {configFile, environment, signal, time = realTime} = options;
  const config = await readRunnerConfig(configFile, options.log);
  const log = chooseLog(config.logging?.implementation, options.log);
  const {cacheOverRestarts: cacheFile} = config;
  const cached = cacheFile === undefined ? undefined : await readCache(cacheFile, log);

  // A mistake in the worker section must not be found only after a registration is spent.
  const {implementation: kind, section} = config.worker;
  const {secondMs} = time;
  const implementation = makeImplementation(kind, section, {log, environment, secondMs});
  const deploymentEverySeconds = deploymentSeconds(section);
  const provider = await makeProvider(config.provider.type, config.provider.section, {
    log,
    secondMs,
    implementation: kind,
    signal,
  });
  if (cacheFile !== undefined && provider.cacheRefusal !== undefined) {
    throw new ActionableError('RUNNER_CONFIG', provider.cacheRefusal, [
      'Take cacheOverRestarts out of the runner configuration: this worker registers at each start',
    ]);
  }

  const shared = {config, kind, implementation, provider, log, signal, time};
  const state = cached === undefined ? await makeState(shared) : restoreState(cached, shared);

  signal.throwIfAborted();
  log.line('Starting worker');
  const worker = await implementation.start(state);
  await accompany(worker, state, {
    kind,
    provider,
    deploymentEverySeconds,
    cache: cacheFile === undefined ? undefined : async () => writeCache(cacheFile, state, log),
    environment,
    log,
    signal,
    time,
  });
}

/** Finds out who the worker is, registers it, and gathers its configuration. */
async function makeState(shared: Run): Promise<State> {
  const {config, kind, implementation, provider, log, signal, time} = shared;
  const {secondMs, now} = time;
  const {cacheOverRestarts: cacheFile} = config;

  log.line(`Configuring with provider ${config.provider.type}`);
  const found = await provider.identify(signal);
  const state = startState(found, config.workerConfig);
  const {rootUrl} = state;
  checkRootUrl(rootUrl);
  if (found.proof !== undefined) {
    await registerWorker(state, {
      proof: found.proof,
      implementation: kind,
      workerManager: new WorkerManager({rootUrl, secondMs}),
      log,
      now,
      signal,
    });
  }

  checkState(state);
  log.line(`Identified as worker ${state.workerGroup}/${state.workerId}`);

  if (config.getSecrets) {
    log.line('Getting secrets from secrets service');
    const secrets = new Secrets({rootUrl, credentials: state.credentials, secondMs});
    await addSecrets(state, {secrets, log, signal});
  }

  log.line(`Configuring for worker implementation ${kind}`);
  implementation.configure(state);
  log.line('Writing files');
  await extractFiles(state.files, log, signal);
  // A run from the cache writes no files: until all are there, it must not be possible.
  if (cacheFile !== undefined) {
    await writeCache(cacheFile, state, log);
  }

  return state;
}

/** The state of an earlier run: registered, configured, and its files written. */
function restoreState(state: State, {implementation, log, time}: Run): State {
  checkCachedCredentials(state, time.now);
  checkState(state);
  log.line(`Identified as worker ${state.workerGroup}/${state.workerId}`);
  // The credentials may have been renewed since they were put into the configuration.
  implementation.configure(state);
  return state;
}
