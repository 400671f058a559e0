import {setTimeout as delay} from 'node:timers/promises';
import {ActionableError, ApiError, NoAnswer} from '../errors.js';
import {createHttp, type Method, type RequestOptions} from '../http.js';
import {isObject} from './pick.js';
import type {Json, JsonObject} from './worker-config.js';

export type MetadataOptions = {
  /** As it is called in errors. */
  cloud: string;
  url: string;
  headers?: Record<string, string>;
  /** Makes the headers of a session out of what the service itself hands out. */
  session?: (send: Send) => Session;
  /** Real milliseconds that a second of back-off lasts. */
  secondMs: number;
};

/** One attempt, without the headers of a session. */
export type Send = (
  method: Method,
  path: string,
  options: RequestOptions & {signal: AbortSignal},
) => Promise<string>;

export type Session = {
  headers(signal: AbortSignal): Promise<Record<string, string>>;
  /** The service no longer knows it. */
  forget(): void;
};

export type Ask = {
  signal: AbortSignal;
  query?: Record<string, string>;
  /** Not repeated when it fails, because it is asked again anyway. */
  isPoll?: boolean;
  timeoutMs?: number;
};

/** What a cloud tells a machine about itself. */
export type Metadata = {
  text(path: string, ask: Ask): Promise<string>;
  /** Undefined when there is no such thing. */
  find(path: string, ask: Ask): Promise<string | undefined>;
  /** The text too, because some documents are signed. */
  json(path: string, ask: Ask): Promise<{text: string; fields: JsonObject}>;
};

/** With a pause of half a second that grows by half each time: about a minute, then it is over. */
const retries = 10;
const attemptMs = 10_000;

/** A metadata service did not say what it was asked; its own words may be secret, so they are not shown. */
export class MetadataError extends ActionableError {
  readonly status: number | undefined;
  readonly isTimeout: boolean;

  constructor(cloud: string, path: string, cause: ApiError | NoAnswer) {
    const isAnswer = cause instanceof ApiError;
    super(
      'METADATA',
      `Error querying ${cloud} metadata ${path}: ${isAnswer ? `it answered ${cause.status}` : cause.message}`,
      ['Check that `providerType` is the cloud that this machine runs on'],
    );
    this.status = isAnswer ? cause.status : undefined;
    this.isTimeout = !isAnswer && cause.reason === 'ETIMEDOUT';
  }

  /** A service that is starting or overloaded; whatever it refused, it will refuse again. */
  get isPassing(): boolean {
    return this.status === undefined || this.status >= 500;
  }
}

/** A client of a metadata service: it waits about a minute for one that is late, but accepts a refusal at once. */
export function createMetadata(options: MetadataOptions): Metadata {
  const {cloud, url, secondMs} = options;
  const http = createHttp(`${cloud} metadata`, {
    url,
    secondMs,
    retries: 0,
    headers: {accept: '*/*', ...options.headers},
  });

  const send: Send = async (method, path, request) => {
    try {
      return await http<string>(method, path, {timeoutMs: attemptMs, ...request, text: true});
    } catch (error) {
      throw error instanceof ApiError || error instanceof NoAnswer
        ? new MetadataError(cloud, path, error)
        : error;
    }
  };

  const session = options.session?.(send);

  async function attempt(path: string, {signal, query, timeoutMs}: Ask): Promise<string> {
    const headers = await session?.headers(signal);
    return send('GET', path, {
      signal,
      query,
      ...(headers && {headers}),
      ...(timeoutMs !== undefined && {timeoutMs}),
    });
  }

  async function text(path: string, ask: Ask): Promise<string> {
    let left = ask.isPoll === true ? 0 : retries;
    let waitSeconds = 0.5;
    for (;;) {
      try {
        return await attempt(path, ask);
      } catch (error) {
        if (error instanceof MetadataError && error.status === 401) {
          session?.forget();
        }

        if (left === 0 || !(error instanceof MetadataError && error.isPassing)) {
          throw error;
        }
      }

      await wait(waitSeconds * (0.5 + Math.random()) * secondMs, ask.signal);
      left--;
      waitSeconds *= 1.5;
    }
  }

  return {
    text,

    async find(path, ask) {
      try {
        return await text(path, ask);
      } catch (error) {
        if (error instanceof MetadataError && error.status === 404) {
          return undefined;
        }

        throw error;
      }
    },

    async json(path, ask) {
      const answer = await text(path, ask);
      const failure = `Error querying ${cloud} metadata ${path}`;
      return {text: answer, fields: parseMetadata(answer, failure)};
    },
  };
}

/** The fields of a JSON document; throws `failure` for anything else, without its text. */
export function parseMetadata(text: string, failure: string): JsonObject {
  let value: Json | undefined;
  try {
    value = JSON.parse(text) as Json;
  } catch {}

  if (!isObject(value)) {
    throw new ActionableError('METADATA', `${failure}: it is not a JSON object`);
  }

  return value;
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, {signal});
  } catch {
    signal.throwIfAborted();
  }
}
