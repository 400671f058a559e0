import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {kinds} from '../src/ci-server.js';

const root = path.join(import.meta.dirname, '..');

/**
 * What each part may import, itself and `errors` aside; `types` may be imported as types only.
 * A part is a folder of src, or a file by its name.
 */
const table: Record<string, {may: string[]; types?: string[]; libraries: string[]}> = {
  main: {may: ['cli'], libraries: []},
  cli: {may: [], libraries: ['@oclif/core']},
  help: {may: [], libraries: ['@oclif/core']},
  'error-report': {may: [], libraries: ['@oclif/core']},
  'command-not-found': {may: ['error-report'], libraries: ['@oclif/core', 'leven']},
  commands: {
    may: [
      'command',
      'flags',
      'format',
      'settings',
      'create-request',
      'emulator-keys',
      'workers',
      'cloud-init',
      'emulator',
      'resource-command',
      'resource',
      'ci-server',
    ],
    types: ['context'],
    libraries: ['@oclif/core', 'js-yaml'],
  },
  'resource-command': {may: ['command'], types: ['resource'], libraries: []},
  resource: {
    may: ['context', 'create-request', 'fields', 'format', 'settings', 'cloud-init', 'workers'],
    libraries: [],
  },
  command: {
    may: ['context', 'ci-server', 'error-report', 'flags', 'progress', 'settings'],
    libraries: ['@oclif/core'],
  },
  flags: {may: ['ci-server', 'duration', 'workers/defaults'], libraries: ['@oclif/core']},
  'create-request': {
    may: ['settings', 'cloud-init', 'workers'],
    types: ['ci-server'],
    libraries: [],
  },
  'emulator-keys': {may: [], libraries: []},
  progress: {may: [], types: ['context'], libraries: ['yocto-spinner']},
  format: {may: [], types: ['workers'], libraries: ['cli-table3']},
  workers: {
    may: ['cloud-init'],
    types: ['context', 'ci-server', 'digitalocean/types'],
    libraries: ['p-retry', 'p-limit'],
  },
  context: {may: ['digitalocean/client', 'ci-server', 'settings'], libraries: []},
  'ci-server': {
    may: [
      'concourse/ci-server',
      'concourse/settings',
      'taskcluster/ci-server',
      'taskcluster/settings',
      'settings',
    ],
    libraries: [],
  },
  digitalocean: {may: ['http', 'rate-limit'], libraries: []},
  concourse: {
    may: ['http', 'fields', 'settings', 'cloud-init'],
    types: ['ci-server'],
    libraries: ['ssh2', 'js-yaml'],
  },
  'cloud-init': {may: [], libraries: ['handlebars', 'js-yaml', 'node-forge']},
  fields: {may: ['duration'], libraries: ['leven']},
  duration: {may: [], libraries: []},
  settings: {may: [], libraries: []},
  errors: {may: [], libraries: []},
  http: {may: ['http-answers', 'http-gate', 'rate-limit'], libraries: ['got', 'p-retry']},
  'http-answers': {may: [], libraries: []},
  'http-gate': {may: [], libraries: []},
  'rate-limit': {may: [], libraries: ['p-queue']},
  taskcluster: {
    may: ['http', 'rate-limit', 'settings', 'cloud-init'],
    types: ['ci-server'],
    libraries: ['hawk'],
  },
  'start-worker': {may: ['http', 'settings', 'taskcluster'], libraries: ['js-yaml', 'yauzl']},
  readme: {may: ['start-worker'], libraries: []},
  emulator: {may: [], libraries: ['hono', '@hono/node-server', 'ssh2', 'js-yaml', 'p-limit']},
  build: {may: [], libraries: ['@oclif/core', 'esbuild']},
  runner: {may: [], libraries: ['esbuild']},
};

type Import = {from: string; to: string; isType: boolean};

async function sources(folder: string): Promise<string[]> {
  const files = await readdir(path.join(root, folder), {recursive: true});
  return files.filter((file) => /\.(?:ts|js)$/v.test(file)).map((file) => path.join(folder, file));
}

async function importsOf(file: string): Promise<Import[]> {
  const text = await readFile(path.join(root, file), 'utf8');
  const statics = text.matchAll(
    /^(?:import|export)(?<isType> type)?\s[^;]*?from '(?<to>[^']+)';$/gmv,
  );
  const dynamics = text.matchAll(/(?:import|typeof import)\('(?<to>[^']+)'\)/gv);
  return [...statics, ...dynamics].map(({0: whole, groups}) => ({
    from: file,
    to: groups!.to!,
    isType: groups!.isType !== undefined || whole.startsWith('typeof'),
  }));
}

function partOf(file: string): string {
  return path.relative('src', file).split(path.sep)[0]!.replace(/\.ts$/v, '');
}

function isAllowed({from, to, isType}: Import): boolean {
  const part = partOf(from);
  const rule = table[part];
  if (rule === undefined || to.startsWith('node:')) {
    return rule !== undefined;
  }

  if (!to.startsWith('.')) {
    return rule.libraries.some((library) => to === library || to.startsWith(`${library}/`));
  }

  const target = path.relative('src', path.join(path.dirname(from), to)).replace(/\.js$/v, '');
  const allowed = [
    part,
    ...(part === 'emulator' ? [] : ['errors']),
    ...rule.may,
    ...(isType ? (rule.types ?? []) : []),
  ];
  return allowed.some((each) => target === each || target.startsWith(`${each}/`));
}

test('imports go down the table only', async () => {
  const imports = (
    await Promise.all((await sources('src')).map(async (file) => importsOf(file)))
  ).flat();

  expect(imports.length).toBeGreaterThan(300);
  expect(imports.filter((each) => !isAllowed(each))).toEqual([]);
});

test('the table names no part that is not there', async () => {
  const parts = new Set((await sources('src')).map((file) => partOf(file)));

  expect(Object.keys(table).filter((part) => !parts.has(part))).toEqual([]);
});

test('no file has more than 250 lines, and most have fewer than 150', async () => {
  const files = await Promise.all(
    (await sources('src')).map(async (file) => ({
      file,
      lines: (await readFile(path.join(root, file), 'utf8')).split('\n').length,
    })),
  );

  expect(files.filter(({lines}) => lines > 250)).toEqual([]);
  expect(files.filter(({lines}) => lines > 150).length / files.length).toBeLessThan(0.2);
});

test('nothing asks which kind of CI server it has: the table of kinds is all there is', async () => {
  const one = String.raw`(?:['"](?:${kinds.join('|')})['"]|defaultKind\b|kinds\[)`;
  const asks = new RegExp(
    String.raw`(?:[!=]==|case|startsWith\(|includes\()\s*${one}|${one}\s*[!=]==`,
    'v',
  );
  const found: string[] = [];
  for (const file of (await sources('src')).filter((each) => !each.startsWith('src/emulator/'))) {
    if (asks.test(await readFile(path.join(root, file), 'utf8'))) {
      found.push(file);
    }
  }

  expect(kinds).toEqual(['concourse', 'taskcluster']);
  expect(found).toEqual([]);
});

test('reads the process environment at the edges only, and never ends the process', async () => {
  const files = (await sources('src')).filter((file) => !file.startsWith('src/emulator'));
  const found: string[] = [];
  for (const file of files) {
    const text = await readFile(path.join(root, file), 'utf8');
    if (/process\.(?:env\b|exit\()/v.test(text)) {
      found.push(file);
    }
  }

  expect(found.toSorted()).toEqual(['src/context.ts', 'src/start-worker/main.ts']);
});
