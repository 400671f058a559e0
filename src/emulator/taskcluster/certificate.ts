import {createHmac, randomBytes, timingSafeEqual} from 'node:crypto';
import {ApiError} from './api-error.js';
import {type Identity, satisfies} from './scopes.js';

export type Client = {readonly accessToken: string; readonly scopes: readonly string[]};
export type Clients = ReadonlyMap<string, Client>;

type Certificate = {
  version: 1;
  scopes: string[];
  /** Milliseconds since the epoch. */
  start: number;
  expiry: number;
  seed: string;
  issuer: string;
  signature: string;
};

export type TemporaryCredentials = {clientId: string; accessToken: string; certificate: string};

type Grant = {clientId: string; scopes: string[]; start: number; expiry: number};

const minuteMs = 60_000;
const longestMs = 31 * 24 * 60 * minuteMs;

/** 44 characters, as of two slugids. */
export const randomSecret = () => randomBytes(33).toString('base64url');

/** Credentials that no server stores: all that is needed to check them is in their certificate. */
export function issueCredentials(
  issuer: string,
  {accessToken}: Client,
  {clientId, ...terms}: Grant,
): TemporaryCredentials {
  const unsigned = {version: 1 as const, ...terms, seed: randomSecret(), issuer};
  const signature = signatureOf(unsigned, clientId, accessToken);
  return {
    clientId,
    accessToken: temporaryKey(unsigned.seed, accessToken),
    certificate: JSON.stringify({...unsigned, signature} satisfies Certificate),
  };
}

/** Who signs with a certificate, and the key that it gives. Throws for one that is not good now. */
export function checkCertificate(
  clientId: string,
  value: unknown,
  clients: Clients,
  now: number,
): Identity & {key: string} {
  const certificate = readCertificate(value);
  const {issuer, scopes, start, expiry, seed, signature} = certificate;
  const client = clients.get(issuer);
  if (client === undefined || issuer === clientId) {
    throw refused('ext.certificate.issuer is not right');
  }

  if (start > now + 5 * minuteMs) {
    throw refused('ext.certificate.start > now');
  }

  if (expiry < now - 5 * minuteMs) {
    throw refused('ext.certificate.expiry < now');
  }

  if (expiry - start > longestMs) {
    throw refused('ext.certificate lasts longer than 31 days');
  }

  const needed = [`auth:create-client:${clientId}`, ...scopes];
  if (needed.some((scope) => !satisfies(client.scopes, scope))) {
    throw refused(`ext.certificate issuer ${issuer} does not satisfy what it grants`);
  }

  if (!isEqual(signature, signatureOf(certificate, clientId, client.accessToken))) {
    throw refused('ext.certificate.signature is not valid, or wrong clientId provided');
  }

  return {clientId, scopes, key: temporaryKey(seed, client.accessToken)};
}

/** Compares secrets; how long that takes tells nothing of them but their length. */
export function isEqual(given: string, right: string): boolean {
  const [left, other] = [Buffer.from(given), Buffer.from(right)];
  return left.length === other.length && timingSafeEqual(left, other);
}

/** The 401 for a signature or a certificate that is not good. */
export const refused = (message: string) => new ApiError('AuthenticationFailed', message);

function readCertificate(value: unknown): Certificate {
  const {version, seed, start, expiry, scopes, issuer, signature} = new Object(value) as Record<
    string,
    unknown
  >;
  const isRight =
    version === 1 &&
    typeof seed === 'string' &&
    seed.length === 44 &&
    typeof start === 'number' &&
    typeof expiry === 'number' &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === 'string') &&
    typeof issuer === 'string' &&
    typeof signature === 'string';
  if (!isRight) {
    throw refused('ext.certificate is not a certificate');
  }

  return {version, seed, start, expiry, scopes, issuer, signature};
}

function signatureOf(
  {issuer, seed, start, expiry, scopes}: Omit<Certificate, 'signature'>,
  clientId: string,
  accessToken: string,
): string {
  const lines = [
    'version:1',
    `clientId:${clientId}`,
    `issuer:${issuer}`,
    `seed:${seed}`,
    `start:${start}`,
    `expiry:${expiry}`,
    'scopes:',
    ...scopes,
  ];
  return createHmac('sha256', accessToken).update(lines.join('\n')).digest('base64');
}

function temporaryKey(seed: string, accessToken: string): string {
  return createHmac('sha256', accessToken).update(seed).digest('base64url');
}
