import {Buffer} from 'node:buffer';
import {createPrivateKey, type KeyObject} from 'node:crypto';
import ssh2 from 'ssh2';
import type {CloudConfig} from './cloud-config.js';

/** The key blobs, in base64, of an authorized_keys file; none matches when it holds none. */
export function hostKeysIn({files}: CloudConfig, path: string): string[] {
  const file = files.get(path);
  if (!file) {
    throw new Error(`${path} (CONCOURSE_TSA_PUBLIC_KEY) is not written by user-data`);
  }

  const lines = file.content.split('\n').filter((line) => /^[^\s#]/v.test(line));
  const keys = lines.map((line) => ssh2.utils.parseKey(line));
  const blobs = keys.flatMap((key) =>
    key instanceof Error ? [] : [key.getPublicSSH().toString('base64')],
  );
  if (blobs.length === 0 || blobs.length < lines.length) {
    throw new Error(`${path} (CONCOURSE_TSA_PUBLIC_KEY) is not a file of authorized_keys lines`);
  }

  return blobs;
}

/** The worker key as PKCS#1 PEM. The worker reads RSA in PKCS#1 or PKCS#8, unencrypted, whatever the header says. */
export function rsaKeyIn({files}: CloudConfig, path: string): string {
  const what = `${path} (CONCOURSE_TSA_WORKER_PRIVATE_KEY)`;
  const file = files.get(path);
  if (!file) {
    throw new Error(`${what} is not written by user-data`);
  }

  // Nothing for group and others.
  if (file.mode % 0o100 !== 0) {
    throw new Error(`${what} may be read by others than its owner`);
  }

  const armour =
    /^-----BEGIN (?<label>[ A-Z]+)-----\n(?<body>[\s\S]+?)\n-----END [ A-Z]+-----$/mv.exec(
      file.content.replaceAll('\r\n', '\n'),
    )?.groups;
  if (!armour) {
    throw new Error(`${what} is not a PEM file`);
  }

  if (armour.label === 'OPENSSH PRIVATE KEY') {
    throw new Error(`${what}: asn1: structure error (an OpenSSH key; the worker reads PEM only)`);
  }

  const {label = '', body = ''} = armour;
  if (`${label}\n${body}`.includes('ENCRYPTED')) {
    throw new Error(`${what} is encrypted`);
  }

  const key = privateKeyFrom(body);
  if (key?.asymmetricKeyType !== 'rsa') {
    throw new Error(`${what} is not an RSA key`);
  }

  return key.export({type: 'pkcs1', format: 'pem'}).toString();
}

function privateKeyFrom(base64: string): KeyObject | undefined {
  const der = Buffer.from(base64, 'base64');
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    try {
      return createPrivateKey({key: der, format: 'der', type});
    } catch {
      // The other form is tried next.
    }
  }

  return undefined;
}
