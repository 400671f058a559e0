import type forgeModule from 'node-forge';
import type {asn1, pki} from 'node-forge';
import {UsageError} from '../errors.js';
import {parseAuthorizedKeys, type PublicKey} from './authorized-keys.js';
import {armourProblem, isBase64, makeRsaKey, notRsa, pemBlocks, tidyText} from './key-text.js';
import {together} from './problems.js';

export {parseAuthorizedKeys, type PublicKey} from './authorized-keys.js';

export type PrivateKey = {pem: string; publicKeyLine: string; md5Fingerprint: string};
type Forge = Pick<typeof forgeModule, 'asn1' | 'pki' | 'util'>;

const minimumBits = 1024;
const rsaEncryption = '1.2.840.113549.1.1.1';
const ecPublicKey = '1.2.840.10045.2.1';
const kinds: Record<string, string> = {
  [ecPublicKey]: 'an EC key',
  '1.2.840.10040.4.1': 'a DSA key',
  '1.2.840.113549.1.1.10': 'an RSA-PSS key',
  '1.3.101.112': 'an Ed25519 key',
  '1.3.101.113': 'an Ed448 key',
};

/** An unencrypted RSA key in any PEM form, as the PKCS#1 PEM that every reader of it understands. */
export async function parsePrivateKey(pem: string, what: string): Promise<PrivateKey> {
  const text = tidyText(pem);
  const blocks = pemBlocks(text);
  const problem = armourProblem(text, blocks);
  if (problem !== undefined) {
    throw new UsageError([`${what} ${problem}`]);
  }

  const {default: forge} = await import('node-forge');
  const {body} = blocks.find(({label}) => label.endsWith('PRIVATE KEY'))!;
  const key = readKey(forge, body.replaceAll(/\s/gv, ''));
  if (typeof key === 'string') {
    throw new UsageError([`${what} ${key}`]);
  }

  const publicKey = forge.pki.rsa.setPublicKey(key.n, key.e);
  return {
    pem: forge.pki.privateKeyToPem(key).replaceAll('\r\n', '\n'),
    publicKeyLine: forge.ssh.publicKeyToOpenSSH(publicKey, '').trim(),
    md5Fingerprint: String(
      forge.ssh.getPublicKeyFingerprint(publicKey, {encoding: 'hex', delimiter: ':'}),
    ),
  };
}

type Texts = {workerKey: string; tsaPublicKey: string};

/** Both keys of a Concourse worker, and that they are not the two halves of one pair. */
export async function parseWorkerKeys(
  texts: Texts,
  what: Texts,
): Promise<{workerKey: PrivateKey; tsaKeys: PublicKey[]}> {
  const keys = await together({
    workerKey: async () => parsePrivateKey(texts.workerKey, what.workerKey),
    tsaKeys: () => parseAuthorizedKeys(texts.tsaPublicKey, what.tsaPublicKey),
  });

  if (keys.tsaKeys.some(({line}) => line === keys.workerKey.publicKeyLine)) {
    throw new UsageError([
      `${what.tsaPublicKey} and ${what.workerKey} are two halves of one key pair; the first must be the public host key of the TSA, the second the worker's own private key`,
    ]);
  }

  return keys;
}

function readKey(forge: Forge, base64: string): pki.rsa.PrivateKey | string {
  const damaged = `is damaged or cut off; copy the file again, or ${makeRsaKey}`;
  if (!isBase64(base64)) {
    return base64.includes(String.raw`\n`)
      ? String.raw`has "\n" written out in place of its line breaks; give the file as it is`
      : damaged;
  }

  try {
    const document = forge.asn1.fromDer(forge.util.decode64(base64));
    const algorithm = algorithmOf(forge, document);
    if (algorithm !== rsaEncryption) {
      return notRsa(kinds[algorithm] ?? 'a key of an unknown kind');
    }

    const key = forge.pki.privateKeyFromAsn1(document);
    if (!isConsistent(key)) {
      return damaged;
    }

    const bits = key.n.bitLength();
    return bits < minimumBits
      ? `is an RSA key of ${bits} bits, and servers refuse it; ${makeRsaKey}`
      : key;
  } catch {
    return damaged; // The parser's own message could quote the key.
  }
}

/** `concourse generate-key` writes PKCS#1 under the label of PKCS#8, so only the content tells which it is. */
function algorithmOf(forge: Forge, document: asn1.Asn1): string {
  const second = (document.value as asn1.Asn1[])[1]!;
  if (second.type === forge.asn1.Type.SEQUENCE) {
    return forge.asn1.derToOid((second.value as asn1.Asn1[])[0]!.value as string);
  }

  return second.type === forge.asn1.Type.OCTETSTRING ? ecPublicKey : rsaEncryption;
}

/**
 * A changed character in a key still reads as numbers; only their arithmetic shows it. It is the runtime's own, because
 * the library's remainder is wrong for one sound key in 300.
 */
function isConsistent(key: pki.rsa.PrivateKey): boolean {
  const number = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dP' | 'dQ' | 'qInv') =>
    BigInt(`0x${key[name].toString(16)}`);
  const [p, q] = [number('p'), number('q')];
  const product = number('e') * number('d');
  return (
    number('n') === p * q &&
    [p - 1n, q - 1n].every((less) => product % less === 1n) &&
    number('dP') === number('d') % (p - 1n) &&
    number('dQ') === number('d') % (q - 1n) &&
    (q * number('qInv')) % p === 1n
  );
}
