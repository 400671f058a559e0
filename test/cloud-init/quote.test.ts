import {execFileSync, spawnSync} from 'node:child_process';
import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {load} from 'js-yaml';
import {foldScalars, quoteEnv, quoteYaml} from '../../src/cloud-init/quote.js';

const hostile = fc.constantFrom(
  '"',
  "'",
  '\\',
  '`',
  '$',
  '#',
  ': ',
  '- ',
  '---\n',
  '...\n',
  '\n',
  '\r',
  '\t',
  ' ',
  '\u{0}',
  '\u{7F}',
  '\u{85}',
  '\u{2028}',
  '\u{FEFF}',
  'é',
  '😀',
  '%',
  '{{',
  String.raw`\n`,
  '\\\n',
  '${',
  '&a',
  '*a',
  '!x',
  'A=b',
  ';',
);
const mixed = fc.oneof(hostile, fc.string());
const text = fc
  .oneof(
    fc.array(hostile, {maxLength: 12}).map((parts) => parts.join('')),
    fc.string({unit: 'binary', maxLength: 20}),
    fc.array(mixed, {maxLength: 6}).map((parts) => parts.join('')),
  )
  .filter((value) => value.isWellFormed());

const document = (value: unknown) =>
  foldScalars(
    `list:\n  - key: ${quoteYaml(value)}\n    nested:\n      deep:\n        value: ${quoteYaml(value)}\n`,
  );
const parsed = (value: unknown) => ({list: [{key: value, nested: {deep: {value}}}]});

test('any text comes back from js-yaml as it was, and is ASCII in between', () => {
  fc.assert(
    fc.property(text, (value) => {
      const yaml = document(value);

      expect(yaml).toMatch(/^[\n\u{20}-\u{7E}]*$/v);
      expect(load(yaml)).toEqual(parsed(value));
    }),
    {numRuns: 500},
  );
});

test('lists, numbers and truth values keep their type', () => {
  expect(load(document(['a: b', '', '#']))).toEqual(parsed(['a: b', '', '#']));
  expect(load(document([]))).toEqual(parsed([]));
  expect(load(document(7200))).toEqual(parsed(7200));
  expect(load(document(false))).toEqual(parsed(false));
  expect(load(document('false'))).toEqual(parsed('false'));
});

const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import yaml']).status === 0,
);
const withPython = python === undefined ? test.skip : test;

withPython(
  `any text comes back from cloud-init's own parser${python === undefined ? ' (skipped: no python3 with the yaml module)' : ''}`,
  () => {
    const values = fc.sample(text, 400);
    const script =
      'import json, sys, yaml\nfor d in json.load(sys.stdin): print(json.dumps(yaml.safe_load(d)))';

    const output = execFileSync(python!, ['-c', script], {
      input: JSON.stringify(values.map((value) => document(value))),
      encoding: 'utf8',
    });

    const documents = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(documents).toEqual(values.map((value) => parsed(value)));
  },
);

const variable = text.filter((value) => !value.includes('\0'));

test('any text comes back from an EnvironmentFile, next to other variables', () => {
  fc.assert(
    fc.property(variable, variable, (a, b) => {
      expect(environmentFile(`A=${quoteEnv(a)}\nB=${quoteEnv(b)}\nC=plain\n`)).toEqual({
        A: a,
        B: b,
        C: 'plain',
      });
    }),
    {numRuns: 500},
  );
});

test('sh reads the same', () => {
  const values = fc.sample(variable, 200);
  const lines = values.map((value) => `V=${quoteEnv(value)}; printf '%s\\0' "$V"\n`);

  const output = execFileSync('sh', {input: lines.join(''), encoding: 'utf8'});

  expect(output.split('\0').slice(0, -1)).toEqual(values);
});

test('a list in an environment variable is joined with commas', () => {
  expect(quoteEnv(['a', 'b$'])).toBe(String.raw`"a,b\$"`);
});

test.each([
  ['an empty list', []],
  ['an item with a comma', ['a,b']],
  ['an empty item', ['a', '']],
  ['a NUL character', 'a\0b'],
  ['half a surrogate pair', '\u{D83D}'],
  ['nothing', undefined],
])('%s cannot be an environment variable', (_what, value) => {
  expect(() => quoteEnv(value)).toThrow();
});

test('half a surrogate pair cannot be quoted for YAML', () => {
  expect(() => quoteYaml('a\u{DC00}b')).toThrow('surrogate pair');
});

/** The rules of systemd's parse_env_file: https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html */
function environmentFile(content: string): Record<string, string> {
  const variables: Record<string, string> = {};
  let at = 0;
  while (at < content.length) {
    const equals = content.indexOf('=', at);
    const key = content.slice(at, equals).trim();
    let value = '';
    at = equals + 1;
    if (content[at] === '"') {
      at++;
      while (content[at] !== '"') {
        if (content[at] === '\\') {
          at++;
          const kept = '"\\`$'.includes(content[at]!) ? '' : '\\';
          value += content[at] === '\n' ? '' : kept + content[at];
        } else {
          value += content[at];
        }

        at++;
      }

      expect(content[at + 1]).toBe('\n');
      at += 2;
    } else {
      const end = content.indexOf('\n', at);
      value = content.slice(at, end);
      at = end + 1;
    }

    variables[key] = value;
  }

  return variables;
}
