import {spawnSync} from 'node:child_process';
import {mkdtemp, readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {Fields} from '../src/fields.js';
import {readParams, readSource} from '../src/resource/request.js';
import {usageMarkdown} from '../src/start-worker/usage.js';

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
  ['`source`', readSource],
  ['`params` of a `put`', readParams],
])("the README has a table of the resource's fields: %s", async (title, read) => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [table = ''] = readme.split(`**${title}**`)[1]!.split('\n\n**');
  const named = (text: string) =>
    [...text.matchAll(/`(?<field>[a-z_]+)`/gv)].map(({groups}) => groups!.field!);
  const problems: string[] = [];

  read(new Fields('', {'no such field': ''}, problems));

  const known = problems.at(-1)!.split('there are ')[1]!.split(', ');
  expect(known.filter((field) => !named(table).includes(field))).toEqual([]);
  const [, , ...rows] = table.split('\n').filter((line) => line.startsWith('|'));
  const first = rows.flatMap((row) => named(row.split('|')[1]!));
  expect(first.length).toBeGreaterThan(5);
  expect(first.filter((field) => !known.includes(field))).toEqual([]);
});

test('the README has the fields of the runner configuration as start-worker has them', async () => {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');

  expect(readme).toContain(`-->\n\n${usageMarkdown()}\n\n<!-- end`);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

(hasSystemd ? test : test.skip)(
  'systemd has nothing against the unit of start-worker (skipped without systemd-analyze)',
  async () => {
    const readme = await readFile(path.join(root, 'README.md'), 'utf8');
    const unit = [...readme.matchAll(/```ini\n(?<text>.*?)```/gsv)]
      .map(({groups}) => groups!.text!)
      .find((text) => text.includes('start-worker'))!;
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'do-worker-')), 'taskcluster.service');
    await writeFile(file, unit.replace('/usr/local/bin/start-worker', '/bin/true'));

    const {status, stderr} = spawnSync('systemd-analyze', ['verify', file], {encoding: 'utf8'});

    expect({status, stderr}).toEqual({status: 0, stderr: ''});
  },
);
