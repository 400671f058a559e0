import {spawnSync} from 'node:child_process';
import {symlink} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import {makeFolder} from '../start-worker/folder.js';

const root = path.join(import.meta.dirname, '../..');

function run(command: string, given: string[], cwd: string) {
  const {status, stdout, stderr} = spawnSync(command, given, {cwd, encoding: 'utf8'});
  return {status, stdout, stderr};
}

test('what npm packs has all that its commands need', async () => {
  await using folder = await makeFolder();
  const unpacked = folder.at('package');
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder.at('')];

  const archive = run('npm', pack, root).stdout.trim();
  run('tar', ['-xzf', archive], folder.at(''));
  // Its one dependency.
  await symlink(path.join(root, 'node_modules'), path.join(unpacked, 'node_modules'));
  const version = run(process.execPath, ['bin/do-worker.js', '--version'], unpacked);
  const help = run(process.execPath, ['bin/do-worker.js', 'create', '--help'], unpacked);
  const runner = run(process.execPath, ['bin/start-worker.js', '--version'], unpacked);

  expect(version).toMatchObject({status: 0, stderr: ''});
  expect(help).toMatchObject({status: 0, stderr: '', stdout: expect.stringContaining('--count')});
  expect(runner).toMatchObject({status: 0, stderr: ''});
});
