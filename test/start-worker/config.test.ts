import {execFileSync} from 'node:child_process';
import {chmod, mkdir, symlink, writeFile} from 'node:fs/promises';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {configFields, parseRunnerConfig, readRunnerConfig} from '../../src/start-worker/config.js';
import {collectLog} from './collect.js';
import {foreignFile, makeFolder, modeOf} from './folder.js';

const minimal = `
provider: {providerType: static, staticSecret: s3cret}
worker: {implementation: generic-worker, path: /gw}
`;

async function startFile(text: string, mode = 0o600) {
  const folder = await makeFolder();
  const file = folder.at('runner.yml');
  await writeFile(file, text);
  await chmod(file, mode);
  return {...folder, file};
}

const isRoot = process.getuid?.() === 0;

test('reads a configuration that only its owner may read', async () => {
  await using own = await startFile(`${minimal}
workerConfig: {a: [1, {b: null}]}
getSecrets: false
cacheOverRestarts: /var/cache/state.json
logging: {implementation: stdio}
unknownField: ignored
`);
  const log = collectLog();

  const config = await readRunnerConfig(own.file, log);

  expect(config).toMatchObject({
    provider: {type: 'static', section: {name: 'provider', fields: {staticSecret: 's3cret'}}},
    worker: {implementation: 'generic-worker', section: {name: 'worker', fields: {path: '/gw'}}},
    workerConfig: {a: [1, {b: null}]},
    getSecrets: false,
    cacheOverRestarts: '/var/cache/state.json',
    logging: {implementation: 'stdio'},
  });
  expect(log.lines).toEqual([`Loading worker-runner configuration from ${own.file}`]);
});

test.each([
  ['nothing', ''],
  ['nulls', 'workerConfig:\ngetSecrets:\ncacheOverRestarts:\nlogging:'],
  ['an empty file name', 'cacheOverRestarts: ""'],
])('has its defaults for %s', (_title, rest) => {
  expect(parseRunnerConfig(`${minimal}${rest}`)).toMatchObject({
    workerConfig: {},
    getSecrets: true,
    cacheOverRestarts: undefined,
    logging: undefined,
  });
});

test.each([
  ['yes', true],
  ['On', true],
  ['no', false],
  ['OFF', false],
  ['n', false],
])('getSecrets may be %s', (text, expected) => {
  expect(parseRunnerConfig(`${minimal}getSecrets: ${text}`)).toMatchObject({getSecrets: expected});
});

test('JSON is YAML, and so are aliases and merge keys', () => {
  const json = parseRunnerConfig(
    '{"provider": {"providerType": "static"}, "worker": {"implementation": "dummy"}}',
  );
  const yaml = parseRunnerConfig(`
worker: &base {implementation: dummy, path: /w}
provider: {<<: *base, providerType: static}
`);

  expect(json.worker.implementation).toBe('dummy');
  expect(yaml.provider.section.fields).toEqual({
    implementation: 'dummy',
    path: '/w',
    providerType: 'static',
  });
});

test.each([
  ['{provider: {a: 1}}', 'provider config must have a `providerType` property'],
  ['{provider: {providerType: 5}}', "provider config's `providerType` property must be a string"],
  [
    '{provider: {providerType: p}, worker: {a: 1}}',
    'worker implementation config must have an `implementation` property',
  ],
  [
    '{provider: {providerType: p}, worker: {implementation: [w]}}',
    "worker implementation config's `implementation` property must be a string",
  ],
  [`${minimal}logging: {}`, 'logging config must have a `implementation` property'],
  [
    `${minimal}logging: {implementation: 1}`,
    "logging config's `implementation` property must be a string",
  ],
  [
    `${minimal}cacheOverRestarts: true`,
    'configuration value `cacheOverRestarts` should have type string, got boolean',
  ],
  [
    `${minimal}getSecrets: never`,
    'configuration value `getSecrets` should have type boolean, got string',
  ],
  [
    `${minimal}workerConfig: [1]`,
    'configuration value `workerConfig` should have type object, got array',
  ],
  ['provider: static', 'configuration value `provider` should have type object, got string'],
  ['[1]', 'it should hold an object, not array'],
  ['~', 'it should hold an object, not nothing'],
  ['', 'not valid YAML: expected a document, but the input is empty'],
  ['a: 1\na: 2', 'not valid YAML in line 2: duplicated mapping key'],
  [`${minimal}x: *s3cret`, 'not valid YAML in line 4: unidentified alias'],
  [`${minimal}x: !s3cret y`, 'not valid YAML in line 4: unknown scalar tag'],
  [`${minimal}x: &x [*x]`, 'not valid YAML: an alias (`*name`) may make it endless'],
])('refuses %j', (text, message) => {
  expect(() => parseRunnerConfig(text)).toThrow(
    expect.objectContaining({message, code: 'RUNNER_CONFIG'}),
  );
});

test.each([
  ['{worker: {implementation: w}}', 'no provider given in configuration'],
  ['{provider: , worker: {implementation: w}}', 'no provider given in configuration'],
  ['{provider: {providerType: p}}', 'no worker implementation given in configuration'],
  ['{}', 'no provider given in configuration'],
  [
    '{provider: {a: 1}}',
    'error loading runner config file FILE: provider config must have a `providerType` property',
  ],
])('of the file %j it says %j', async (text, message) => {
  await using own = await startFile(text);

  await expect(readRunnerConfig(own.file, collectLog())).rejects.toMatchObject({
    code: 'RUNNER_CONFIG',
    message: message.replace('FILE', () => own.file),
  });
});

test('no damage to a configuration makes it a bug, or shows what it holds', () => {
  const good = `
provider:
  providerType: static
  staticSecret: "s3cret-s3cret"
worker: {implementation: generic-worker, path: /s3cret, list: [s3cret, 'x']}
workerConfig: {a: {b: |
   s3cret
  }, token: s3cret}
`;
  const piece = fc.constantFrom(
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ':',
    '\t',
    '\n',
    '*s3cret',
    '&s3cret ',
    '!s3cret ',
    '%',
    '@',
    '? ',
    '- ',
    '<<: ',
    '\\',
    '\0',
    '|',
    '#',
    '__proto__',
    '~',
    '1',
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(good.length), fc.nat(12), piece), {minLength: 1, maxLength: 4}),
      (damages) => {
        let text = good;
        for (const [at, length, added] of damages) {
          text = text.slice(0, at) + added + text.slice(at + length);
        }

        try {
          parseRunnerConfig(text);
        } catch (error) {
          expect(error).toMatchObject({
            code: 'RUNNER_CONFIG',
            message: expect.stringMatching(/\w/v),
          });
          expect(JSON.stringify([error, (error as Error).message])).not.toContain('cret');
          expect((error as Error).cause).toBeUndefined();
        }
      },
    ),
    {numRuns: 2000},
  );
});

test.each([
  [0o600, 0o600, false],
  [0o400, 0o400, false],
  [0o700, 0o700, false],
  [0o640, 0o600, true],
  [0o604, 0o600, true],
  [0o644, 0o600, true],
  [0o666, 0o600, true],
  [0o620, 0o600, true],
  [0o601, 0o600, true],
])('mode %o becomes %o', async (mode, after, isTightened) => {
  await using own = await startFile(minimal, mode);
  const log = collectLog();

  await readRunnerConfig(own.file, log);

  expect(await modeOf(own.file)).toBe(`0${after.toString(8)}`);
  const warning = `WARNING: runner config file ${own.file} had insecure permissions and has been tightened from 0${mode.toString(8)} to 0600; create it with that mode`;
  expect(log.lines.slice(1)).toEqual(isTightened ? [warning] : []);
});

test.each([0o200, 0o000, 0o244])(
  'mode %o, which its owner may not read, is refused',
  async (mode) => {
    await using own = await startFile(minimal, mode);

    const text = mode.toString(8).padStart(4, '0');
    const message = isRoot
      ? `error loading runner config file ${own.file}: ${own.file} has mode ${text}; owner-read bit must be set`
      : `error loading runner config file ${own.file}: cannot read ${own.file}: no permission`;
    await expect(readRunnerConfig(own.file, collectLog())).rejects.toThrow(message);
    expect(await modeOf(own.file)).toBe(text);
  },
);

test("another user's file is refused, and not tightened", async () => {
  await using folder = await makeFolder();
  const file = await foreignFile(folder);

  await expect(readRunnerConfig(file, collectLog())).rejects.toThrow(
    /has incorrect owner id \d+ \(expected \d+\); refusing to tighten permissions 0644$/v,
  );
  expect(await modeOf(file)).toBe('0644');
});

test('only a regular file is read, and none is waited for', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.at('real'), minimal, {mode: 0o600});
  await symlink(folder.at('real'), folder.at('link'));
  await mkdir(folder.at('folder'));
  execFileSync('mkfifo', ['-m', '600', folder.at('pipe')]);
  const read = async (name: string) => readRunnerConfig(folder.at(name), collectLog());

  await expect(read('link')).rejects.toThrow(
    `error loading runner config file ${folder.at('link')}: ${folder.at('link')} is a symbolic link`,
  );
  await expect(read('pipe')).rejects.toThrow('pipe is not a regular file (mode 10600)');
  await expect(read('folder')).rejects.toThrow('folder is not a regular file (mode 40755)');
  await expect(read('absent')).rejects.toThrow(
    `error loading runner config file ${folder.at('absent')}: no such file`,
  );
  await expect(read('real/below')).rejects.toThrow('no such folder');
});

test('documents what it reads', () => {
  expect(configFields.map(({name}) => name)).toEqual([
    'provider.providerType',
    'worker.implementation',
    'workerConfig',
    'getSecrets',
    'cacheOverRestarts',
    'logging.implementation',
  ]);
});
