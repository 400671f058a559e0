import {ux} from '@oclif/core';
import type {ActionableError} from './errors.js';

/** An error as a person reads it: what is wrong, then what to do. */
export function errorText({message, suggestions}: ActionableError): string {
  return [
    `${ux.colorize('red', 'Error:')} ${message}`,
    ...suggestions.map((each) => `  → ${each}`),
  ].join('\n');
}

/** Nothing but these: an error's other fields may hold what was sent. */
export function errorJson(error: unknown) {
  const {
    code = 'UNEXPECTED',
    message = String(error),
    suggestions = [],
  } = error as Partial<ActionableError>;
  return {error: {code, message, suggestions}};
}
