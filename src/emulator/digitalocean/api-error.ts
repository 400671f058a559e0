const ids: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  412: 'precondition_failed',
  422: 'unprocessable_entity',
  429: 'too_many_requests',
};

/** An error that the API answers with, and the headers that only this answer has. */
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The body of an error; a status that has no name of its own is `server_error`. */
export function errorBody(status: number, message: string, requestId: string) {
  return {id: ids[status] ?? 'server_error', message, request_id: requestId};
}

/** The 404 for what is not there, unknown paths among it. */
export const notFound = () =>
  new ApiError(404, 'The resource you were accessing could not be found.');

/** The 422 for a request that is understood and refused. */
export const unprocessable = (message: string) => new ApiError(422, message);

/** The 400 for something that is there, but of the wrong type. */
export const badRequest = (message: string) => new ApiError(400, message);

/** The 422 for a droplet that another action still keeps busy. */
export const pendingEvent = () => unprocessable('Droplet already has a pending event.');
