import {Buffer} from 'node:buffer';
import {expect, test} from '@jest/globals';
import {parseAuthorizedKeys} from '../../src/cloud-init/keys.js';
import {opensshKey, opensshPublicKey, rsaPem} from './keys-made.js';

const rsa = opensshPublicKey('rsa');
const [type, base64] = rsa.split(' ') as [string, string, string];

test.each(['rsa', 'ed25519', 'ecdsa'])('an %s line is read to its type and blob', (kind) => {
  const line = opensshPublicKey(kind);

  const [key] = parseAuthorizedKeys(line, 'the key');

  const words = line.split(' ');
  expect(key).toEqual({
    line: `${words[0]} ${words[1]}`,
    type: words[0],
    blob: Buffer.from(words[1]!, 'base64'),
  });
});

test.each([
  ['options', String.raw`from="10.0.0.0/8,\"x y\"",no-pty ${type} ${base64}`],
  ['a comment of several words', `${type} ${base64} me and you`],
  ['tabs', `${type}\t${base64}\tme`],
  ['a host before it, as ssh-keyscan prints', `[ci.example.com]:2222 ${type} ${base64}`],
  ['CRLF, indentation, empty and comment lines', `\r\n# a comment\r\n\r\n  ${rsa}\r\n`],
])('a line with %s is normalised', (_what, text) => {
  const keys = parseAuthorizedKeys(text, 'the key');

  expect(keys.map(({line}) => line)).toEqual([`${type} ${base64}`]);
});

test('every key of a file is read', () => {
  const keys = parseAuthorizedKeys(`${rsa}\n${opensshPublicKey('ed25519')}\n`, 'the key');

  expect(keys.map((key) => key.type)).toEqual(['ssh-rsa', 'ssh-ed25519']);
});

const bytes = Buffer.from(base64, 'base64');
test.each([
  ['an empty file', '\n', /is empty/v],
  ['a file of comments', '# nothing', /holds no key/v],
  ['a private key', rsaPem(), /is a private key; give the public key/v],
  ['an OpenSSH private key', opensshKey('rsa'), /is a private key; give the public key/v],
  [
    'a public key in PEM',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    /ssh-keygen -i/v,
  ],
  ['a public key in SSH2 form', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', /ssh-keygen -i/v],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA', /is a certificate/v],
  ['an unknown type', 'ssh-foo AAAA', /no key of a known type/v],
  ['a word alone', 'ssh-rsa', /cut off or damaged/v],
  [
    'a key with its end missing',
    `ssh-rsa ${base64.slice(0, 200)}`,
    /line 1, has a key that is cut off/v,
  ],
  ['a key with a part missing', `ssh-rsa ${bytes.subarray(0, 18).toString('base64')}`, /cut off/v],
  [
    'a key with more after it',
    `ssh-rsa ${Buffer.concat([bytes, bytes]).toString('base64')}`,
    /damaged/v,
  ],
  ['a key that is no base64', `ssh-rsa ${base64.slice(0, 100)}*${base64.slice(101)}`, /damaged/v],
  ['a type that is not the key’s own', `ssh-ed25519 ${base64}`, /says ssh-ed25519 but holds/v],
  ['a second line that is broken', `${rsa}\nssh-rsa AAAA`, /line 2,/v],
])('%s is refused', (_what, text, message) => {
  expect(() => parseAuthorizedKeys(text, 'source.tsa_public_key')).toThrow(message);
});
