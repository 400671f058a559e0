import {ApiError} from './api-error.js';

/** What is wrong with a value; nothing when it fits. */
export type Check = (value: unknown, where: string) => string[];

type Shape = Readonly<Record<string, {check: Check; isRequired: boolean}>>;

/** A field that must be there. */
export const required = (check: Check) => ({check, isRequired: true});
/** A field that may be left out. */
export const optional = (check: Check) => ({check, isRequired: false});

/** A text, of any form and length unless these are given. */
export function text({
  pattern,
  longest = Infinity,
}: {pattern?: RegExp; longest?: number} = {}): Check {
  return (value, where) => {
    if (typeof value !== 'string') {
      return [`${where} must be string`];
    }

    return [
      ...(value.length > longest ? [`${where} must NOT have more than ${longest} characters`] : []),
      ...(pattern && !pattern.test(value)
        ? [`${where} must match pattern "${pattern.source}"`]
        : []),
    ];
  };
}

const dateTime =
  /^\d{4}-[01]\d-[0-3]\dt[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d+)?(?:z|[+\-]\d{2}:?\d{2})$/iv;

/** A date and time with its zone, in the form of RFC 3339. */
export const time: Check = (value, where) =>
  typeof value === 'string' && dateTime.test(value) && !Number.isNaN(Date.parse(value))
    ? []
    : [`${where} must match format "date-time"`];

/** A whole number of at least 1. */
export const positive: Check = (value, where) =>
  Number.isSafeInteger(value) && (value as number) >= 1 ? [] : [`${where} must be integer >= 1`];

/** An object, whatever is in it. */
export const anyObject: Check = (value, where) =>
  isObject(value) ? [] : [`${where} must be object`];

/** An object of these fields and no others. */
export function object(shape: Shape): Check {
  return (value, where) => {
    if (!isObject(value)) {
      return [`${where} must be object`];
    }

    const strangers = Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
    return [
      ...strangers.map((name) => `${where} must NOT have additional properties: "${name}"`),
      ...Object.entries(shape).flatMap(([name, {check, isRequired}]) => {
        if (value[name] === undefined) {
          return isRequired ? [`${where} must have required property '${name}'`] : [];
        }

        return check(value[name], `${where}/${name}`);
      }),
    ];
  };
}

/** Fits exactly one of these checks: two that fit are as wrong as none. */
export function oneOf(...checks: readonly Check[]): Check {
  return (value, where) => {
    const fitting = checks.filter((check) => check(value, where).length === 0).length;
    return fitting === 1 ? [] : [`${where} must match exactly one schema in oneOf`];
  };
}

/** Throws Taskcluster's error when a payload does not fit. */
export function validate<Payload>(payload: unknown, check: Check, name: string): Payload {
  const problems = check(payload, 'data');
  if (problems.length > 0) {
    throw new ApiError(
      'InputValidationError',
      `Schema Validation Failed!\nRejecting Schema: ${name}\nErrors:\n${problems
        .map((problem) => `  * ${problem}`)
        .join('\n')}`,
    );
  }

  return payload as Payload;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
