import {Buffer} from 'node:buffer';
import {chmod, mkdir, readdir, readFile, stat, symlink, writeFile} from 'node:fs/promises';
import {buffer} from 'node:stream/consumers';
import {expect, test} from '@jest/globals';
import {ZipFile} from 'yazl';
import {extractFiles} from '../../src/start-worker/files.js';
import {collectLog} from './collect.js';
import {makeFolder, modeOf} from './folder.js';

const base64 = (content: string | Buffer) => Buffer.from(content).toString('base64');
const fileOf = (path: string, content: string | Buffer, format = 'file') => ({
  description: 'a thing',
  path,
  content: base64(content),
  encoding: 'base64',
  format,
});
const extract = async (files: Parameters<typeof extractFiles>[0]) => {
  const log = collectLog();
  await extractFiles(files, log, AbortSignal.timeout(10_000));
  return log.lines;
};

/** What the umask leaves of a mode. */
async function allowed(mode: number): Promise<string> {
  await using folder = await makeFolder();
  await mkdir(folder.at('probe'), {mode});
  return await modeOf(folder.at('probe'));
}

/** Entries by name, those of folders with a slash at the end; names may be any of the same length. */
async function makeZip(
  entries: Array<{name: string; rename?: string; content?: string | Buffer; mode?: number}>,
): Promise<Buffer> {
  const zip = new ZipFile();
  for (const {name, content = 'content', mode} of entries) {
    const options = {...(mode !== undefined && {mode})};
    if (name.endsWith('/')) {
      zip.addEmptyDirectory(name, options);
    } else {
      zip.addBuffer(Buffer.from(content), name, options);
    }
  }

  zip.end();
  const bytes = await buffer(zip.outputStream);
  for (const {name, rename = name} of entries) {
    expect(rename).toHaveLength(name.length);
    for (let at = bytes.indexOf(name); at !== -1; at = bytes.indexOf(name, at + 1)) {
      bytes.write(rename, at, 'latin1');
    }
  }

  return bytes;
}

/** Where the central directory's record of the first entry starts. */
const recordAt = (zip: Buffer) => zip.indexOf(Buffer.from('504b0102', 'hex'));

test('writes files in their order, executable, into folders that it makes', async () => {
  await using folder = await makeFolder();
  const file = folder.at('a/b/run.sh');

  const lines = await extract([fileOf(file, 'first'), fileOf(file, '#!')]);

  expect(await readFile(file, 'utf8')).toBe('#!');
  expect(await modeOf(file)).toBe(await allowed(0o777));
  expect(await modeOf(folder.at('a/b'))).toBe(await allowed(0o755));
  expect(lines).toEqual([`Writing a thing to path ${file}`, `Writing a thing to path ${file}`]);
});

test('a file that is there keeps its mode', async () => {
  await using folder = await makeFolder();
  const file = folder.at('secret');
  await writeFile(file, 'much longer than before');
  await chmod(file, 0o600);

  await extract([fileOf(file, 'new')]);

  expect(await readFile(file, 'utf8')).toBe('new');
  expect(await modeOf(file)).toBe('0600');
});

test('base64 may have lines, but nothing else that it does not know', async () => {
  await using folder = await makeFolder();
  const file = folder.at('f');

  await extract([{...fileOf(file, ''), content: 'aGVs\r\nbG8=\n'}]);

  expect(await readFile(file, 'utf8')).toBe('hello');
  for (const content of ['aGVsbG8', 'aGVs bG8=', 'aGV_bG8=', '====', 'a===', 'aG=sbG8=']) {
    await expect(extract([{...fileOf(file, ''), content}])).rejects.toThrow(
      `error extracting file ${file}: content is not valid base64`,
    );
  }
});

test('a file may have many megabytes', async () => {
  await using folder = await makeFolder();
  const file = folder.at('f');
  const content = Buffer.alloc(20_000_000, 'large ');

  await extract([fileOf(file, content)]);

  expect((await readFile(file)).equals(content)).toBe(true);
});

test.each([
  [{encoding: 'hex'}, 'Unsupported encoding hex for worker file'],
  [{encoding: ''}, 'Unsupported encoding  for worker file'],
  [{format: 'tar'}, 'Unknown file format tar in worker files'],
  [{path: ''}, 'no such file'],
  [{path: '/dev/null/x/y'}, 'no such folder'],
  [{path: '/tmp'}, 'it is a folder'],
  [
    {format: 'zip'},
    'not a valid zip file: End of central directory record signature not found. Either not a zip file, or file is truncated.',
  ],
])('with %j extraction ends', async (changes, message) => {
  await using folder = await makeFolder();
  const file = {...fileOf(folder.at('f'), 'x'), ...changes};
  const after = fileOf(folder.at('after'), 'x');

  await expect(extract([file, after])).rejects.toThrow(
    expect.objectContaining({message: `error extracting file ${file.path}: ${message}`}),
  );
  expect(await readdir(folder.at('.'))).not.toContain('after');
});

test('unzips with the modes of the entries, into folders that it makes', async () => {
  await using folder = await makeFolder();
  const target = folder.at('x/target');
  const big = Buffer.alloc(300_000, 'repeat ');
  const zip = await makeZip([
    {name: 'private/', mode: 0o4_0700},
    {name: 'private/key', mode: 0o10_0600},
    {name: 'bin/deep/run', mode: 0o10_0755, content: big},
    {name: 'empty', content: ''},
  ]);

  const lines = await extract([fileOf(target, zip, 'zip')]);

  expect(lines).toEqual([`Unzipping a thing to path ${target}`]);
  expect(await readFile(`${target}/bin/deep/run`)).toEqual(big);
  expect(await readFile(`${target}/empty`, 'utf8')).toBe('');
  expect(await modeOf(`${target}/private`)).toBe('0700');
  expect(await modeOf(`${target}/private/key`)).toBe('0600');
  expect(await modeOf(`${target}/bin/deep/run`)).toBe(await allowed(0o755));
  expect(await modeOf(`${target}/bin/deep`)).toBe(await allowed(0o755));
});

test('files that are there are overwritten, and shorter then', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.at('f'), 'much longer than before');

  await extract([fileOf(folder.at('.'), await makeZip([{name: 'f', content: 'new'}]), 'zip')]);

  expect(await readFile(folder.at('f'), 'utf8')).toBe('new');
});

test.each(['../x', 'a/../../x', '..', 'a\0b', '../target-2/x'])(
  'an entry %j is refused, those before it stay',
  async (name) => {
    await using folder = await makeFolder();
    const zip = await makeZip([
      {name: 'before'},
      {name: 'z'.repeat(name.length), rename: name},
      {name: 'after'},
    ]);

    await expect(extract([fileOf(folder.at('target'), zip, 'zip')])).rejects.toThrow(
      expect.objectContaining({
        message: `error extracting file ${folder.at('target')}: illegal file path in zip: ${name}`,
      }),
    );
    expect(await readdir(folder.at('.'), {recursive: true})).toEqual(['target', 'target/before']);
  },
);

test('an absolute path is one below the target', async () => {
  await using folder = await makeFolder();
  const zip = await makeZip([
    {name: 'zzzz', rename: '/a/b'},
    {name: 'yyyyyy', rename: 'c/../d'},
  ]);

  await extract([fileOf(folder.at('target'), zip, 'zip')]);

  expect(await readdir(folder.at('.'), {recursive: true})).toEqual([
    'target',
    'target/a',
    'target/d',
    'target/a/b',
  ]);
});

test('a link in a zip becomes a plain file', async () => {
  await using folder = await makeFolder();
  const zip = await makeZip([
    {name: 'link', mode: 0o12_0777, content: '/etc'},
    {name: 'file', mode: 0o10_0644},
  ]);

  await extract([fileOf(folder.at('target'), zip, 'zip')]);

  expect(await readFile(folder.at('target/link'), 'utf8')).toBe('/etc');
});

test.each([
  ['a file', 'link', 'outside/file'],
  ['a file in a folder', 'link/new', 'outside'],
  ['a folder', 'link/deep/', 'outside'],
  ['a file in a new folder', 'link/deep/new', 'outside'],
  ['a file that is not there', 'link', 'outside/absent'],
])('no link that leads out of the target is followed to %s', async (_title, name, to) => {
  await using folder = await makeFolder();
  await mkdir(folder.at('outside'));
  await mkdir(folder.at('target'));
  await writeFile(folder.at('outside/file'), 'untouched');
  await symlink(folder.at(to), folder.at('target/link'));

  await expect(
    extract([fileOf(folder.at('target'), await makeZip([{name}]), 'zip')]),
  ).rejects.toThrow(`illegal file path in zip: ${name}`);
  expect(await readdir(folder.at('outside'))).toEqual(['file']);
  expect(await readFile(folder.at('outside/file'), 'utf8')).toBe('untouched');
});

test('the target itself, and folders in it, may be reached by links', async () => {
  await using folder = await makeFolder();
  await mkdir(folder.at('real/current'), {recursive: true});
  await symlink(folder.at('real'), folder.at('target'));
  await symlink('current', folder.at('real/latest'));

  await extract([fileOf(folder.at('target'), await makeZip([{name: 'latest/file'}]), 'zip')]);

  expect(await readFile(folder.at('real/current/file'), 'utf8')).toBe('content');
});

test('a file where a folder should be is an error', async () => {
  await using folder = await makeFolder();
  const unzip = async (...names: string[]) =>
    extract([fileOf(folder.at('t'), await makeZip(names.map((name) => ({name}))), 'zip')]);

  await expect(unzip('a', 'a/b')).rejects.toThrow('error extracting file');
  await expect(unzip('a', 'a/')).rejects.toThrow('error extracting file');
  await expect(unzip('d/', 'd')).rejects.toThrow('error extracting file');
});

test('a zip of more than a gigabyte is refused before it is written', async () => {
  await using folder = await makeFolder();
  const zip = await makeZip([{name: 'bomb', content: Buffer.alloc(100_000)}]);
  zip.writeUInt32LE(0x7f_ff_ff_ff, recordAt(zip) + 24);

  await expect(extract([fileOf(folder.at('t'), zip, 'zip')])).rejects.toThrow(
    'zip holds more than 1073741824 bytes',
  );
  expect(await readdir(folder.at('t'))).toEqual([]);
});

test('an entry that is larger than it says is cut off', async () => {
  await using folder = await makeFolder();
  const zip = await makeZip([{name: 'bomb', content: Buffer.alloc(10_000_000)}]);
  zip.writeUInt32LE(1000, recordAt(zip) + 24);

  await expect(extract([fileOf(folder.at('t'), zip, 'zip')])).rejects.toThrow(
    'not a valid zip file',
  );
  expect((await stat(folder.at('t/bomb'))).size).toBeLessThan(100_000);
});

test('damage to a zip is an error, whatever it is', async () => {
  await using folder = await makeFolder();
  const good = await makeZip([{name: 'a'}, {name: 'b', content: Buffer.alloc(5000, 'text')}]);
  const outcomes = new Set<string>();

  for (let at = 0; at < good.length; at++) {
    const zip = Buffer.from(good);
    zip[at] = 255 - zip[at]!;
    try {
      await extract([fileOf(folder.at('t'), zip, 'zip')]);
      outcomes.add('fine');
    } catch (error) {
      expect(error).toMatchObject({code: 'FILES'});
      outcomes.add('refused');
    }
  }

  expect([...outcomes].toSorted()).toEqual(['fine', 'refused']);
});

test('wrong content is found by its checksum', async () => {
  await using folder = await makeFolder();
  const zip = await makeZip([{name: 'a', content: 'x'}]);
  zip[recordAt(zip) + 16]! += 1;

  await expect(extract([fileOf(folder.at('t'), zip, 'zip')])).rejects.toThrow(
    'not a valid zip file: wrong checksum of a',
  );
});
