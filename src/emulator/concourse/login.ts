import {Buffer} from 'node:buffer';
import type {Context, Hono} from 'hono';
import {idToken, issueToken} from './tokens.js';
import type {World} from './world.js';

const clients: Record<string, string> = {
  fly: 'Zmx5',
  'concourse-worker': 'Y29uY291cnNlLXdvcmtlcgo=',
};

const scopes = new Set(['openid', 'profile', 'email', 'groups', 'federated:id', 'offline_access']);

/** The token endpoint, as dex answers. */
export function loginRoutes(app: Hono, world: World, signingKey: string): void {
  app.post(world.release.tokenPath, async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const client = clientOf(c, form, world);
    if (client === undefined) {
      return oauthError(c, 401, 'invalid_client', 'Invalid client credentials.');
    }

    const grant = form.get('grant_type');
    if (grant === 'client_credentials' && client === 'concourse-worker') {
      return c.json(tokenResponse(world, 'system', signingKey));
    }

    if (grant !== 'password' || client !== 'fly' || world.settings.ssoOnly) {
      return oauthError(c, 400, 'unsupported_grant_type');
    }

    const wrongScope = scopeProblem(form.get('scope') ?? '');
    if (wrongScope !== undefined) {
      return oauthError(c, 400, 'invalid_request', wrongScope);
    }

    if (world.settings.connectorDown) {
      return oauthError(c, 400, 'invalid_request', 'Could not login user');
    }

    const username = form.get('username');
    const user = world.users.find((candidate) => candidate.username === username);
    return user?.password === form.get('password')
      ? c.json(tokenResponse(world, user, signingKey))
      : oauthError(c, 401, 'access_denied', 'Invalid username or password');
  });

  // Before 6.1 this path leads to a dex without a client called fly.
  if (world.release.tokenPath === '/sky/token') {
    app.post('/sky/issuer/token', (c) =>
      oauthError(c, 401, 'invalid_client', 'Invalid client credentials.'),
    );
  }
}

function clientOf(c: Context, form: URLSearchParams, world: World): string | undefined {
  const basic = /^basic (?<pair>.+)$/iv.exec(c.req.header('authorization') ?? '')?.groups?.pair;
  const acceptsForm = world.release.tokenPath !== '/sky/token';
  const [id = '', secret] =
    basic === undefined
      ? [acceptsForm ? (form.get('client_id') ?? '') : '', form.get('client_secret')]
      : Buffer.from(basic, 'base64')
          .toString()
          .split(':')
          .map((part) => decodeURIComponent(part));
  return clients[id] !== undefined && clients[id] === secret ? id : undefined;
}

function scopeProblem(scope: string): string | undefined {
  const wanted = scope.split(' ').filter(Boolean);
  if (!wanted.includes('openid')) {
    return 'Missing required scope(s) ["openid"].';
  }

  const unknown = wanted.filter((name) => !scopes.has(name));
  return unknown.length > 0 ? `Unrecognized scope(s) ${JSON.stringify(unknown)}` : undefined;
}

function tokenResponse(world: World, user: Parameters<typeof issueToken>[1], key: string) {
  return {
    access_token: issueToken(world, user, key),
    token_type: 'bearer',
    expires_in: world.settings.tokenSeconds - 1,
    ...(user !== 'system' && {id_token: idToken(world, user, key)}),
  };
}

function oauthError(c: Context, status: 400 | 401, error: string, description?: string) {
  return c.json(
    {error, ...(description !== undefined && {error_description: description})},
    status,
  );
}
