/** Reads untyped data and collects what is wrong with it instead of stopping at the first thing. */
export type Fields = {
  readonly where: string;
  string(name: string): string | undefined;
  number(name: string): number | undefined;
  boolean(name: string): boolean | undefined;
  strings(name: string): string[] | undefined;
  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined;
  /** Whatever is there, for the caller to judge. */
  any(name: string): unknown;
  object<T>(name: string, read: (fields: Fields) => T): T | undefined;
  objects<T>(name: string, read: (fields: Fields) => T): T[] | undefined;
  problem(name: string, text: string): void;
};

/** Everything that is wrong with a seed, a line for each problem. */
export class InvalidSeed extends Error {
  override name = 'InvalidSeed';

  constructor(readonly problems: string[]) {
    super(`The seed cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
  }
}

/** Throws one error with every problem, unknown fields among them. */
export function readFields<T>(where: string, value: unknown, read: (fields: Fields) => T): T {
  const problems: string[] = [];
  const result = readObject(where, value, problems, read);
  if (result === undefined || problems.length > 0) {
    throw new InvalidSeed(problems);
  }

  return result;
}

function readObject<T>(
  where: string,
  value: unknown,
  problems: string[],
  read: (fields: Fields) => T,
): T | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${where} must be an object`);
    return undefined;
  }

  const object = value as Record<string, unknown>;
  const known = new Set<string>();
  const result = read(fieldsOf(where, object, known, problems));
  const unknown = Object.keys(object).filter((name) => !known.has(name));
  problems.push(...unknown.map((name) => `${where}.${name} is not known`));
  return result;
}

function fieldsOf(
  where: string,
  object: Record<string, unknown>,
  known: Set<string>,
  problems: string[],
): Fields {
  const problem = (name: string, text: string) => {
    problems.push(`${where}.${name} ${text}`);
  };

  const typed = <T>(name: string, wanted: string, isRight: (value: unknown) => value is T) => {
    known.add(name);
    const value = object[name];
    if (value === undefined || isRight(value)) {
      return value;
    }

    problem(name, `must be ${wanted}`);
    return undefined;
  };

  const isText = (value: unknown): value is string => typeof value === 'string';
  const isList = (value: unknown): value is unknown[] => Array.isArray(value);

  return {
    where,
    problem,
    any(name) {
      known.add(name);
      return object[name];
    },
    string: (name) => typed(name, 'a string', isText),
    number: (name) => typed(name, 'a number', (value) => typeof value === 'number'),
    boolean: (name) => typed(name, 'true or false', (value) => typeof value === 'boolean'),
    strings: (name) =>
      typed(
        name,
        'a list of strings',
        (value): value is string[] => isList(value) && value.every((item) => isText(item)),
      ),
    oneOf: <T extends string>(name: string, choices: readonly T[]) =>
      typed(name, `one of ${choices.join(', ')}`, (value): value is T =>
        choices.includes(value as T),
      ),
    object(name, read) {
      known.add(name);
      const value = object[name];
      return value === undefined
        ? undefined
        : readObject(`${where}.${name}`, value, problems, read);
    },
    objects<T>(name: string, read: (fields: Fields) => T) {
      return typed(name, 'a list', isList)
        ?.map((item, index) => readObject(`${where}.${name}[${index}]`, item, problems, read))
        .filter((item) => item !== undefined) as T[] | undefined;
    },
  };
}
