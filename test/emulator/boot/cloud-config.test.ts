import {gzipSync} from 'node:zlib';
import {expect, test} from '@jest/globals';
import {readCloudConfig} from '../../../src/emulator/boot/cloud-config.js';

const read = (lines: string[]) =>
  readCloudConfig(`${['#cloud-config', ...lines].join('\n')}\n`, 'm');

test('files are written with their modes; unquoted modes are octal as in YAML 1.1', () => {
  const {files} = read([
    'write_files:',
    '- {path: /a, content: text}',
    "- {path: /b, content: '', permissions: '0600'}",
    '- {path: /c, permissions: 0640}',
  ]);

  expect(Object.fromEntries(files)).toEqual({
    '/a': {content: 'text', mode: 0o644},
    '/b': {content: '', mode: 0o600},
    '/c': {content: '', mode: 0o640},
  });
});

test('content may be base64, zipped or appended', () => {
  const zipped = gzipSync('zip').toString('base64');
  const {files} = read([
    'write_files:',
    '- {path: /a, encoding: b64, content: aGk=}',
    `- {path: /b, encoding: gzip+base64, content: ${zipped}}`,
    '- {path: /a, content: " there", append: true}',
  ]);

  expect(files.get('/a')?.content).toBe('hi there');
  expect(files.get('/b')?.content).toBe('zip');
});

test('the hostname is the name of the machine unless the config names another', () => {
  expect(read(['{}']).hostname).toBe('m');
  expect(read(['hostname: other']).hostname).toBe('other');
});

test('commands are text or lists', () => {
  expect(read(['runcmd:', '- echo hi', '- [systemctl, start, a]']).bootCommands).toEqual([
    'echo hi',
    'systemctl start a',
  ]);
});

for (const [what, text, reason] of [
  ['another first line', '#!/bin/sh\n', 'does not start with a line #cloud-config'],
  ['an indented first line', ' #cloud-config\n', 'does not start with a line #cloud-config'],
  ['broken YAML', '#cloud-config\na: [s3cret\n', 'is not YAML (line 3)'],
  ['a list', '#cloud-config\n- s3cret\n', 'is not a YAML mapping'],
  ['an entry without a path', '#cloud-config\nwrite_files: [{content: s3cret}]\n', 'has no path'],
  [
    'an odd encoding',
    '#cloud-config\nwrite_files: [{path: /a, encoding: rot13}]\n',
    'encoding of /a',
  ],
  [
    'a broken zip',
    '#cloud-config\nwrite_files: [{path: /a, encoding: gz+b64, content: aaaa}]\n',
    '/a',
  ],
] as const) {
  test(`${what} is refused in one line that quotes nothing`, () => {
    let message = '';
    try {
      readCloudConfig(text, 'm');
    } catch (error) {
      ({message} = error as Error);
    }

    expect(message).toContain(reason);
    expect(message).not.toContain('\n');
    expect(message).not.toContain('s3cret');
  });
}
