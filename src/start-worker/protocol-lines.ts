import type {Readable} from 'node:stream';
import type {JsonObject} from './worker-config.js';

const newline = 0x0a;

/**
 * Reads on only when a line has been taken; of a line above the limit the rest is dropped.
 * @yields the lines of a byte stream, whatever its chunks, and a last text without newline
 */
export async function* readLines(
  stream: Readable,
  limitBytes: number,
): AsyncGenerator<string, void, undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  let isCut = false;

  const add = (part: Buffer) => {
    const kept = part.subarray(0, limitBytes - size);
    isCut ||= kept.length < part.length;
    if (kept.length === 0) {
      return;
    }

    parts.push(kept);
    size += kept.length;
  };

  const take = () => {
    const text = Buffer.concat(parts, size).toString('utf8');
    const line = isCut ? `${text} [cut after ${limitBytes} bytes]` : text;
    parts = [];
    size = 0;
    isCut = false;
    return line;
  };

  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
        add(chunk.subarray(start, end));
        yield take();
        start = end + 1;
      }

      add(chunk.subarray(start));
      if (parts.length > 1000) {
        parts = [Buffer.concat(parts, size)];
      }
    }
  } catch {
    // A stream that breaks has ended, too: what came before still counts.
  }

  if (size > 0) {
    yield take();
  }
}

export type Message = JsonObject & {type: string};

/** The message that a line holds; undefined for a line that is only to be logged. */
export function parseMessage(line: string): Message | undefined {
  const text = line.trim();
  if (text.length < 3 || !text.startsWith('~{') || !text.endsWith('}')) {
    return undefined;
  }

  try {
    const message = JSON.parse(text.slice(1)) as JsonObject;
    return typeof message.type === 'string' ? (message as Message) : undefined;
  } catch {
    return undefined;
  }
}

/** One line of the protocol; JSON has no line breaks of its own. */
export function formatMessage(type: string, fields: JsonObject): string {
  return `~${JSON.stringify({...fields, type})}\n`;
}
