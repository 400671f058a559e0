import {closestMatch} from 'leven';
import {parseDuration} from './duration.js';
import {UsageError} from './errors.js';

/**
 * Reads fields of an untrusted object; every problem is kept, and a wrong field reads as a harmless value.
 * YAML writes ports and ids as numbers, so a number or a boolean is a text too, and such a text is a number or boolean.
 */
export class Fields {
  readonly #known = new Set<string>();

  constructor(
    /** Said before every problem, unless it is empty. */
    readonly where: string,
    readonly value: Record<string, unknown>,
    readonly problems: string[],
  ) {}

  /** Empty, and a problem, when it is absent, empty or no text. */
  string(key: string): string {
    return this.optionalString(key) ?? this.#wrong<string>(key, 'is missing', '');
  }

  /** Undefined when it is absent or empty. */
  optionalString(key: string): string | undefined {
    const value = this.#read(key);
    return value === undefined || isScalar(value)
      ? asText(value)
      : this.#wrong<string | undefined>(key, 'is not a text', undefined);
  }

  /** From a list, or from one text with commas between. */
  optionalStrings(key: string): string[] | undefined {
    const value = this.#read(key);
    if (Array.isArray(value) && value.every((each) => isScalar(each))) {
      return value.map((each) => String(each).trim()).filter((each) => each !== '');
    }

    return value === undefined || isScalar(value)
      ? asText(value)
          ?.split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '')
      : this.#wrong<string[] | undefined>(key, 'is not a list of texts', undefined);
  }

  /** A whole number of either sign, given as such or as a text. */
  optionalInteger(key: string): number | undefined {
    const text = this.optionalString(key);
    if (text === undefined) {
      return undefined;
    }

    return /^-?\d+$/v.test(text.trim()) && Number.isSafeInteger(Number(text))
      ? Number(text)
      : this.#wrong<number | undefined>(key, 'is not a whole number', undefined);
  }

  /** A duration in seconds, given as such or with a unit: 90m, 4h, 1d. */
  optionalSeconds(key: string): number | undefined {
    const text = this.optionalString(key);
    const seconds = text === undefined ? undefined : parseDuration(text);
    return text === undefined || seconds !== undefined
      ? seconds
      : this.#wrong<number | undefined>(
          key,
          'is not a duration: write seconds, or 90m, 4h, 1d',
          undefined,
        );
  }

  /** True or false, given as such or as a text; undefined when it is absent or empty. */
  optionalBoolean(key: string): boolean | undefined {
    const text = this.optionalOneOf(key, ['true', 'false']);
    return text === undefined ? undefined : text === 'true';
  }

  /** One of these texts, upper and lower case told apart; a problem names them all. */
  optionalOneOf<T extends string>(key: string, values: readonly T[]): T | undefined {
    const text = this.optionalString(key);
    return text === undefined || values.includes(text as T)
      ? (text as T | undefined)
      : this.#wrong<T | undefined>(key, `is not one of ${values.join(', ')}`, undefined);
  }

  /** A mapping from names to texts. */
  optionalTexts(key: string): Record<string, string> | undefined {
    return this.optionalObject(key, (fields) =>
      Object.fromEntries(
        Object.keys(fields.value).map((name) => [name, fields.optionalString(name) ?? '']),
      ),
    );
  }

  /** A mapping as `read` makes it of its fields, which are named by their path in problems. */
  optionalObject<T>(key: string, read: (fields: Fields) => T): T | undefined {
    const value = this.#read(key);
    if (value === undefined) {
      return undefined;
    }

    return isObject(value)
      ? read(new Fields(this.where ? `${this.where}.${key}` : key, value, this.problems))
      : this.#wrong<T | undefined>(key, 'is not a mapping', undefined);
  }

  /** Fields that no reader asked for are problems; the nearest one that is known may be the one meant. */
  rejectUnknown(): void {
    const known = [...this.#known];
    for (const key of Object.keys(this.value).filter((each) => !this.#known.has(each))) {
      // Of a short word, half is another word.
      const maxDistance = Math.min(4, Math.floor(key.length / 2));
      const near = closestMatch(key.toLowerCase(), known, {maxDistance});
      const advice = near === undefined ? `there are ${known.join(', ')}` : `is ${near} meant?`;
      this.problems.push(`${this.#prefix}unknown field ${JSON.stringify(key)}; ${advice}`);
    }
  }

  get #prefix(): string {
    return this.where && `${this.where}: `;
  }

  #read(key: string): unknown {
    this.#known.add(key);
    const value = Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  #wrong<T>(key: string, what: string, instead: T): T {
    this.problems.push(`${this.#prefix}${key} ${what}`);
    return instead;
  }
}

/** Untrusted YAML or JSON as a typed value; throws one error with all problems. */
export function parse<T>(
  where: string,
  value: unknown,
  read: (fields: Fields) => T,
  {unknownFields = 'reject'}: {unknownFields?: 'reject' | 'ignore'} = {},
): T {
  if (!isObject(value)) {
    throw new UsageError([`${where}: not a mapping`]);
  }

  const fields = new Fields(where, value, []);
  const result = read(fields);
  if (unknownFields === 'reject') {
    fields.rejectUnknown();
  }

  if (fields.problems.length > 0) {
    throw new UsageError(fields.problems);
  }

  return result;
}

function asText(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
