import type {Log} from './log.js';
import {isObject} from './pick.js';
import type {JsonObject} from './worker-config.js';

export type ErrorReport = {description: string; kind: string; title: string; extra: JsonObject};

/** What the worker manager accepts, in characters. */
const limits = {description: 10_240, kind: 128, title: 128};

/** Passes a worker's `error-report` on to the worker manager; one that cannot be passed on is only logged. */
export async function reportError(
  message: JsonObject,
  send: (report: ErrorReport) => Promise<unknown>,
  log: Log,
): Promise<void> {
  const problem = problemIn(message);
  if (problem !== undefined) {
    log.line(`Error processing error-report message, missing ${problem}`);
    return;
  }

  const {description, kind, title, extra} = message as ErrorReport;
  try {
    await send({
      description: cut(description, limits.description),
      kind: cut(kindOf(kind), limits.kind),
      title: cut(title, limits.title),
      extra,
    });
  } catch (error) {
    log.line(`Error reporting worker error: ${(error as Error).message}`);
  }
}

function problemIn(message: JsonObject): string | undefined {
  for (const name of ['description', 'kind', 'title']) {
    if (typeof message[name] !== 'string') {
      return `${name} or not string`;
    }
  }

  return isObject(message.extra) ? undefined : 'extra or not object';
}

function kindOf(kind: string): string {
  return kind.toLowerCase().replaceAll(/[^\-0-9a-z]/gv, '-') || 'unknown';
}

/** Not within a character of two units: a half of it is no text. */
function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
