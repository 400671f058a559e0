import {ApiError} from './api-error.js';

export type Identity = {
  /** Undefined for a request that was not signed. */
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
};

/** A scope that ends with a star stands for all that begin like it. */
export function satisfies(held: readonly string[], wanted: string): boolean {
  return held.some(
    (scope) => scope === wanted || (scope.endsWith('*') && wanted.startsWith(scope.slice(0, -1))),
  );
}

/** Throws unless the caller has all of these scopes. */
export function demand({clientId, scopes}: Identity, ...wanted: readonly string[]): void {
  const missing = wanted.filter((scope) => !satisfies(scopes, scope));
  if (missing.length > 0) {
    throw new ApiError(
      'InsufficientScopes',
      `Client ID ${clientId ?? '(none)'} lacks scopes. Missing:\n\n\`\`\`\n${missing.join('\n')}\n\`\`\``,
    );
  }
}
