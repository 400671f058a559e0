import {spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {createReadStream, createWriteStream} from 'node:fs';
import {chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {pipeline} from 'node:stream/promises';
import {parseArgs} from 'node:util';
import {constants, createZstdCompress} from 'node:zlib';
import {build} from 'esbuild';

/**
 * Packs start-worker and the Node that it runs on into one archive, for droplets to download: both in one request,
 * unpacked in a fraction of a second. Its checksum goes beside it, and into dist/ for user-data to name.
 */
const root = path.join(import.meta.dirname, '..');
const {values} = parseArgs({
  options: {
    /** Elsewhere than to release/, it is none: then user-data must not name its checksum. */
    to: {type: 'string'},
    level: {type: 'string', default: '19'},
  },
});
const {version} = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
  version: string;
};
const name = `start-worker-${version}-linux-x64.tar.zst`;
const launcher = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/start-worker.js" "$@"
`;

const work = await mkdtemp(path.join(tmpdir(), 'start-worker-'));
try {
  const folder = path.join(work, 'start-worker');
  const bin = path.join(folder, 'bin');
  await mkdir(bin, {recursive: true});
  await build({
    entryPoints: [path.join(root, 'dist/start-worker/main.js')],
    outfile: path.join(folder, 'dist/start-worker/main.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({version, type: 'module'}));
  await copyFile(path.join(root, 'bin/start-worker.js'), path.join(bin, 'start-worker.js'));
  await writeFile(path.join(bin, 'start-worker'), launcher);
  await copyFile(path.join(root, 'node_modules/node/bin/node'), path.join(bin, 'node'));
  // A tenth of its size is names of functions; where there is no strip, they stay.
  spawnSync('strip', [path.join(bin, 'node')]);
  await Promise.all(
    ['start-worker', 'node'].map(async (file) => chmod(path.join(bin, file), 0o755)),
  );

  const {to = path.join(root, 'release')} = values;
  await mkdir(to, {recursive: true});
  const archive = path.join(to, name);
  await pack(work, archive);
  const line = `${await sha256(archive)}  ${name}\n`;
  await writeFile(`${archive}.sha256`, line);
  if (values.to === undefined) {
    await writeFile(path.join(root, 'dist', `${name}.sha256`), line);
  }

  const {size} = await stat(archive);
  process.stdout.write(`${archive}: ${(size / 1e6).toFixed(1)} MB\n`);
} finally {
  await rm(work, {recursive: true});
}

/** The same bytes whenever and by whomever it is made. */
async function pack(from: string, archive: string): Promise<void> {
  const tar = spawn(
    'tar',
    [
      '-c',
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mtime=@0',
      'start-worker',
    ],
    {cwd: from, stdio: ['ignore', 'pipe', 'inherit']},
  );
  const level = {[constants.ZSTD_c_compressionLevel]: Number(values.level)};
  await pipeline(tar.stdout, createZstdCompress({params: level}), createWriteStream(archive));
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
