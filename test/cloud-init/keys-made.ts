import {execFileSync} from 'node:child_process';
import {createPrivateKey, generateKeyPairSync} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

/** A fresh RSA key, or a given one in another form. */
export function rsaPem(type: 'pkcs1' | 'pkcs8' = 'pkcs1', of?: string): string {
  const key =
    of === undefined
      ? generateKeyPairSync('rsa', {modulusLength: 1024}).privateKey
      : createPrivateKey(of);
  return String(key.export({type, format: 'pem'}));
}

/** What ssh-keygen says about a PEM key. */
export function fingerprintOf(pem: string): {publicKeyLine: string; md5Fingerprint: string} {
  return inFolder((folder) => {
    const file = path.join(folder, 'key');
    writeFileSync(file, pem, {mode: 0o600});
    const publicKeyLine = sshKeygen('-y', '-f', file).trim();
    writeFileSync(`${file}.pub`, publicKeyLine);
    const [, fingerprint = ''] = sshKeygen('-l', '-E', 'md5', '-f', `${file}.pub`).split(' ', 2);
    return {publicKeyLine, md5Fingerprint: fingerprint.replace('MD5:', '')};
  });
}

export function opensshKey(type: string, passphrase = ''): string {
  return inFolder((folder) => {
    const file = path.join(folder, 'key');
    sshKeygen('-q', ...sizeOf(type), '-N', passphrase, '-f', file);
    return readFileSync(file, 'utf8');
  });
}

export function opensshPublicKey(type: string): string {
  return inFolder((folder) => {
    const file = path.join(folder, 'key');
    sshKeygen('-q', ...sizeOf(type), '-N', '', '-C', 'me@here', '-f', file);
    return readFileSync(`${file}.pub`, 'utf8').trim();
  });
}

// Big RSA keys take seconds to make.
function sizeOf(type: string): string[] {
  return type === 'rsa' ? ['-t', type, '-b', '1024'] : ['-t', type];
}

function sshKeygen(...given: string[]): string {
  return execFileSync('ssh-keygen', given, {encoding: 'utf8'});
}

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(path.join(tmpdir(), 'keys-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, {recursive: true});
  }
}
