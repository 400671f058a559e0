import {expect, test} from '@jest/globals';
import {startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {put} from './run.js';

test('warns when the CI id of this build is not the one that Concourse gives', async () => {
  await using emulator = await startQuick({externalUrl: 'https://ci.example.com'});
  const environment = {ATC_EXTERNAL_URL: 'https://other.example.com'};
  const source = {concourse_url: emulator.concourse.url};

  const {progress} = await put(emulator, {action: 'create'}, {environment, source});

  expect(progress.join('\n')).toContain(
    'Concourse calls itself https://ci.example.com, this build calls it https://other.example.com',
  );
});

test('asks Concourse nothing before the plan is checked', async () => {
  await using emulator = await startQuick();

  const {message} = await failure(put(emulator, {action: 'create', count: 0}));

  expect(message).toContain('Count 0');
  expect(emulator.concourse.requests).toEqual([]);
});

test('a Concourse that does not answer costs its retries once', async () => {
  await using emulator = await startQuick();
  emulator.concourse.addFault({method: '*', path: '*', kind: 'drop'});

  await failure(put(emulator, {action: 'create'}));

  expect(emulator.concourse.requests).toHaveLength(5);
});
