import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import path from 'node:path';
import {load} from 'js-yaml';
import {UsageError} from '../errors.js';
import {parse, type Fields} from '../fields.js';
import {fileProblem} from '../settings.js';
import type {Login} from './client.js';

export type FlyTarget = {
  url: string;
  login: Login;
  caPem?: string | undefined;
  insecure?: boolean | undefined;
};

/** A login that fly has made, read from its own file (`$FLY_HOME/.flyrc` or `~/.flyrc`). */
export async function readFlyTarget(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<FlyTarget> {
  const file = path.join(environment.FLY_HOME ?? environment.HOME ?? homedir(), '.flyrc');
  const targets = await readTargets(file);
  const target = targets?.[name];
  if (target === undefined) {
    const known = Object.keys(targets ?? {}).join(', ') || 'none';
    throw new UsageError([
      `No fly target ${name} in ${file} (there: ${known}); make it: fly --target ${name} login --concourse-url URL`,
    ]);
  }

  const where = `${file}, target ${name}`;
  const {token, ...rest} = parse(where, target, readTarget, {unknownFields: 'ignore'});
  if (token === undefined) {
    throw new UsageError([`fly is not logged in to target ${name}: fly --target ${name} login`]);
  }

  if (!URL.canParse(rest.url)) {
    throw new UsageError([`${where}: api is not a URL`]);
  }

  const expiresAt = tokenExpiry(token);
  if (expiresAt !== undefined && expiresAt.getTime() < Date.now()) {
    throw new UsageError([
      `The fly login of target ${name} expired at ${expiresAt.toISOString()}: fly --target ${name} login`,
    ]);
  }

  return {...rest, login: {token, expiresAt, target: name}};
}

function readTarget(fields: Fields) {
  return {
    url: fields.string('api').replace(/\/+$/v, ''),
    insecure: fields.optionalBoolean('insecure'),
    caPem: fields.optionalString('ca_cert'),
    token: fields.optionalObject('token', (token) => token.optionalString('value')),
  };
}

async function readTargets(file: string): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError([
      `--target: cannot read ${file} (${fileProblem(error)}); fly makes it: fly --target NAME login --concourse-url URL`,
    ]);
  }

  try {
    const content = text.trim() === '' ? undefined : load(text);
    return (content as {targets?: Record<string, unknown>} | undefined)?.targets;
  } catch {
    // The parser's message quotes the line, which may hold a token.
    throw new UsageError([`--target: ${file} is not valid YAML`]);
  }
}

/** When a token ends: a JWT says it in `exp`, an opaque one (6.5 and later) in its last 8 bytes. */
export function tokenExpiry(token: string): Date | undefined {
  const payload = token.split('.')[1];
  let seconds: unknown;
  if (payload === undefined) {
    const bytes = Buffer.from(token, 'base64');
    seconds = bytes.length === 28 ? Number(bytes.readBigUInt64LE(20)) : undefined;
  } else {
    try {
      seconds = (JSON.parse(Buffer.from(payload, 'base64url').toString()) as {exp?: unknown}).exp;
    } catch {
      return undefined;
    }
  }

  return typeof seconds === 'number' && seconds > 0 && seconds < 1e11
    ? new Date(seconds * 1000)
    : undefined;
}
