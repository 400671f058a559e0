import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {unprocessable} from './api-error.js';
import type {SshKey} from './entities.js';
import type {World} from './world.js';

const types = [
  'ssh-rsa',
  'ssh-dss',
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
];

/** Adds an OpenSSH public key to the account; throws the 422 for a malformed one and for one that is there. */
export function addKey({store, now}: World, name: string, publicKey: string): SshKey {
  const fingerprint = fingerprintOf(publicKey);
  if ([...store.keys.values()].some((key) => key.fingerprint === fingerprint)) {
    throw unprocessable('SSH Key is already in use on your account');
  }

  const key = {id: store.nextId.key(), fingerprint, publicKey, name, createdAt: now()};
  store.keys.set(key.id, key);
  return key;
}

/** MD5 of the key's blob as lower-case hex with colons. */
function fingerprintOf(publicKey: string): string {
  const [type = '', encoded] = publicKey.trim().split(/\s+/v, 2);
  if (encoded === undefined) {
    throw unprocessable('Key invalid, key should be of the format `type key [comment]`');
  }

  if (!types.includes(type)) {
    throw unprocessable(
      `Key invalid type, we support ${types.map((each) => `'${each}'`).join(', ')}`,
    );
  }

  const blob = Buffer.from(encoded, 'base64');
  const length = blob.length > 4 ? blob.readUInt32BE() : 0;
  if (blob.toString('latin1', 4, 4 + length) !== type) {
    throw unprocessable('Fingerprint could not be generated, please make sure your key is valid');
  }

  return createHash('md5').update(blob).digest('hex').match(/../gv)!.join(':');
}
