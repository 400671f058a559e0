import {getCACertificates} from 'node:tls';
import got, {RequestError, type Got, type Response} from 'got';
import pRetry from 'p-retry';
import {ActionableError, ApiError, NoAnswer} from './errors.js';
import {
  explain,
  isCertificateError,
  notJson,
  redact,
  suggestionsFor,
  type Explanation,
} from './http-answers.js';
import {gateOf} from './http-gate.js';
import {createRateLimit, type RateLimit} from './rate-limit.js';

export type HttpOptions = {
  url: string;
  headers?: Record<string, string>;
  /** PEM certificates trusted besides Node's own. */
  caPem?: string | undefined;
  insecure?: boolean | undefined;
  /** Never shown, even when the service repeats them in an error. */
  secrets?: string[];
  /** Real milliseconds that a second of back-off lasts; 1,000 but for an emulator with scaled time. */
  secondMs?: number | undefined;
  rateLimit?: RateLimit | undefined;
  /** Makes the Authorization header of one attempt, for signatures that hold a time and a nonce. */
  sign?: ((method: Method, url: URL) => string) | undefined;
  /** For an attempt that gives no time of its own, in real milliseconds; 30 s by default. */
  timeoutMs?: number | undefined;
  /** How often a request that may be repeated is sent again. */
  retries?: number | undefined;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type RequestOptions = {
  query?: Record<string, string | number> | undefined;
  json?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** In place of `signal`: ends waiting for its turn, but no attempt under way, whose effect would have to be found again. */
  betweenAttempts?: AbortSignal | undefined;
  /** Sending it twice does no harm: retried like a GET. Default: all but POST. */
  repeatable?: boolean;
  /** The answer is a text, whatever it looks like; by default it is JSON. */
  text?: boolean;
  /** For one attempt, in real milliseconds. */
  timeoutMs?: number | undefined;
};

/** Sends one request, retried where that is safe, and returns the decoded body ('' when empty). */
export type Http = <T>(method: Method, path: string, options?: RequestOptions) => Promise<T>;

const defaultRetries = 4;
const requestTimeoutMs = 30_000;
/** With a JSON body these come from the service, not from a proxy in front of it. */
const refusals = new Set([400, 401, 403, 404, 409, 412, 422, 429]);
const retriedStatuses = new Set([408, 425, 429]);

/**
 * The one way out of this process over HTTP.
 * No got error passes through: it carries the request's headers, and with them the token.
 */
export function createHttp(service: string, options: HttpOptions): Http {
  const {url, secondMs = 1000, secrets = [], retries = defaultRetries} = options;
  const {rateLimit = createRateLimit({service, secondMs}), timeoutMs = requestTimeoutMs} = options;
  const client = got.extend({
    // One with a query, or that is none, is a problem that is told with all others; got would throw at once.
    prefixUrl: URL.canParse(url) ? url.replace(/[?#].*$/v, '') : '',
    allowAbsoluteUrls: false,
    followRedirect: false,
    headers: {'user-agent': 'do-worker', accept: 'application/json', ...options.headers},
    timeout: {connect: 10_000, request: timeoutMs},
    https: {
      ...(options.caPem !== undefined && {
        certificateAuthority: [...getCACertificates(), options.caPem],
      }),
      rejectUnauthorized: options.insecure !== true,
    },
    responseType: 'text',
    throwHttpErrors: false,
    retry: {limit: 0},
  });

  return async <T>(method: Method, path: string, request: RequestOptions = {}) => {
    const {betweenAttempts, repeatable = method !== 'POST'} = request;
    const stop = request.signal ?? betweenAttempts;
    stop?.throwIfAborted();
    using gate = betweenAttempts && gateOf(betweenAttempts);
    const signal = gate?.signal ?? request.signal;
    const attempt = async () => {
      gate?.send();
      const sent = signed(method, path, request, options);
      const response = await send(client, method, path, sent).finally(() => gate?.sent());
      rateLimit.observe(response.statusCode, response.headers);
      return decode<T>(response, request.text === true);
    };

    try {
      const turn = async () => {
        gate?.check();
        return rateLimit.run(method, attempt, signal);
      };

      return await pRetry(turn, {
        retries,
        minTimeout: 0.5 * secondMs,
        maxTimeout: 30 * secondMs,
        randomize: true,
        shouldRetry: ({error, attemptNumber}) =>
          isWorthRetrying(error, repeatable) && !(isNobodyThere(error) && attemptNumber > 2),
        ...(signal && {signal}),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (stop?.aborted === true && error === stop.reason) {
        throw error;
      }

      throw translate(error, {service, url, method, path, secrets});
    }
  };
}

async function send(
  client: Got,
  method: Method,
  path: string,
  {query, json, form, headers, signal, timeoutMs}: RequestOptions,
): Promise<Response<string>> {
  return client(path.replace(/^\//v, ''), {
    method,
    ...(query && {searchParams: query}),
    ...(json !== undefined && {json}),
    ...(form && {form}),
    ...(headers && {headers}),
    ...(signal && {signal}),
    ...(timeoutMs !== undefined && {timeout: {connect: timeoutMs, request: timeoutMs}}),
  });
}

function signed(
  method: Method,
  path: string,
  request: RequestOptions,
  {url, sign}: HttpOptions,
): RequestOptions {
  if (sign === undefined) {
    return request;
  }

  const target = new URL(`${url.replace(/\/$/v, '')}/${path.replace(/^\//v, '')}`);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    target.searchParams.set(name, String(value));
  }

  return {...request, headers: {...request.headers, authorization: sign(method, target)}};
}

/** An answer that is not what was asked for: an error, a redirect, or no JSON. */
class BadAnswer extends Error {
  constructor(readonly response: Response<string>) {
    super('bad answer');
  }
}

function decode<T>(response: Response<string>, isText: boolean): T {
  const {body, statusCode} = response;
  if (statusCode >= 300) {
    throw new BadAnswer(response);
  }

  try {
    return (body === '' || isText ? body : JSON.parse(body)) as T;
  } catch {
    throw new BadAnswer(response);
  }
}

/** Nothing listens, or no such host: that seldom passes within seconds, and nobody wants to wait for it. */
function isNobodyThere(error: Error): boolean {
  return error instanceof RequestError && ['ECONNREFUSED', 'ENOTFOUND'].includes(error.code);
}

/** A POST that was refused for its rate was not carried out, so it alone may be sent again. */
function isWorthRetrying(error: Error, repeatable: boolean): boolean {
  if (error instanceof BadAnswer) {
    const {statusCode} = error.response;
    // 501 says that it is not made for this; every other of the service or of what is in front of it may pass.
    const mayPass = retriedStatuses.has(statusCode) || (statusCode >= 500 && statusCode !== 501);
    return statusCode === 429 || (repeatable && mayPass);
  }

  return error instanceof RequestError && repeatable && !isCertificateError(error.code);
}

type Attempt = {service: string; url: string; method: string; path: string; secrets: string[]};

function translate(error: unknown, {service, url, method, secrets, ...attempt}: Attempt): Error {
  const path = redact(attempt.path, secrets);
  if (error instanceof BadAnswer) {
    const {statusCode, headers, body} = error.response;
    const {detail, code, requestId, isJson}: Explanation =
      statusCode < 400
        ? {detail: notJson(headers.location), isJson: false}
        : explain(body, secrets);
    const headerId = headers['x-request-id'];
    return new ApiError(service, statusCode, detail, {
      method,
      path,
      requestId: requestId ?? (typeof headerId === 'string' ? headerId : undefined),
      serviceCode: code,
      isRefusal: isJson && refusals.has(statusCode),
      suggestions:
        statusCode < 400
          ? [`Check the URL: is ${url} really ${service}, or a proxy or login page in front of it?`]
          : [],
    });
  }

  if (error instanceof RequestError) {
    return new NoAnswer(service, error.code, url, suggestionsFor(error.code));
  }

  // A bug of ours, or a wait that was given up; the message of another error may hold what was sent.
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  return error instanceof ActionableError
    ? error
    : new Error(`${method} ${path} to ${service} failed unexpectedly (${kind})`);
}
