import {ApiError} from './api-error.js';

export type PageQuery = {limit?: string | undefined; continuationToken?: string | undefined};

/** One page of a listing, and the token for the next one when there is more. */
export function pageOf<Item>(
  items: readonly Item[],
  {limit = '', continuationToken = ''}: PageQuery,
  longest: number,
): {items: Item[]; continuationToken?: string} {
  if (!/^(?:[1-9]\d{0,4})?$/v.test(limit)) {
    throw new ApiError('InvalidRequestArguments', `limit ${limit} is not a number`);
  }

  const start = continuationToken === '' ? 0 : readToken(continuationToken);
  const end = start + Math.min(limit === '' ? longest : Number(limit), longest);
  return {
    items: items.slice(start, end),
    ...(end < items.length && {continuationToken: writeToken(end)}),
  };
}

const writeToken = (offset: number) => Buffer.from(`from ${offset}`).toString('base64url');

function readToken(token: string): number {
  const offset = /^from (?<offset>\d+)$/v.exec(Buffer.from(token, 'base64url').toString());
  if (offset === null) {
    throw new ApiError('InvalidRequestArguments', 'continuationToken is not one of this service');
  }

  return Number(offset.groups!.offset);
}
