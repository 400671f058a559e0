import got, {HTTPError, RequestError, type Got, type Response} from 'got';
import {ApiError, NoAnswer} from './errors.js';

export type HttpOptions = {
  url: string;
  headers?: Record<string, string>;
  /** PEM certificates trusted besides the system's. */
  caPem?: string | undefined;
  insecure?: boolean | undefined;
  /** Never shown, even when the service repeats them in an error. */
  secrets?: string[];
  /** Real milliseconds that a second of back-off lasts; 1,000 but for an emulator with scaled time. */
  secondMs?: number;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type RequestOptions = {
  query?: Record<string, string | number> | undefined;
  json?: unknown;
  form?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Sending it twice does no harm: retried like a GET. Default: all but POST. */
  repeatable?: boolean;
};

/** Sends one request, retried where that is safe, and returns the decoded JSON body ('' when empty). */
export type Http = <T>(method: Method, path: string, options?: RequestOptions) => Promise<T>;

const retryLimit = 4;
const requestTimeoutMs = 30_000;
const retriedStatuses = new Set([408, 425, 429, 500, 502, 503, 504, 520, 522, 524]);

/**
 * The one way out of this process over HTTP.
 * No got error passes through: it carries the request's headers, and with them the token.
 */
export function createHttp(service: string, options: HttpOptions): Http {
  const {secondMs = 1000, secrets = []} = options;
  const client = got.extend({
    prefixUrl: options.url,
    allowAbsoluteUrls: false,
    followRedirect: false,
    headers: {'user-agent': 'do-worker', accept: 'application/json', ...options.headers},
    timeout: {connect: 10_000, request: requestTimeoutMs},
    https: {
      ...(options.caPem !== undefined && {certificateAuthority: [options.caPem]}),
      rejectUnauthorized: options.insecure !== true,
    },
    responseType: 'text',
    retry: {
      limit: retryLimit,
      enforceRetryRules: false,
      calculateDelay: ({attemptCount, error}) => retryDelaySeconds(attemptCount, error) * secondMs,
    },
  });

  return async <T>(method: Method, path: string, request: RequestOptions = {}) => {
    request.signal?.throwIfAborted();
    try {
      return decode<T>(await send(client, method, path, request));
    } catch (error) {
      request.signal?.throwIfAborted();
      throw translate(error, {service, url: options.url, method, path, secrets});
    }
  };
}

async function send(
  client: Got,
  method: Method,
  path: string,
  request: RequestOptions,
): Promise<Response<string>> {
  const {query, json, form, headers, signal, repeatable = method !== 'POST'} = request;
  return client(path.replace(/^\//v, ''), {
    method,
    context: {repeatable},
    ...(query && {searchParams: query}),
    ...(json !== undefined && {json}),
    ...(form && {form}),
    ...(headers && {headers}),
    ...(signal && {signal}),
  });
}

/** Zero means no retry. A refused POST (429) was not carried out, so it alone may be sent again. */
function retryDelaySeconds(attempt: number, error: RequestError): number {
  const status = error.response?.statusCode;
  const isSafe = error.options.context.repeatable === true || status === 429;
  const isPassing =
    status === undefined ? error.code !== 'ERR_ABORTED' : retriedStatuses.has(status);
  if (!isSafe || !isPassing || attempt > retryLimit || isCertificateError(error.code)) {
    return 0;
  }

  const announced = Number(error.response?.headers['retry-after']);
  const backoff = Math.min(2 ** (attempt - 1), 30) * (0.5 + Math.random() / 2);
  return announced > 0 ? announced + Math.random() : backoff;
}

class NotJson extends Error {
  constructor(
    readonly status: number,
    readonly location: string | undefined,
  ) {
    super('not JSON');
  }
}

function decode<T>(response: Response<string>): T {
  const text = response.body;
  if (response.statusCode >= 300) {
    throw new NotJson(response.statusCode, response.headers.location);
  }

  try {
    return (text === '' ? '' : JSON.parse(text)) as T;
  } catch {
    throw new NotJson(response.statusCode, undefined);
  }
}

type Attempt = {service: string; url: string; method: string; path: string; secrets: string[]};

function translate(error: unknown, {service, url, method, path, secrets}: Attempt): Error {
  if (error instanceof NotJson) {
    const what =
      error.location === undefined
        ? 'a body that is not JSON'
        : `a redirect to ${error.location.replace(/[?#].*$/sv, '')}`;
    const suggestion = `Check the URL: is ${url} really ${service}, and not a proxy or a login page in front of it?`;
    return new ApiError(service, error.status, what, {method, path, suggestions: [suggestion]});
  }

  if (error instanceof HTTPError) {
    const {statusCode, headers} = error.response;
    const {detail, requestId} = explain(String(error.response.body ?? ''), secrets);
    const headerId = headers['x-request-id'];
    return new ApiError(service, statusCode, detail, {
      method,
      path,
      requestId: requestId ?? (typeof headerId === 'string' ? headerId : undefined),
    });
  }

  if (error instanceof RequestError) {
    return new NoAnswer(service, error.code, url, suggestionsFor(error.code));
  }

  // A bug of ours: its message may hold what was sent, so only its kind is told.
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  return new Error(`${method} ${path} to ${service} failed unexpectedly (${kind})`);
}

/** DigitalOcean's {id, message}, its odd {error}, Concourse's and dex's texts, or a proxy's HTML. */
function explain(
  body: string,
  secrets: string[],
): {detail: string; requestId?: string | undefined} {
  let detail = body;
  let requestId: string | undefined;
  try {
    const fields = (JSON.parse(body) ?? {}) as Record<string, unknown>;
    const texts = [fields.message, fields.error_description, fields.error, fields.stderr];
    detail = texts.find((text) => typeof text === 'string') ?? '';
    requestId = typeof fields.request_id === 'string' ? fields.request_id : undefined;
  } catch {
    if (body.trimStart().startsWith('<')) {
      detail = 'an HTML page, as a proxy sends';
    }
  }

  for (const secret of secrets) {
    detail = secret === '' ? detail : detail.replaceAll(secret, '‹redacted›');
  }

  return {detail: detail.trim().slice(0, 300), requestId};
}

function isCertificateError(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/v.test(code);
}

function suggestionsFor(code: string): string[] {
  return isCertificateError(code)
    ? ['Give the certificate authority that signed its certificate: --ca-cert FILE']
    : ['Check the URL and that this machine can reach it'];
}
