import {readFile} from 'node:fs/promises';
import {expect, test} from '@jest/globals';
import {makeExit} from '../../src/start-worker/exit-manager.js';
import {collectLog} from './collect.js';
import {startFolder} from './workers.js';

/** The environment holds nothing but a `shutdown` of the test's own: none may be found elsewhere. */
async function begin(
  folder: Awaited<ReturnType<typeof startFolder>>,
  {isDynamic, removal}: {isDynamic: boolean; removal?: Error},
) {
  const log = collectLog();
  const calls = {remove: 0};
  const leave = makeExit({
    isDynamic,
    log,
    environment: {PATH: `${folder.folder}/bin`},
    async removeWorker() {
      calls.remove += 1;
      if (removal !== undefined) {
        throw removal;
      }
    },
  });
  return {log, calls, leave};
}

test('a host that nobody provisioned is left as it is', async () => {
  await using folder = await startFolder();
  const {log, calls, leave} = await begin(folder, {isDynamic: false});

  await leave();

  expect(calls.remove).toBe(0);
  expect(log.lines).toEqual(['Host is not dynamically provisioned; exiting']);
});

test('a dynamic worker is removed once, however often it is asked for', async () => {
  await using folder = await startFolder();
  const {log, calls, leave} = await begin(folder, {isDynamic: true});

  await Promise.all([leave(), leave()]);
  await leave();

  expect(calls.remove).toBe(1);
  expect(log.lines).toEqual(['Shutting down on request from worker']);
});

test('a system is shut down whose worker cannot be removed', async () => {
  await using folder = await startFolder();
  await folder.executable('bin/shutdown', `echo "$*" > '${folder.folder}/shut'`);
  const {log, leave} = await begin(folder, {isDynamic: true, removal: new Error('403')});

  await leave();

  expect(log.lines).toEqual([
    'Shutting down on request from worker',
    'Error removing worker: 403',
    'Falling back to system shutdown',
  ]);
  expect(await readFile(`${folder.folder}/shut`, 'utf8')).toBe('-h now\n');
});

test.each([
  ['exits with 1', 'exit 1', 'exit status 1'],
  ['is not there', undefined, 'spawn shutdown ENOENT'],
])('a shutdown that %s is logged', async (_title, shell, message) => {
  await using folder = await startFolder();
  if (shell !== undefined) {
    await folder.executable('bin/shutdown', shell);
  }

  const {log, leave} = await begin(folder, {isDynamic: true, removal: new Error('403')});

  await leave();

  expect(log.lines.at(-1)).toBe(`Error shutting down system: ${message}`);
});
