import {generateKeyPairSync, type KeyObject} from 'node:crypto';
import {expect, test} from '@jest/globals';
import {UsageError} from '../../src/errors.js';
import {parsePrivateKey, parseWorkerKeys} from '../../src/cloud-init/keys.js';
import {fingerprintOf, opensshKey, rsaPem} from './keys-made.js';

const pkcs1 = rsaPem();

test('a PKCS#1 key comes back as it is, with its public line and fingerprint', async () => {
  const key = await parsePrivateKey(pkcs1, 'the key');

  expect(key.pem).toBe(pkcs1);
  expect(key).toMatchObject(fingerprintOf(pkcs1));
});

const body = pkcs1.split('\n').slice(1, -2).join('\n');
const disguises: Array<[string, string]> = [
  ['PKCS#8', rsaPem('pkcs8', pkcs1)],
  [
    'PKCS#1 under the label of PKCS#8',
    `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
  ],
  ['PKCS#1 with CRLF', pkcs1.replaceAll('\n', '\r\n')],
  [
    'PKCS#1 indented, with blank lines around',
    `\n\n${pkcs1.replaceAll(/^/gmv, ' '.repeat(4))}\n  \n`,
  ],
  ['PKCS#1 with a byte order mark', `\u{FEFF}${pkcs1}`],
  ['PKCS#1 whose lines became spaces', pkcs1.replaceAll('\n', ' ')],
  ['PKCS#1 with bag attributes before it', `Bag Attributes\n  friendlyName: x\n${pkcs1}`],
];

test.each(disguises)('%s is read as the same key', async (_form, text) => {
  const key = await parsePrivateKey(text, 'the key');

  expect(key.pem).toBe(pkcs1);
});

test('Node reads the key that comes out', async () => {
  const {pem, publicKeyLine} = await parsePrivateKey(rsaPem('pkcs8', pkcs1), 'the key');

  expect(fingerprintOf(pem).publicKeyLine).toBe(publicKeyLine);
});

test('a sound key is taken whose numbers a big-number library divides wrongly', async () => {
  const text = `-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQDRm1eH4lR0tbENq3VG8zif5Y1VSL8eYzDosOCcSUHZZEyQAvGn
eAirColyncLKQyJzR87WFt+9E4Kz01IxswXs8nsbdt4Mn07xcPAm/I0GPtjgoXQl
O9BSl7T1bgtwivT6YCb0X/68imOkIi86HiXHm5Anf3amTtkVBdkT+MLdeQIDAQAB
AoGAJDlScTteGSVlSdV92RsjiA6l1D1UOi4uP6iByMCoTqeUy7aWiLin1tdlVZeK
GGZtx7p7NmiRlh2PEwDMTaaAuVgzqTX0JIkTXSgtPm5bs8pm3zr7KlMmVcIHhugf
3f1abhq6hrRnxHCVbz02hB9CMyGDVC6m0/RRqAplujbYmbkCQQDxic60ehw0NssW
WjvHDK/KYFbVlFK5GZ0sI3180DJP+z2/zCvK0PL3XyL5tZrGHRQH2nQV8u+9cZ0k
LToXsfuTAkEA3igaOmGIPKAIcCPCtrI90MQV2NbjI6GTu9MWCNtEzYXjBmo2I+2H
7XoiQbSV8jkyytmxBEar9sOids9qBvmiQwJAF8lQd+mGmYXD3kGonWOcdDukkYf3
1Y62McCU/ROrwMCnRhofPevx4XaXBSxjP5the5yBzh+MiIWFyihCDk9SzQJBAKsR
snC2XhRhH15LC0toIdW6yR/7CVmMuJhvyY30WxzwNovgCeTMqlkiLXLvPnARv50Y
2Qjz6sPQjjBzM7A/VsUCQCiN0bc0tQAXsYfVyGzX9ONTCZn2xsq8vZpEYBuGhE5g
jILxqUQIUuQ7etTDZ5e7fJiRUIjNuoP5p6svq+prN1E=
-----END RSA PRIVATE KEY-----
`;

  await expect(parsePrivateKey(text, 'the key')).resolves.toMatchObject({pem: text});
});

const pem = (key: KeyObject, options = {}) =>
  String(key.export({type: 'pkcs8', format: 'pem', ...options} as never));
const ed25519 = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', {namedCurve: 'P-256'});
const pss = generateKeyPairSync('rsa-pss', {modulusLength: 2048});
const rsa = generateKeyPairSync('rsa', {modulusLength: 2048});
const short = generateKeyPairSync('rsa', {modulusLength: 768});
const cipher = {cipher: 'aes-256-cbc', passphrase: 'secret'};
const swapped = (text: string) => {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
};

const bad: Array<[string, string, RegExp]> = [
  ['an OpenSSH RSA key', opensshKey('rsa'), /OpenSSH format.*ssh-keygen -p -m PEM/v],
  [
    'an encrypted OpenSSH RSA key',
    opensshKey('rsa', 'secret'),
    /OpenSSH format.*ssh-keygen -p -m PEM/v,
  ],
  [
    'an OpenSSH Ed25519 key',
    opensshKey('ed25519'),
    /an Ed25519 key.*ssh-keygen -t rsa -b 4096 -m PEM/v,
  ],
  ['an OpenSSH EC key', opensshKey('ecdsa'), /an EC key.*ssh-keygen -t rsa/v],
  ['an encrypted PKCS#8 key', pem(rsa.privateKey, cipher), /encrypted.*ssh-keygen -p -m PEM/v],
  [
    'an encrypted PKCS#1 key',
    pem(rsa.privateKey, {type: 'pkcs1', ...cipher}),
    /encrypted.*ssh-keygen -p/v,
  ],
  ['an Ed25519 key in PKCS#8', pem(ed25519.privateKey), /an Ed25519 key.*concourse generate-key/v],
  ['an EC key in PKCS#8', pem(ec.privateKey), /an EC key.*concourse generate-key/v],
  ['an EC key in SEC1', pem(ec.privateKey, {type: 'sec1'}), /an EC key/v],
  [
    'an EC key under the label of PKCS#8',
    pem(ec.privateKey, {type: 'sec1'}).replaceAll('EC ', ''),
    /an EC key/v,
  ],
  ['an RSA-PSS key', pem(pss.privateKey), /an RSA-PSS key/v],
  ['an RSA key of 768 bits', pem(short.privateKey), /768 bits/v],
  ['a key without its end', pkcs1.slice(0, -100), /cut off/v],
  ['a key with lines missing', pkcs1.split('\n').toSpliced(5, 3).join('\n'), /damaged/v],
  ['a key with one letter changed', swapped(pkcs1), /damaged/v],
  [
    String.raw`a key with "\n" for line breaks`,
    pkcs1.replaceAll('\n', String.raw`\n`),
    /"\\n" written out/v,
  ],
  ['two keys', pkcs1 + pkcs1, /2 private keys/v],
  ['a public key line', fingerprintOf(pkcs1).publicKeyLine, /is a public key/v],
  [
    'a public key in PEM',
    String(rsa.publicKey.export({type: 'spki', format: 'pem'})),
    /is a public key/v,
  ],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', /certificate/v],
  ['a PuTTY key', 'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none', /PuTTY.*puttygen/v],
  ['an empty file', ' \r\n', /empty.*ssh-keygen -t rsa/v],
  ['another text', 'hunter2-hunter2', /holds no private key.*ssh-keygen -t rsa/v],
];

test.each(bad)(
  '%s is refused, with what to do and nothing of its content',
  async (_what, text, message) => {
    const error = await parsePrivateKey(text, 'source.worker_key').catch((error: unknown) => error);

    expect(error).toBeInstanceOf(UsageError);
    const {problems} = error as UsageError;
    expect(problems).toEqual([expect.stringMatching(message)]);
    expect(problems[0]).toMatch(/^source\.worker_key /v);
    expect(problems[0]).not.toContain('\n');
    const words = text
      .split(/[\s"\-:]|\\n/v)
      .filter((word) => /^(?=.*\d)[\d+\/=a-z]{7,}$/iv.test(word));
    expect(words.filter((word) => problems[0]!.includes(word))).toEqual([]);
  },
);

test('keys given the wrong way round are two problems in one error', async () => {
  const texts = {workerKey: fingerprintOf(pkcs1).publicKeyLine, tsaPublicKey: rsaPem()};

  const parsing = parseWorkerKeys(texts, {workerKey: 'worker key', tsaPublicKey: 'TSA key'});

  await expect(parsing).rejects.toMatchObject({
    problems: [
      expect.stringMatching(/^worker key is a public/v),
      expect.stringMatching(/^TSA key is a private/v),
    ],
  });
});

test('the two halves of one pair cannot be the worker key and the TSA key', async () => {
  const texts = {
    workerKey: pkcs1,
    tsaPublicKey: `# ours\n${fingerprintOf(pkcs1).publicKeyLine} me@here\n`,
  };

  const parsing = parseWorkerKeys(texts, {workerKey: 'worker key', tsaPublicKey: 'TSA key'});

  await expect(parsing).rejects.toThrow(/TSA key and worker key are two halves of one key pair/v);
});

test('two good keys of two pairs are given back', async () => {
  const tsa = fingerprintOf(rsaPem()).publicKeyLine;

  const keys = await parseWorkerKeys(
    {workerKey: pkcs1, tsaPublicKey: tsa},
    {workerKey: 'a', tsaPublicKey: 'b'},
  );

  expect(keys.workerKey.pem).toBe(pkcs1);
  expect(keys.tsaKeys.map(({line}) => line)).toEqual([tsa]);
});
