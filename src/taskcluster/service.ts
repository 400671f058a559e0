import {ActionableError, ApiError} from '../errors.js';
import {createHttp, type Http, type HttpOptions} from '../http.js';
import type {Credentials} from './credentials.js';
import {makeSign} from './signing.js';

export type TaskclusterOptions = Pick<
  HttpOptions,
  'caPem' | 'insecure' | 'secondMs' | 'timeoutMs' | 'retries' | 'secrets' | 'rateLimit'
> & {
  rootUrl: string;
  /** Without them nothing is signed. */
  credentials?: Credentials | undefined;
};

/** What no error may repeat; the owner may add to it. */
export function secretsIn({secrets = [], credentials}: TaskclusterOptions): string[] {
  return [...secrets, credentials?.accessToken ?? '', credentials?.certificate ?? ''];
}

/** The API of one service of a Taskcluster deployment. */
export function connectService(
  service: 'worker-manager' | 'secrets',
  {rootUrl, credentials, ...options}: TaskclusterOptions,
): Http {
  const http = createHttp(`Taskcluster's ${service}`, {
    ...options,
    url: `${rootUrl.replace(/\/+$/v, '')}/api/${service}/v1`,
    sign: credentials && makeSign(credentials),
  });

  return async (method, path, request) => {
    try {
      return await http(method, path, request);
    } catch (error) {
      throw error instanceof ApiError ? withAdvice(error) : error;
    }
  };
}

/** Segments of a path, each with its slashes and colons encoded: as `a/b` a pool would be two of them. */
export function pathOf(...segments: string[]): string {
  return segments.map((segment) => encodeURIComponent(segment)).join('/');
}

/** Undefined for what the service itself does not know; a 404 of anything in front of it stays an error. */
export async function unlessUnknown<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.serviceCode === 'ResourceNotFound') {
      return undefined;
    }

    throw error;
  }
}

/** Takes what was asked for out of an answer; one without it came from something else. */
export function expectIn<T>(answer: T, isRight: (answer: T) => boolean, rootUrl: string): T {
  if (typeof answer === 'object' && answer !== null && isRight(answer)) {
    return answer;
  }

  throw new ActionableError('NOT_TASKCLUSTER', `${rootUrl} answers, but not as Taskcluster does`, [
    'Check the root URL',
  ]);
}

function withAdvice(error: ApiError): ApiError {
  if (error.status === 401) {
    error.suggestions.push(
      /timestamp/iv.test(error.detail)
        ? "Set this machine's clock: Taskcluster allows it to be wrong by 15 minutes"
        : 'The Taskcluster credentials are wrong, or have expired',
    );
  } else if (error.status === 403) {
    error.suggestions.push('Give the client the scopes that the message names');
  }

  return error;
}
