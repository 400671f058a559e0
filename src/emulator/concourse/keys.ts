import {generateKeyPair} from 'node:crypto';
import {promisify} from 'node:util';
import ssh2 from 'ssh2';

export type KeyPair = {
  /** PKCS#1 PEM, the only form that both `concourse worker` and ssh2 read. */
  readonly privateKey: string;
  /** The public key as SSH sends it, in base64; keys are compared by it. */
  readonly blob: string;
  readonly authorizedKeysLine: string;
};

const generate = promisify(generateKeyPair);
const pairs = new Map<string, Promise<KeyPair>>();

/** One key pair per name and process: making an RSA key takes longer than everything else at start. */
export async function keyPairFor(name: string): Promise<KeyPair> {
  let pair = pairs.get(name);
  if (!pair) {
    pair = makeKeyPair(name);
    pairs.set(name, pair);
  }

  return pair;
}

/** The public key of an authorized_keys line or a private PEM as SSH sends it, in base64. */
export function blobOf(line: string): string {
  const parsed = ssh2.utils.parseKey(line.trim());
  if (parsed instanceof Error) {
    throw new TypeError('Neither an authorized_keys line nor a PEM key');
  }

  return parsed.getPublicSSH().toString('base64');
}

async function makeKeyPair(name: string): Promise<KeyPair> {
  const {privateKey} = await generate('rsa', {modulusLength: 2048});
  const pem = privateKey.export({type: 'pkcs1', format: 'pem'}).toString();
  const blob = blobOf(pem);
  return {
    privateKey: pem,
    blob,
    authorizedKeysLine: `ssh-rsa ${blob} emulator-${name}`,
  };
}
