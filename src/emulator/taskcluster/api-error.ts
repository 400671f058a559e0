import type {ContentfulStatusCode} from 'hono/utils/http-status';

const statuses = {
  InputError: 400,
  InputValidationError: 400,
  InvalidRequestArguments: 400,
  AuthenticationFailed: 401,
  InsufficientScopes: 403,
  ResourceNotFound: 404,
  RequestConflict: 409,
  InternalServerError: 500,
} as const satisfies Record<string, ContentfulStatusCode>;

export type ErrorCode = keyof typeof statuses;

/** An answer in Taskcluster's form of an error. */
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }

  /** The HTTP status that belongs to the code. */
  get status() {
    return statuses[this.code];
  }
}

export type RequestInfo = {method: string; params: unknown; payload: unknown; time: string};

/** The message tells of the request once more below a rule, and `requestInfo` repeats it with all its secrets. */
export function errorBody({code, status, message}: ApiError, requestInfo: RequestInfo) {
  const {method, time} = requestInfo;
  const rule = `* method:     ${method}\n* errorCode:  ${code}\n* statusCode: ${status}\n* time:       ${time}`;
  return {code, message: `${message}\n\n---\n\n${rule}`, requestInfo};
}

/** The 400 for a request that fits its schema and is refused. */
export const badInput = (message: string) => new ApiError('InputError', message);

/** The 404 for what is not there, such as `Worker pool a/b`. */
export const unknown = (what: string) => new ApiError('ResourceNotFound', `${what} does not exist`);
