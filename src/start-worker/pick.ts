import {ActionableError} from '../errors.js';
import type {Json, JsonObject} from './worker-config.js';

type Path = ReadonlyArray<string | number>;

/** What lies at a path through objects and arrays; undefined where the path ends early. */
export function pick(value: Json | undefined, ...path: Path): Json | undefined {
  let found = value;
  for (const key of path) {
    found =
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as JsonObject)[key]
        : undefined;
  }

  return found;
}

/** A text that is there and not empty. */
export function pickText(value: Json | undefined, ...path: Path): string | undefined {
  const found = pick(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A text that has to be there; of what lies there instead, nothing is shown. */
export function needText(what: string, value: Json | undefined, ...path: Path): string {
  const found = pickText(value, ...path);
  if (found === undefined) {
    throw new ActionableError('METADATA', `${what} has no text ${path.join('.')}`);
  }

  return found;
}

/** Whether it is a JSON object: neither an array nor null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
