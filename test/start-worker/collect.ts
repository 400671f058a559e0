import type {Log} from '../../src/start-worker/log.js';
import type {JsonObject} from '../../src/start-worker/worker-config.js';

export type Collected = Log & {lines: string[]; messages: JsonObject[]};

/** A log that keeps what it is given. */
export function collectLog(): Collected {
  const lines: string[] = [];
  const messages: JsonObject[] = [];
  return {
    lines,
    messages,
    line(text) {
      lines.push(text);
    },
    structured(message) {
      messages.push(message);
    },
  };
}
