import type {Http} from '../http.js';
import {
  connectService,
  expectIn,
  pathOf,
  secretsIn,
  type TaskclusterOptions,
  unlessUnknown,
} from './service.js';
import type {Secret} from './types.js';

/** Taskcluster's secrets service. */
export class Secrets {
  readonly #http: Http;
  readonly #rootUrl: string;

  constructor(options: TaskclusterOptions) {
    this.#http = connectService('secrets', {...options, secrets: secretsIn(options)});
    this.#rootUrl = options.rootUrl;
  }

  /** Undefined when there is none of this name, or when it has expired; whether it is an object, the caller sees. */
  async get(name: string, signal?: AbortSignal): Promise<Secret | undefined> {
    const found = await unlessUnknown(this.#http<Secret>('GET', pathOf('secret', name), {signal}));
    return found && expectIn(found, ({secret}) => secret !== undefined, this.#rootUrl);
  }
}
