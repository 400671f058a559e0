import {ActionableError, ApiError} from '../errors.js';
import {createHttp, type Http} from '../http.js';
import type {Info, User, Worker} from './types.js';
import {compareVersions} from './version.js';

export const howToLogIn =
  'Set DO_WORKER_CONCOURSE_USERNAME and DO_WORKER_CONCOURSE_PASSWORD, or use --target with a fly login';

export type Login = {token: string; target: string} | {username: string; password: string};

export type ConcourseOptions = {
  url: string;
  login?: Login | undefined;
  caPem?: string | undefined;
  insecure?: boolean | undefined;
  secondMs?: number;
  /** For one attempt of a request, in real milliseconds. */
  timeoutMs?: number;
};

/** Concourse's own OAuth client for fly; every cluster has it and it is no secret. */
const flyClient = `Basic ${Buffer.from('fly:Zmx5').toString('base64')}`;

/** The Concourse API (ATC): one method per endpoint that is used; logs in when first needed. */
export class Concourse {
  readonly url: string;
  readonly canLogIn: boolean;
  readonly #http: Http;
  readonly #login: Login | undefined;
  readonly #secrets: string[] = [];
  #info: Promise<Info> | undefined;
  #token: Promise<string> | undefined;

  constructor({login, ...options}: ConcourseOptions) {
    this.url = options.url;
    this.canLogIn = login !== undefined;
    this.#login = login;
    if (login !== undefined) {
      this.#secrets.push('token' in login ? login.token : login.password);
    }

    this.#http = createHttp('Concourse', {...options, secrets: this.#secrets});
  }

  /** Asked once; sent without a token, because an expired one would turn the answer into a 401. */
  async info(signal?: AbortSignal): Promise<Info> {
    this.#info ??= this.#http<Info>('GET', 'api/v1/info', {signal});
    try {
      const info = await this.#info;
      if (!/^\d+\.\d+\.\d+/v.test(info?.version) || typeof info.worker_version !== 'string') {
        throw this.#unlike();
      }

      return info;
    } catch (error) {
      this.#info = undefined;
      throw error;
    }
  }

  /** The login's user with its roles by team; an answer of null gives one without any. */
  async user(signal?: AbortSignal): Promise<User> {
    return (await this.#authorized<User | null>('GET', 'api/v1/user', signal)) ?? {};
  }

  /** Workers that the login may see, at worst a minute old (facts 2); an entry without a name is left out. */
  async workers(signal?: AbortSignal): Promise<Worker[]> {
    const workers = await this.#authorized<Worker[] | null>('GET', 'api/v1/workers', signal);
    if (workers !== null && !Array.isArray(workers)) {
      throw this.#unlike();
    }

    return (workers ?? []).filter((worker) => typeof worker?.name === 'string');
  }

  /** Lets its builds end and gives it no more; `team` has to be its own from 8.3 on (facts 2). */
  async retireWorker(name: string, team: string, signal?: AbortSignal): Promise<void> {
    await this.#authorized('PUT', `api/v1/workers/${encodeURIComponent(name)}/retire`, signal, {
      name,
      team,
    });
  }

  /** Takes it off the list at once; rejects with a 400 while it is running, with a 404 when it is not listed. */
  async pruneWorker(name: string, signal?: AbortSignal): Promise<void> {
    await this.#authorized('PUT', `api/v1/workers/${encodeURIComponent(name)}/prune`, signal);
  }

  /** With a token; a password's token that has expired meanwhile is got anew, once. */
  async #authorized<T>(
    method: 'GET' | 'PUT',
    path: string,
    signal?: AbortSignal,
    json?: unknown,
  ): Promise<T> {
    for (let isRenewed = false; ; isRenewed = true) {
      const used = this.#token ?? this.#logIn(signal);
      this.#token = used;
      let token: string;
      try {
        token = await used;
      } catch (error) {
        this.#forget(used);
        throw error;
      }

      try {
        const headers = {authorization: `Bearer ${token}`};
        return await this.#http<T>(method, path, {headers, json, signal});
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) {
          throw error;
        }

        if (isRenewed || this.#login === undefined || 'token' in this.#login) {
          throw this.#refused();
        }

        this.#forget(used);
      }
    }
  }

  /** Unless another call has got a new one already. */
  #forget(used: Promise<string>): void {
    if (this.#token === used) {
      this.#token = undefined;
    }
  }

  #unlike(): ActionableError {
    return new ActionableError('NOT_CONCOURSE', `${this.url} answers, but not as Concourse does`, [
      'Check the Concourse URL',
    ]);
  }

  #refused(): ActionableError {
    const login = this.#login;
    return login !== undefined && 'token' in login
      ? new ActionableError(
          'LOGIN_EXPIRED',
          `Concourse at ${this.url} no longer accepts the fly login of target ${login.target}`,
          [`Log in again: fly --target ${login.target} login`],
        )
      : new ActionableError(
          'LOGIN_REFUSED',
          `Concourse at ${this.url} does not accept its own token`,
          ['Try again; if it stays so, the clocks of the Concourse web nodes may differ'],
        );
  }

  async #logIn(signal?: AbortSignal): Promise<string> {
    const login = this.#login;
    if (login === undefined) {
      throw new ActionableError('NO_LOGIN', `No login for Concourse at ${this.url}`, [howToLogIn]);
    }

    if ('token' in login) {
      return login.token;
    }

    const {version} = await this.info(signal);
    const path = compareVersions(version, '6.1.0') < 0 ? 'sky/token' : 'sky/issuer/token';
    try {
      const answer = await this.#http<{access_token: string}>('POST', path, {
        headers: {authorization: flyClient},
        form: {
          grant_type: 'password',
          username: login.username,
          password: login.password,
          scope: 'openid profile email federated:id groups',
        },
        signal,
        repeatable: true,
      });
      this.#secrets.push(answer.access_token);
      return answer.access_token;
    } catch (error) {
      throw error instanceof ApiError ? loginError(error, login.username, this.url) : error;
    }
  }
}

function loginError(error: ApiError, username: string, url: string): Error {
  if (error.status === 401) {
    return new ActionableError(
      'LOGIN_REFUSED',
      `Concourse at ${url} refuses the login of user ${username}: ${error.detail}`,
      ['Check DO_WORKER_CONCOURSE_USERNAME and DO_WORKER_CONCOURSE_PASSWORD'],
    );
  }

  if (error.status === 400) {
    return new ActionableError(
      'LOGIN_UNSUPPORTED',
      `Concourse at ${url} takes no user name and password: ${error.detail}`,
      [
        'A cluster with single sign-on only has no password login: log in with fly and use --target NAME',
        'Or add a local user to the cluster (--add-local-user, --main-team-local-user)',
      ],
    );
  }

  return error;
}
