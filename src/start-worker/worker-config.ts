import {ActionableError} from '../errors.js';
import {isObject} from './pick.js';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = {[key: string]: Json};

/** What two levels of configuration make together: objects are merged, arrays joined, of all else the higher wins. */
export function merge(low: JsonObject | undefined, high: JsonObject | undefined): JsonObject {
  return mergeValues(low ?? {}, high ?? {}) as JsonObject;
}

/**
 * The configuration with a value at a dotted path, whose objects are made where they are missing; undefined takes away
 * what is there.
 */
export function setKey(config: JsonObject, key: string, value: Json | undefined): JsonObject {
  if (key === '') {
    throw new ActionableError('WORKER_CONFIG', 'must specify a nonempty key');
  }

  return setAt(config, key.split('.'), 0, value);
}

/** What JSON calls the type of a value. */
export function typeName(value: Json): string {
  if (value === null) {
    return 'null';
  }

  return Array.isArray(value) ? 'array' : typeof value;
}

function mergeValues(low: Json, high: Json): Json {
  if (Array.isArray(low) && Array.isArray(high)) {
    return [...low, ...high];
  }

  if (!isObject(low) || !isObject(high)) {
    return high;
  }

  // By entries: an assignment to the key __proto__ would change the object's prototype.
  const entries = Object.entries(high).map(([key, value]): [string, Json] => [
    key,
    Object.hasOwn(low, key) ? mergeValues(low[key]!, value) : value,
  ]);
  return Object.fromEntries([...Object.entries(low), ...entries]);
}

function setAt(config: Json, path: string[], depth: number, value: Json | undefined): JsonObject {
  if (!isObject(config)) {
    const where = path.slice(0, depth).join('.');
    throw new ActionableError('WORKER_CONFIG', `${where} is not an object in existing config`, [
      `Take ${where} out of the worker configuration, or make an object of it`,
    ]);
  }

  const key = path[depth]!;
  const {[key]: found, ...others} = config;
  const isLast = depth === path.length - 1;
  if (isLast && value === undefined) {
    return others;
  }

  const below = Object.hasOwn(config, key) ? found! : {};
  return {...config, [key]: isLast ? value! : setAt(below, path, depth + 1, value)};
}
