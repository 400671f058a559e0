import {Buffer} from 'node:buffer';
import {UsageError} from '../errors.js';
import {isBase64, isPrivateKeyText, tidyText} from './key-text.js';

export type PublicKey = {line: string; type: string; blob: Uint8Array};

// How many length-prefixed fields a whole key of the type has, its type's name among them.
const fieldCounts: Record<string, number> = {
  'ssh-rsa': 3,
  'ssh-ed25519': 2,
  'ssh-dss': 5,
  'ecdsa-sha2-nistp256': 3,
  'ecdsa-sha2-nistp384': 3,
  'ecdsa-sha2-nistp521': 3,
  'sk-ssh-ed25519@openssh.com': 3,
  'sk-ecdsa-sha2-nistp256@openssh.com': 4,
};

const wanted = 'it must hold lines such as "ssh-rsa AAAA..."';

/** The keys of an authorized_keys file; each `line` is only type and key, without options and comment. */
export function parseAuthorizedKeys(text: string, what: string): PublicKey[] {
  const tidy = tidyText(text);
  const problem = wholeProblem(tidy);
  if (problem !== undefined) {
    throw new UsageError([`${what} ${problem}`]);
  }

  const keys: PublicKey[] = [];
  for (const [index, line] of tidy.split('\n').entries()) {
    if (line !== '' && !line.startsWith('#')) {
      keys.push(parseLine(line, `${what}, line ${index + 1},`));
    }
  }

  if (keys.length === 0) {
    throw new UsageError([`${what} holds no key; ${wanted}`]);
  }

  return keys;
}

function wholeProblem(text: string): string | undefined {
  if (text === '') {
    return `is empty; ${wanted}`;
  }

  if (isPrivateKeyText(text)) {
    return 'is a private key; give the public key of the pair (print it with: ssh-keygen -y -f FILE)';
  }

  if (text.includes('BEGIN CERTIFICATE')) {
    return `is a certificate; ${wanted}`;
  }

  return /-{4,5} ?BEGIN [\d A-Z]*PUBLIC KEY/v.test(text)
    ? 'is a public key in another format; convert it with: ssh-keygen -i -m PKCS8 -f FILE (SSH2 format: -m RFC4716)'
    : undefined;
}

function parseLine(line: string, where: string): PublicKey {
  const rest = hasTypeFirst(line) ? line : afterOptions(line);
  const [type = '', base64 = ''] = rest.split(/[\t ]+/v, 2);
  const fieldCount = fieldCounts[type];
  if (fieldCount === undefined) {
    throw new UsageError([`${where} has no key of a known type; ${wanted}`]);
  }

  if (!isBase64(base64)) {
    throw new UsageError([`${where} has a key that is cut off or damaged`]);
  }

  const blob = Buffer.from(base64, 'base64');
  const fields = fieldsOf(blob);
  const innerType = fields?.[0];
  if (fields === undefined || (innerType === type && fields.length !== fieldCount)) {
    throw new UsageError([`${where} has a key that is cut off or damaged`]);
  }

  if (innerType !== type) {
    throw new UsageError([`${where} says ${type} but holds a key of another type`]);
  }

  return {line: `${type} ${blob.toString('base64')}`, type, blob};
}

function hasTypeFirst(line: string): boolean {
  return Object.hasOwn(fieldCounts, line.split(/[\t ]/v, 1)[0]!);
}

/** Options end at the first space that is not between double quotes. */
function afterOptions(line: string): string {
  return line.replace(/^(?:"(?:\\.|[^"\\])*"|[^\t "])+[\t ]+/v, '');
}

function fieldsOf(bytes: Uint8Array): string[] | undefined {
  const blob = Buffer.from(bytes);
  const fields: string[] = [];
  let at = 0;
  while (at < blob.length) {
    const start = at + 4;
    const end = start + (start <= blob.length ? blob.readUInt32BE(at) : Infinity);
    if (end > blob.length) {
      return undefined;
    }

    fields.push(blob.toString('latin1', start, end));
    at = end;
  }

  return fields.length === 0 ? undefined : fields;
}
