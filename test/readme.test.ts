import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import {load} from 'js-yaml';
import {startEmulator} from '../src/emulator/server.js';
import {Fields} from '../src/fields.js';
import {readParams, readSource} from '../src/resource/request.js';
import {usageMarkdown} from '../src/start-worker/usage.js';
import {environmentOf} from './support/run.js';

type Manifest = {
  commands: Record<string, {flags: Record<string, {env?: string; helpGroup?: string}>}>;
};

const root = path.join(import.meta.dirname, '..');

async function manifest(): Promise<Manifest['commands']> {
  const text = await readFile(path.join(root, 'oclif.manifest.json'), 'utf8');
  return (JSON.parse(text) as Manifest).commands;
}

/** The emulator's many switches explain themselves in its help. */
function flagsOf(command: string, flags: Manifest['commands'][string]['flags']): string[] {
  return Object.keys(flags).filter(
    (flag) => command !== 'emulator' || ['seed', 'json'].includes(flag),
  );
}

test('the README names every command and flag', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');

  const missing: string[] = [];
  for (const [command, {flags}] of Object.entries(await manifest())) {
    if (!new RegExp(`^### ${command.replaceAll(':', ' ')}(?: |$)`, 'mv').test(readme)) {
      missing.push(command);
    }

    missing.push(
      ...flagsOf(command, flags).filter(
        (flag) => !new RegExp(String.raw`--${flag}\b`, 'v').test(readme),
      ),
    );
  }

  expect(missing).toEqual([]);
});

test('the README names no flag that is not there', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const known = new Set([
    'some-flag',
    'short-version',
    ...Object.values(await manifest()).flatMap(({flags}) => Object.keys(flags)),
  ]);

  const named = [...readme.matchAll(/`--(?<flag>[a-z\-]+)/gv)].map(({groups}) => groups!.flag!);

  expect(named.filter((flag) => !known.has(flag))).toEqual([]);
});

test('every flag but --json has the environment variable of its name', async () => {
  const wrong: string[] = [];
  for (const [command, {flags}] of Object.entries(await manifest())) {
    for (const [flag, {env}] of Object.entries(flags)) {
      if (flag !== 'json' && env !== `DO_WORKER_${flag.toUpperCase().replaceAll('-', '_')}`) {
        wrong.push(`${command} --${flag}: ${env}`);
      }
    }
  }

  expect(wrong).toEqual([]);
});

test.each([
  ['`source`', readSource, []],
  ['`params` of a `put`', readParams, []],
  ['`params` of a `get`', readParams, ['drain']],
])("the README has a table of the resource's fields: %s", async (title, read, elsewhere) => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [table = ''] = readme.split(`**${title}**`)[1]!.split('\n\n**');
  const named = (text: string) =>
    [...text.matchAll(/`(?<field>[a-z_]+)`/gv)].map(({groups}) => groups!.field!);
  const problems: string[] = [];

  read(new Fields('', {'no such field': ''}, problems));

  const known = problems.at(-1)!.split('there are ')[1]!.split(', ');
  expect(known.filter((field) => !named(table).includes(field))).toEqual(elsewhere);
  const [, , ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
  const first = rows.flatMap((row) => named(row.split('|')[1]!));
  expect(first.length).toBeGreaterThan(4);
  expect(first.filter((field) => !known.includes(field))).toEqual([]);
});

test('the README has the fields of the runner configuration as start-worker has them', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');

  expect(readme).toContain(`-->\n\n${usageMarkdown()}\n\n<!-- end`);
});

/** The text of the code blocks of a language in the README. */
async function blocks(language: string): Promise<string[]> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const fences = readme.matchAll(/^```(?<language>\w*)\n(?<text>.*?)^```$/gmsv);
  return [...fences].flatMap(({groups}) => (groups!.language === language ? [groups!.text!] : []));
}

test('the job for Kubernetes runs a command that is there', async () => {
  const job = (await blocks('yaml')).find((text) => text.includes('CronJob'));
  const {spec} = load(job!) as {spec: {concurrencyPolicy: string}};

  const {command} = /args: \[(?<command>.*)\]/v.exec(job!)!.groups!;

  expect(spec.concurrencyPolicy).toBe('Forbid');
  expect(Object.keys(await manifest())).toContain(command);
});

test('the line for cron takes the environment file that systemd takes too', async () => {
  await using emulator = await startEmulator();
  const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));
  const environment = path.join(folder, 'environment');
  const settings = Object.entries(await environmentOf(emulator));
  await writeFile(environment, settings.map(([name, value]) => `${name}=${value}\n`).join(''));
  await symlink(path.join(root, 'bin/do-worker.js'), path.join(folder, 'do-worker'));
  const crontab = (await blocks('')).find((text) => text.includes('do-worker cleanup'));
  const line = /^\*\/10 \* \* \* \* (?<command>.*)$/mv.exec(crontab!)!.groups!.command!;

  const here = line.replaceAll(/\/etc\/do-worker|\/var\/lib\/node_exporter/gv, () => folder);
  const PATH = `${folder}:${path.dirname(process.execPath)}:/usr/bin:/bin`;
  const child = spawn('/bin/sh', ['-c', here], {env: {PATH, HOME: folder}, stdio: 'ignore'});
  const [code] = (await once(child, 'close')) as [number | null];

  expect(code).toBe(0);
  expect(await readFile(path.join(folder, 'do-worker.prom'), 'utf8')).toContain('last_success');
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

(hasSystemd ? test : test.skip)(
  'systemd has nothing against the units (skipped without systemd-analyze)',
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'do-worker-'));
    const names: Record<string, string> = {
      '[Timer]': 'do-worker-cleanup.timer',
      cleanup: 'do-worker-cleanup.service',
      'start-worker': 'taskcluster.service',
    };
    const units = Object.entries(names).map(([sign, name]) => ({
      sign,
      file: path.join(folder, name),
    }));
    const texts = await blocks('ini');
    for (const {sign, file} of units) {
      const text = texts.find((each) => each.includes(sign))!;
      await writeFile(file, text.replace(/\/usr\/local\/bin\/\S+/v, '/bin/true'));
    }

    const {status, stderr} = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...units.map(({file}) => file)],
      {encoding: 'utf8'},
    );

    expect(texts).toHaveLength(units.length);
    expect({status, stderr}).toEqual({status: 0, stderr: ''});
  },
);
