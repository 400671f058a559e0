import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';

const script = path.join(import.meta.dirname, '../../src/runner.ts');

type Options = {cwd?: string; env?: Record<string, string>};

function run(command: string, given: string[], options: Options = {}): string {
  const {status, stdout, stderr} = spawnSync(command, given, {encoding: 'utf8', ...options});
  expect({status, stderr}).toEqual({status: 0, stderr: ''});
  return stdout;
}

const isHere = spawnSync('zstd', ['--version']).status === 0;
const title = 'the archive for droplets holds a start-worker that needs nothing else';

// As droplets unpack it; the levels of compression differ in size and time only.
(isHere ? test : test.skip)(
  isHere ? title : `${title}: skipped, there is no zstd`,
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'runner-'));
    try {
      run(process.execPath, [script, '--level', '1', '--to', folder]);
      const [archive = '', checksum = ''] = (await readdir(folder)).toSorted();
      run('tar', ['--zstd', '-xf', archive], {cwd: folder});

      const stdout = run(path.join(folder, 'start-worker/bin/start-worker'), ['--version'], {
        env: {PATH: '/usr/bin:/bin'},
      });

      const bytes = await readFile(path.join(folder, archive));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const {version} = JSON.parse(
        await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8'),
      ) as {version: string};
      expect(stdout).toBe(`start-worker ${version}\n`);
      expect(archive).toBe(`start-worker-${version}-linux-x64.tar.zst`);
      expect(await readFile(path.join(folder, checksum), 'utf8')).toBe(`${sha256}  ${archive}\n`);
    } finally {
      await rm(folder, {recursive: true});
    }
  },
  60_000,
);

test('a package that is published is built together with its archive, so it names its checksum', async () => {
  const {scripts} = JSON.parse(
    await readFile(path.join(import.meta.dirname, '../../package.json'), 'utf8'),
  ) as {scripts: Record<string, string>};

  // A build alone would empty dist/, and with it take the checksum away.
  expect(scripts.prepack).toBe('npm run runner');
});
