import {ActionableError} from '../errors.js';
import {typeName, type Json, type JsonObject} from './worker-config.js';

/** A section of the runner configuration, read field by field with the messages of facts 2. */
export class Section {
  constructor(
    readonly name: 'provider' | 'worker' | 'logging',
    readonly fields: JsonObject,
  ) {}

  /** Throws when it is absent or of another type. */
  string(field: string): string {
    const value = this.optionalString(field);
    if (value === undefined) {
      throw new ActionableError(
        'RUNNER_CONFIG',
        `configuration value \`${this.name}.${field}\` not found`,
        [`Add ${field} to the ${this.name} section of the runner config file`],
      );
    }

    return value;
  }

  /** Undefined when it is absent; throws for every other type, null included, and lets an empty text pass. */
  optionalString(field: string): string | undefined {
    const value = this.#value(field);
    if (value === undefined || typeof value === 'string') {
      return value;
    }

    throw this.#wrongType(field, 'string', value);
  }

  /** Undefined when it is absent; throws for every other type, arrays and null included. */
  optionalObject(field: string): JsonObject | undefined {
    const value = this.#value(field);
    if (value === undefined || typeName(value) === 'object') {
      return value as JsonObject | undefined;
    }

    throw this.#wrongType(field, 'object', value);
  }

  #value(field: string): Json | undefined {
    return Object.hasOwn(this.fields, field) ? this.fields[field] : undefined;
  }

  /** Names types only: the value may be a secret. */
  #wrongType(field: string, expected: string, value: Json): ActionableError {
    const got = this.name === 'worker' ? `, got ${typeName(value)}` : '';
    return new ActionableError(
      'RUNNER_CONFIG',
      `configuration value \`${this.name}.${field}\` should have type ${expected}${got}`,
      ['Types are strict: put a number or a boolean that is meant as text in quotes'],
    );
  }
}
