import {ActionableError} from '../../src/errors.js';

/** The error that a person is told; any other is thrown on. */
export async function failure(creating: Promise<unknown>): Promise<ActionableError> {
  try {
    await creating;
  } catch (error) {
    if (error instanceof ActionableError) {
      return error;
    }

    throw error;
  }

  throw new Error('it succeeded');
}
