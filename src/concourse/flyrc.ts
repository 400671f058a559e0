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

  return {...rest, login: {token, target: name}};
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
