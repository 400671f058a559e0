import {ActionableError, ApiError} from '../errors.js';
import type {Droplet} from './types.js';

/** Adds what a person can do about a refusal. */
export function withAdvice(error: ApiError, request: string, scopes: string): ApiError {
  if (error.status === 401) {
    error.suggestions.push(
      'The token is wrong, expired or revoked: check DIGITALOCEAN_ACCESS_TOKEN (or DIGITALOCEAN_ACCESS_TOKEN_FILE)',
    );
  } else if (error.status === 403) {
    error.suggestions.push(
      `${request} needs the token scopes ${scopes}`,
      'A locked account or unpaid bills are refused in the same way: see https://cloud.digitalocean.com',
    );
  }

  return error;
}

/** An answer without the list that was asked for: what there is, is not known. */
export class BadList extends ApiError {
  constructor(key: string) {
    super('DigitalOcean', 200, `no list of ${key}`, {
      method: 'GET',
      path: `v2/${key}`,
      suggestions: [
        'Check the DigitalOcean URL: is something in front of it that answers instead?',
      ],
    });
  }
}

/** Throws `TAGS_HIDDEN` with the scope that is missing: a droplet without its tags may be anybody's. */
export function tagsHidden({name, id}: Droplet): never {
  throw new ActionableError(
    'TAGS_HIDDEN',
    `DigitalOcean lists droplet ${name} (${id}) but hides its tags, so whose it is cannot be told`,
    ['Give the token the scope tag:read'],
  );
}

/** Undefined in place of this one status, when it is DigitalOcean's own and not a proxy's. */
export async function forgiving<T>(status: number, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiError && error.status === status && error.isRefusal) {
      return undefined;
    }

    throw error;
  }
}

/** A list that is not there is no empty list: it would look like nothing to delete. */
export function listIn<Item>(answer: unknown, key: string): Item[] {
  const list = (answer as Record<string, unknown> | null)?.[key];
  if (!Array.isArray(list)) {
    throw new BadList(key);
  }

  return list as Item[];
}

/**
 * A droplet as the rest of the program relies on it; `null` stands for empty in some answers. Only what is read is
 * kept: of a thousand droplets the rest would be most of the memory.
 */
export function asDroplet(droplet: Droplet): Droplet {
  const {id, name, status, created_at, size_slug, size, region} = droplet;
  const {tags, networks} = droplet as {tags?: string[] | null; networks?: {v4?: unknown} | null};
  const v4 = Array.isArray(networks?.v4) ? droplet.networks.v4 : [];
  return {
    id,
    name,
    status,
    created_at,
    size_slug,
    ...(size?.price_hourly !== undefined && {size: {price_hourly: size.price_hourly}}),
    region: {slug: region?.slug ?? ''},
    networks: {v4: v4.map(({ip_address, type}) => ({ip_address, type}))},
    tags: tags ?? [],
  };
}
