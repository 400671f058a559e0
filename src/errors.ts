/**
 * A failure the operator can do something about; any other error is a bug.
 * oclif prints `code` and `suggestions` by itself and exits with `oclif.exit`.
 */
export class ActionableError extends Error {
  override name = 'Error';
  readonly oclif: {exit: number};

  constructor(
    readonly code: string,
    message: string,
    readonly suggestions: string[] = [],
    exit = 1,
  ) {
    super(message);
    this.oclif = {exit};
  }
}

/** Input that cannot work, found before any request was sent: every problem at once. Exit code 2. */
export class UsageError extends ActionableError {
  constructor(
    readonly problems: string[],
    suggestions: string[] = [],
  ) {
    super('USAGE', listed([...new Set(problems)]), suggestions, 2);
  }
}

/** Several failures of one step, told together so that one run shows all there is to mend. */
export class CombinedError extends ActionableError {
  constructor(readonly errors: ActionableError[]) {
    super(
      errors[0]?.code ?? 'FAILED',
      listed(errors.map(({message}) => message)),
      [...new Set(errors.flatMap(({suggestions}) => suggestions))],
      Math.min(...errors.map(({oclif}) => oclif.exit)),
    );
  }
}

type ApiAnswer = {
  method: string;
  path: string;
  requestId?: string | undefined;
  serviceCode?: string | undefined;
  /** The service itself said no: what was asked was not done, and asking again will not help. */
  isRefusal?: boolean;
  suggestions?: string[];
};

/** A service answered, but not with what was asked for. */
export class ApiError extends ActionableError {
  readonly isRefusal: boolean;
  /** The service's own name for the kind of error, where it has one. */
  readonly serviceCode: string | undefined;

  constructor(
    readonly service: string,
    readonly status: number,
    /** The service's own words, secrets masked; may be empty. */
    readonly detail: string,
    {method, path, requestId, serviceCode, isRefusal = false, suggestions = []}: ApiAnswer,
  ) {
    const id = requestId === undefined ? '' : ` (request id ${requestId})`;
    super(
      'API',
      `${service} answered ${status} to ${method} ${path}${detail && `: ${detail}`}${id}`,
      suggestions,
    );
    this.isRefusal = isRefusal;
    this.serviceCode = serviceCode;
  }
}

/** A service gave no answer: whether it did what was asked is unknown. */
export class NoAnswer extends ActionableError {
  constructor(
    readonly service: string,
    /** Node's code, such as ECONNREFUSED or ETIMEDOUT. */
    readonly reason: string,
    url: string,
    suggestions: string[],
  ) {
    super('NO_ANSWER', `${service} at ${url} does not answer: ${reason}`, suggestions);
  }
}

/** The person or the system asked us to stop. */
export class Interrupted extends ActionableError {
  constructor(readonly by: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super('INTERRUPTED', `Interrupted by ${by}`, [], by === 'SIGINT' ? 130 : 1);
  }
}

/** What went wrong and the first thing to do about it, for the cell of a table. */
export function inOneLine(message: string, suggestions: string[]): string {
  return [message, ...suggestions.slice(0, 1)].join('. ');
}

/** A failure that an operation can go on without; throws an interrupt and a bug of ours on. */
export function survivable(error: unknown, signal: AbortSignal): ActionableError {
  signal.throwIfAborted();
  if (!(error instanceof ActionableError)) {
    throw error;
  }

  return error;
}

function listed(lines: string[]): string {
  return lines.length === 1
    ? lines[0]!
    : `${lines.length} problems:\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** Runs checks side by side to their end, so that one error tells of all that failed. */
export async function allChecks<T extends readonly unknown[]>(checks: {
  [Index in keyof T]: Promise<T[Index]>;
}): Promise<T> {
  const results = await Promise.allSettled(checks as Array<Promise<unknown>>);
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map(({reason}) => reason as Error);
  const [first] = failures;
  if (first === undefined) {
    return results.map(
      (result) => (result as PromiseFulfilledResult<unknown>).value,
    ) as unknown as T;
  }

  const actionable = failures
    .filter((failure) => failure instanceof ActionableError)
    .flatMap(parts);
  const unique = [...new Map(actionable.map((failure) => [failure.message, failure])).values()];
  const isBug = failures.some((failure) => !(failure instanceof ActionableError));
  throw !isBug && unique.length > 1 ? new CombinedError(unique) : first;
}

/** A problem of several is as many of the whole. */
function parts(error: ActionableError): ActionableError[] {
  if (error instanceof CombinedError) {
    return error.errors;
  }

  const isSeveral = error instanceof UsageError && error.problems.length > 1;
  return isSeveral
    ? error.problems.map((problem) => new UsageError([problem], error.suggestions))
    : [error];
}
