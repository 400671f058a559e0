import {ActionableError, ApiError} from '../errors.js';
import type {Http, RequestOptions} from '../http.js';
import {createRateLimit, type RateLimit} from '../rate-limit.js';
import {
  connectService,
  expectIn,
  pathOf,
  secretsIn,
  type TaskclusterOptions,
  unlessUnknown,
} from './service.js';
import type {
  ActiveWorker,
  Registered,
  Registration,
  Reregistered,
  Worker,
  WorkerDefinition,
  WorkerErrorReport,
  WorkerName,
  WorkerPool,
  WorkerState,
} from './types.js';

/** Taskcluster's worker-manager: one method per endpoint that is used. */
export class WorkerManager {
  readonly #http: Http;
  readonly #anonymous: Http;
  readonly #rootUrl: string;
  readonly #rateLimit: RateLimit;
  /** Grows by what calls give and get, so that no error repeats it. */
  readonly #secrets: string[];

  constructor(options: TaskclusterOptions) {
    this.#rootUrl = options.rootUrl;
    this.#secrets = secretsIn(options);
    this.#rateLimit = createRateLimit({
      service: 'Taskcluster',
      secondMs: options.secondMs ?? 1000,
    });
    const shared = {...options, secrets: this.#secrets, rateLimit: this.#rateLimit};
    this.#http = connectService('worker-manager', shared);
    this.#anonymous = connectService('worker-manager', {...shared, credentials: undefined});
  }

  /** The service's own time at its last answer, in milliseconds: the clock of all times that it gives. */
  get time(): number | undefined {
    return this.#rateLimit.serviceTime();
  }

  /**
   * The worker's proof for credentials; needs none itself. Sent again like a GET: only the secret of the last answer
   * works (facts 14), and that is the one returned.
   */
  async registerWorker(registration: Registration, signal?: AbortSignal): Promise<Registered> {
    const {providerId, workerIdentityProof, systemBootTime} = registration;
    const known: Registration = {...nameOf(registration), providerId, workerIdentityProof};
    this.#hide(...Object.values(workerIdentityProof));
    const send = async (json: Registration) =>
      this.#registered(
        await this.#anonymous<Registered>('POST', 'worker/register', {
          json,
          repeatable: true,
          signal,
        }),
      );
    if (systemBootTime === undefined) {
      return send(known);
    }

    try {
      return await send({...known, systemBootTime});
    } catch (error) {
      if (isBootTimeUnknown(error)) {
        return send(known);
      }

      throw error;
    }
  }

  /**
   * New credentials for the `secret` of the last ones. Never sent again: the secret works once, so that after a lost
   * answer a second request could only be refused, and that refusal would hide what happened; two that overtake each
   * other could even leave the worker with a secret that is not the stored one. The credentials at hand stay valid
   * until they expire, and a static worker may register anew.
   */
  async reregisterWorker(
    worker: WorkerName,
    secret: string,
    signal?: AbortSignal,
  ): Promise<Reregistered> {
    this.#hide(secret);
    const answer = await this.#http<Reregistered>('POST', 'worker/reregister', {
      json: {...nameOf(worker), secret},
      repeatable: false,
      signal,
    });
    return this.#registered(answer);
  }

  /**
   * Makes a static worker known before its machine exists. For a name that is in use already the answer looks just as
   * good, yet the old secret and expiry stay (facts 14): use new names only.
   */
  async createWorker(
    worker: WorkerName,
    definition: WorkerDefinition,
    until: Pick<RequestOptions, 'signal' | 'betweenAttempts'> = {},
  ): Promise<Worker> {
    this.#hide(definition.providerInfo?.staticSecret);
    return this.#http<Worker>('PUT', workerPath(worker), {json: definition, ...until});
  }

  /** Stops it for good; may be repeated. Rejects for a worker that never was. */
  async removeWorker(worker: WorkerName, signal?: AbortSignal): Promise<void> {
    await this.#http('DELETE', workerPath(worker), {signal});
  }

  /** All of a pool, or those in one state: new static workers, too, which `listWorkers` does not know (facts 13). */
  async listWorkersForWorkerPool(
    workerPoolId: string,
    {state, signal}: {state?: WorkerState | undefined; signal?: AbortSignal | undefined} = {},
  ): Promise<Worker[]> {
    return this.#pages(pathOf('workers', workerPoolId), {
      query: state && {state},
      signal,
    });
  }

  /**
   * Workers of a pool that have asked the queue for work, which none can without its credentials. The worker-manager
   * itself shows a static worker as running from its creation on, registered or not (facts 13, 14).
   */
  async listWorkers(workerPoolId: string, signal?: AbortSignal): Promise<ActiveWorker[]> {
    const [provisionerId = '', workerType = ''] = workerPoolId.split('/');
    const path = pathOf('provisioners', provisionerId, 'worker-types', workerType, 'workers');
    return this.#pages(path, {signal});
  }

  /** Everybody can read it then. */
  async reportWorkerError(
    workerPoolId: string,
    report: WorkerErrorReport,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#http('POST', pathOf('worker-pool-errors', workerPoolId), {json: report, signal});
  }

  /** Undefined when it is not known. */
  async workerPool(workerPoolId: string, signal?: AbortSignal): Promise<WorkerPool | undefined> {
    return unlessUnknown(
      this.#http<WorkerPool>('GET', pathOf('worker-pool', workerPoolId), {signal}),
    );
  }

  async #pages<Item>(
    path: string,
    {query, signal}: Pick<RequestOptions, 'query' | 'signal'>,
  ): Promise<Item[]> {
    const items: Item[] = [];
    const seen = new Set<string>();
    let continuation: {continuationToken: string} | undefined;
    for (;;) {
      const page = expectIn(
        await this.#http<{workers: Item[]; continuationToken?: string}>('GET', path, {
          query: (query ?? continuation) && {...query, ...continuation},
          signal,
        }),
        ({workers}) => Array.isArray(workers),
        this.#rootUrl,
      );
      items.push(...page.workers);
      const {continuationToken} = page;
      if (continuationToken === undefined || continuationToken === '') {
        return items;
      }

      if (seen.has(continuationToken)) {
        throw new ActionableError(
          'PAGING',
          "A page of Taskcluster's workers points back to itself",
        );
      }

      seen.add(continuationToken);
      continuation = {continuationToken};
    }
  }

  #registered<Answer extends Reregistered>(answer: Answer): Answer {
    const {credentials, secret} = expectIn(
      answer,
      ({credentials: given, secret: next, expires}) =>
        isText(given?.clientId) &&
        isText(given?.accessToken) &&
        isTextOrNone(given?.certificate) &&
        isTextOrNone(next) &&
        !Number.isNaN(Date.parse(expires)),
      this.#rootUrl,
    );
    this.#hide(credentials.accessToken, credentials.certificate, secret);
    return answer;
  }

  #hide(...secrets: unknown[]): void {
    this.#secrets.push(...secrets.filter((secret) => typeof secret === 'string'));
  }
}

function workerPath({workerPoolId, workerGroup, workerId}: WorkerName): string {
  return pathOf('workers', workerPoolId, workerGroup, workerId);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isTextOrNone(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || value === null;
}

/** Of a state that has far more than its name: an unknown field would be refused. */
function nameOf({workerPoolId, workerGroup, workerId}: WorkerName): WorkerName {
  return {workerPoolId, workerGroup, workerId};
}

/** Servers before v96.3 refuse the field that they do not know (facts 6). */
function isBootTimeUnknown(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 400 &&
    error.serviceCode === 'InputValidationError' &&
    error.detail.includes('systemBootTime')
  );
}
