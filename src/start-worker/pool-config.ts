import {ActionableError} from '../errors.js';
import type {Log} from './log.js';
import {isObject} from './pick.js';
import type {WorkerFile} from './state.js';
import {typeName, type Json, type JsonObject} from './worker-config.js';

export type PoolConfig = {config: JsonObject; files: WorkerFile[]};

/** The name under which a pool keeps what is meant for one implementation: `generic-worker` is `genericWorker`. */
export function implementationKey(implementation: string): string {
  return implementation.replaceAll(/-(?<next>.)/gv, (_match, next: string) => next.toUpperCase());
}

/**
 * Reads the worker configuration that a registration brings: `{genericWorker: {config, files}}`, or of old the
 * configuration itself.
 */
export function readPoolConfig(
  value: Json | undefined,
  implementation: string,
  log: Log,
): PoolConfig {
  const pool = objectAt(value, 'workerConfig');
  const key = implementationKey(implementation);
  if (!Object.hasOwn(pool, key)) {
    return {config: pool, files: []};
  }

  if (Object.keys(pool).length > 1) {
    log.line(
      `WARNING: the pool's workerConfig has more properties than ${key}: all of it is taken for the worker's configuration`,
    );
    return {config: pool, files: []};
  }

  const {config, files} = objectAt(pool[key], key);
  return {config: objectAt(config, `${key}.config`), files: filesAt(files, `${key}.files`)};
}

function objectAt(value: Json | undefined, where: string): JsonObject {
  const found = value ?? {};
  if (!isObject(found)) {
    throw wrong(where, 'an object', found);
  }

  return found;
}

function filesAt(value: Json | undefined, where: string): WorkerFile[] {
  const found = value ?? [];
  if (!Array.isArray(found)) {
    throw wrong(where, 'an array', found);
  }

  return found.map((each, index) => {
    const at = `${where}[${index}]`;
    const file = objectAt(each, at);
    const text = (name: keyof WorkerFile) => {
      const field = file[name] ?? '';
      if (typeof field !== 'string') {
        throw wrong(`${at}.${name}`, 'a string', field);
      }

      return field;
    };

    return {
      description: text('description'),
      path: text('path'),
      content: text('content'),
      encoding: text('encoding'),
      format: text('format'),
    };
  });
}

function wrong(where: string, expected: string, value: Json): ActionableError {
  return new ActionableError(
    'POOL_CONFIG',
    `while parsing workerConfig from worker-manager: ${where} should be ${expected}, got ${typeName(value)}`,
    ["Mend the worker pool's definition"],
  );
}
