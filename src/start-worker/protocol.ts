import {setTimeout as delay} from 'node:timers/promises';
import type {Readable, Writable} from 'node:stream';
import type {Log} from './log.js';
import {formatMessage, parseMessage, readLines, type Message} from './protocol-lines.js';
import type {JsonObject} from './worker-config.js';

const capabilities = [
  'error-report',
  'graceful-termination',
  'log',
  'new-credentials',
  'shutdown',
] as const;

export type Capability = (typeof capabilities)[number];

type Handler = (message: JsonObject) => void | Promise<void>;

/** The messages between runner and worker (facts 10). */
export type Protocol = {
  /** Before the start only. */
  on(type: Capability, handle: Handler): void;
  /** Whether the worker knows this too; waits for its `hello`. */
  isCapable(capability: Capability): Promise<boolean>;
  /** Waits for nothing: a message that the worker does not take is lost, with a line in the log. */
  send(type: Capability, fields: JsonObject): void;
};

export type Transport = {readonly input: Writable; readonly output: Readable};

/** Far above what a worker logs or sends; a line is held in memory until it ends. */
const lineLimitBytes = 1024 * 1024;
/** What a worker that does not read may leave unread. */
const unreadLimitBytes = 1024 * 1024;
/** So many callbacks may run at once; the worker's further lines wait. */
const handlingLimit = 16;
/** A callback that is still running so long after the worker has ended is left alone. */
const lastHandlingSeconds = 60;

export type ProtocolOptions = {log: Log; secondMs: number};

/** The line protocol on a worker's stdin and stdout; without a transport nothing comes and nothing is sent. */
export class WorkerProtocol implements Protocol {
  readonly #transport: Transport | undefined;
  readonly #log: Log;
  readonly #secondMs: number;
  readonly #handlers = new Map<string, Handler>();
  readonly #handling = new Set<Promise<void>>();
  readonly #hello = Promise.withResolvers<ReadonlySet<string>>();
  #isStarted = false;

  constructor(transport: Transport | undefined, {log, secondMs}: ProtocolOptions) {
    this.#transport = transport;
    this.#log = log;
    this.#secondMs = secondMs;
    this.#handlers.set('hello', (message) => {
      this.#learn(message);
    });
    if (transport === undefined) {
      this.#hello.resolve(new Set());
    } else {
      // Each lost message is told by the callback of its write; without a listener the error would end the process.
      transport.input.on('error', () => undefined);
    }
  }

  on(type: Capability, handle: Handler): void {
    if (this.#isStarted) {
      throw new Error(`a callback for ${type} was registered after the protocol had started`);
    }

    this.#handlers.set(type, handle);
  }

  async isCapable(capability: Capability): Promise<boolean> {
    return (await this.#hello.promise).has(capability);
  }

  send(type: Capability, fields: JsonObject): void {
    this.#write(type, fields);
  }

  /** Speaks with the worker until its stdout ends. */
  async run(): Promise<void> {
    this.#isStarted = true;
    if (this.#transport === undefined) {
      return;
    }

    this.#write('welcome', {capabilities: [...capabilities]});
    for await (const line of readLines(this.#transport.output, lineLimitBytes)) {
      const message = parseMessage(line);
      if (message === undefined) {
        this.#log.line(line.trimEnd());
      } else {
        this.#receive(message);
      }

      if (this.#handling.size >= handlingLimit) {
        await Promise.race(this.#handling);
      }
    }

    // Whoever still waits for a hello waits in vain.
    this.#hello.resolve(new Set());
    const stop = new AbortController();
    const limit = delay(lastHandlingSeconds * this.#secondMs, undefined, stop).catch(
      () => undefined,
    );
    await Promise.race([Promise.all(this.#handling), limit]);
    stop.abort();
  }

  #receive(message: Message): void {
    const {type} = message;
    const handle = this.#handlers.get(type);
    if (handle === undefined) {
      this.#log.line(`No callback registered for message ${type}`);
      return;
    }

    const handling = this.#handle(handle, message).finally(() => {
      this.#handling.delete(handling);
    });
    this.#handling.add(handling);
  }

  async #handle(handle: Handler, message: Message): Promise<void> {
    try {
      await handle(message);
    } catch (error) {
      this.#log.line(`Error handling ${message.type} message: ${(error as Error).message}`);
    }
  }

  #learn({capabilities: theirs}: JsonObject): void {
    const isList = Array.isArray(theirs) && theirs.every((each) => typeof each === 'string');
    if (!isList) {
      this.#log.line('malformed hello message from worker: it counts as having no capabilities');
    }

    const known = new Set<string>(isList ? theirs : []);
    this.#hello.resolve(new Set(capabilities.filter((each) => known.has(each))));
  }

  #write(type: string, fields: JsonObject): void {
    const input = this.#transport?.input;
    if (input === undefined) {
      return;
    }

    if (input.writableLength > unreadLimitBytes) {
      this.#log.line('could not write protocol message: the worker does not read');
      return;
    }

    input.write(formatMessage(type, fields), (error) => {
      if (error) {
        this.#log.line(`could not write protocol message: ${error.message}`);
      }
    });
  }
}
