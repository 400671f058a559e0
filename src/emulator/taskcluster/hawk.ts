import {createHmac} from 'node:crypto';
import {checkCertificate, type Clients, isEqual, refused} from './certificate.js';
import type {Identity} from './scopes.js';

export type SignedRequest = {
  readonly method: string;
  /** With the query, as sent. */
  readonly path: string;
  /** The Host header. */
  readonly host: string;
  readonly authorization: string | undefined;
};

export type Times = {
  /** Of signatures: the clients' time, which no emulator can make run faster. */
  readonly real: number;
  /** Of certificates: the emulator gave them out by its own time. */
  readonly emulated: number;
};

type Attributes = Partial<Record<'id' | 'ts' | 'nonce' | 'hash' | 'ext' | 'mac', string>>;

const allowedSkewSeconds = 15 * 60;

/** Who sent a request; throws when it is signed badly. */
export function authenticate(request: SignedRequest, clients: Clients, times: Times): Identity {
  if (request.authorization === undefined) {
    return {clientId: undefined, scopes: []};
  }

  const {id, ts, nonce, hash = '', ext = '', mac} = parseAuthorization(request.authorization);
  if (id === undefined || ts === undefined || nonce === undefined || mac === undefined) {
    throw refused('Bad Request: Missing attributes');
  }

  const {key, ...identity} = identify(id, ext, clients, times.emulated);
  const {hostname, port} = new URL(`http://${request.host}`);
  const text = [
    'hawk.1.header',
    ts,
    nonce,
    request.method,
    request.path,
    hostname,
    port === '' ? '80' : port,
    hash,
    ext,
    '',
  ].join('\n');
  if (!isEqual(mac, createHmac('sha256', key).update(text).digest('base64'))) {
    throw refused('Unauthorized: Bad mac');
  }

  if (!(Math.abs(times.real / 1000 - Number(ts)) <= allowedSkewSeconds)) {
    throw refused('Unauthorized: Stale timestamp');
  }

  return identity;
}

/** The nonce of a request, which a client makes anew for each. */
export function nonceOf(authorization: string | undefined): string | undefined {
  return /nonce="(?<nonce>[^"]*)"/v.exec(authorization ?? '')?.groups?.nonce;
}

function parseAuthorization(header: string): Attributes {
  if (!/^hawk /iv.test(header)) {
    throw refused('Unauthorized: Hawk');
  }

  return Object.fromEntries(
    Array.from(header.matchAll(/(?<name>\w+)="(?<value>[^"\\]*)"/gv), ({groups}) => [
      groups!.name,
      groups!.value,
    ]),
  ) as Attributes;
}

function identify(
  id: string,
  ext: string,
  clients: Clients,
  now: number,
): Identity & {key: string} {
  const certificate = certificateIn(ext);
  if (certificate !== undefined) {
    return checkCertificate(id, certificate, clients, now);
  }

  const client = clients.get(id);
  if (client === undefined) {
    throw refused(`Client with clientId '${id}' not found`);
  }

  return {clientId: id, scopes: client.scopes, key: client.accessToken};
}

function certificateIn(ext: string): unknown {
  if (ext === '') {
    return undefined;
  }

  try {
    return (JSON.parse(Buffer.from(ext, 'base64').toString()) as {certificate?: unknown})
      .certificate;
  } catch {
    throw refused('Failed to parse ext');
  }
}
