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

export function errorBody(status: number, message: string, requestId: string) {
  return {id: ids[status] ?? 'server_error', message, request_id: requestId};
}

export const notFound = () =>
  new ApiError(404, 'The resource you were accessing could not be found.');

export const unprocessable = (message: string) => new ApiError(422, message);

export const badRequest = (message: string) => new ApiError(400, message);

export const pendingEvent = () => unprocessable('Droplet already has a pending event.');
