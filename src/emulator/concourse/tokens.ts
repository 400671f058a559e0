import {Buffer} from 'node:buffer';
import {createSign, randomBytes} from 'node:crypto';
import type {Token, World} from './world.js';

/** A new access token: opaque with its expiry in the last eight bytes from 6.5 on, before that a JWT. */
export function issueToken(world: World, user: Token['user'], signingKey: string): string {
  const {tokenSeconds, tokensExpired} = world.settings;
  const nowSeconds = Math.floor(world.clock.now() / 1000);
  const expirySeconds = nowSeconds + (tokensExpired ? -1 : tokenSeconds);
  const token = world.release.tokensAreJwt
    ? jwt(claims(user, nowSeconds, expirySeconds), signingKey)
    : opaque(expirySeconds);
  world.tokens.set(token, {user, expiresAt: expirySeconds * 1000});
  return token;
}

/** A signed JWT that says who logged in; unlike an access token it is not accepted for anything. */
export function idToken(world: World, user: Token['user'], signingKey: string): string {
  const nowSeconds = Math.floor(world.clock.now() / 1000);
  return jwt(claims(user, nowSeconds, nowSeconds + world.settings.tokenSeconds), signingKey);
}

function opaque(expirySeconds: number): string {
  const bytes = randomBytes(28);
  bytes.writeBigUInt64LE(BigInt(expirySeconds), 20);
  return bytes.toString('base64').replaceAll('=', '');
}

function claims(user: Token['user'], issued: number, expiry: number): Record<string, unknown> {
  const isSystem = user === 'system';
  const name = isSystem ? 'concourse-worker' : user.username;
  return {
    sub: Buffer.from(`\n\u{5}local\u{12}${name}`).toString('base64url'),
    aud: isSystem ? 'concourse-worker' : 'fly',
    iat: issued,
    exp: expiry,
    jti: randomBytes(8).toString('hex'),
    name,
    federated_claims: {connector_id: 'local', user_id: name, user_name: name},
  };
}

function jwt(payload: Record<string, unknown>, signingKey: string): string {
  const parts = [{alg: 'RS256', typ: 'JWT'}, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createSign('sha256').update(parts.join('.')).sign(signingKey, 'base64url');
  return [...parts, signature].join('.');
}
