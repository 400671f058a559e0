import type {Writable} from 'node:stream';
import type {FieldText} from './field-texts.js';
import type {Json, JsonObject} from './worker-config.js';

/** The one destination of the runner's messages and of the worker's. */
export type Log = {
  line(text: string): void;
  /** A structured message of the worker's. */
  structured(message: JsonObject): void;
};

/** Where the log can go, by the name in `logging.implementation`. */
export const loggings: ReadonlyMap<string, {summary: string; fields: FieldText[]}> = new Map([
  ['stdio', {summary: 'Lines of text on stderr, each with date and time.', fields: []}],
]);

/** Writes lines that start with date and time; a stream that fails is no reason to end a worker. */
export function createLog(stream: Writable, now = () => new Date()): Log {
  stream.on('error', () => undefined);
  const line = (text: string) => {
    const time = formatTime(now());
    for (const each of text.split('\n')) {
      stream.write(`${time} ${each}\n`);
    }
  };

  return {
    line,
    structured(message) {
      line(formatStructured(message));
    },
  };
}

/** The log that the configuration asks for; at present there is but one. */
export function chooseLog(implementation: string | undefined, stdio: Log): Log {
  if (implementation !== undefined && implementation !== '' && !loggings.has(implementation)) {
    stdio.line(`Unrecognized logging implementation ${implementation} (falling back to stdio)`);
  }

  return stdio;
}

/** A structured message as a line of text. */
export function formatStructured({textPayload, ...rest}: JsonObject): string {
  const isText = typeof textPayload === 'string';
  const fields: JsonObject = isText || textPayload === undefined ? rest : {...rest, textPayload};
  const parts = [
    ...(isText ? [textPayload] : []),
    ...Object.keys(fields)
      .toSorted()
      .map((key) => `${key}: ${formatValue(fields[key]!)}`),
  ];
  return parts.length === 0 ? '{}' : parts.join('; ');
}

function formatValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Local time, as `2026/08/01 09:05:00`. */
function formatTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('/');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}
