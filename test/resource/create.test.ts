import {expect, test} from '@jest/globals';
import {startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import {names, put} from './run.js';

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

test.each([
  [{droplet_size: 'c-2'}, 'c-2 in ams3'],
  [{region: 'fra1'}, 's-2vcpu-2gb in fra1'],
])(
  'two puts of a build that ask for different workers need a name each: %j',
  async (source, asked) => {
    await using emulator = await startQuick();
    const {version} = await put(emulator, {action: 'create'});
    emulator.digitalOcean.requests.length = 0;

    const {message, suggestions} = await failure(put(emulator, {action: 'create'}, {source}));

    expect(message).toBe(
      `Nothing was created: ${asked} is asked for, but of the same run and name there is ${version.name} (https://cloud.digitalocean.com/droplets/${version.id}), s-2vcpu-2gb in ams3`,
    );
    expect(suggestions.join('\n')).toContain('worker_name');
    expect(emulator.digitalOcean.requests.filter(({method}) => method !== 'GET')).toEqual([]);
  },
);

test('two puts at the same time that ask for different workers need a name each', async () => {
  await using emulator = await startQuick();

  const puts = await Promise.allSettled([
    put(emulator, {action: 'create'}),
    put(emulator, {action: 'create'}, {source: {droplet_size: 'c-2'}}),
  ]);

  expect(puts.filter(({status}) => status === 'fulfilled')).toHaveLength(1);
  expect(puts.find(({status}) => status === 'rejected')).toMatchObject({
    reason: {
      code: 'OTHERS_THERE',
      suggestions: [expect.stringContaining('worker_name')],
    },
  });
  expect(names(emulator)).toHaveLength(1);
});

test('a create that is run again adopts what the first got of its list of sizes', async () => {
  await using emulator = await startQuick({soldOut: ['s-2vcpu-2gb']});
  const source = {sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb']};
  const first = await put(emulator, {action: 'create'}, {source});
  emulator.digitalOcean.settings.soldOut = [];

  const again = await put(emulator, {action: 'create'}, {source});

  expect(again.version.name).toBe(first.version.name);
});
