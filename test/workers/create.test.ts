import {generateKeyPairSync} from 'node:crypto';
import {expect, test} from '@jest/globals';
import {connect, dropletPosts, request, startQuick} from '../support/connect.js';
import {createWorkers} from '../../src/workers/create.js';
import {rehearseCreate} from '../../src/workers/rehearse.js';
import {parsePrivateKey} from '../../src/cloud-init/keys.js';

test('resolves when the CI server lists every worker with its tags', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);

  const created = await createWorkers(
    await request({workerName: 'Build-Arm', count: 2, tags: ['arm64']}),
    context,
  );

  const rows = emulator.concourse.workers();
  expect(rows.map(({name, state, tags}) => ({name, state, tags}))).toEqual(
    created.workers.map(({name}) => ({name, state: 'running', tags: ['Build-Arm', 'arm64']})),
  );
  expect(created.workers).toHaveLength(2);
  for (const worker of created.workers) {
    expect(worker).toMatchObject({
      workerName: 'build-arm',
      run: created.run,
      region: 'ams3',
      size: 's-2vcpu-2gb',
      ip: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/v),
      dropletStatus: 'active',
      workerState: 'running',
      ttlSeconds: 14_400,
      priceHourly: 0.02679,
    });
    expect(worker.name).toMatch(new RegExp(`^build-arm-${created.run}-[a-z0-9]{8}$`, 'v'));
  }

  expect(progress.map((line) => line.split(':')[0])).toEqual(
    expect.arrayContaining(['plan', 'preflight', 'create', 'active', 'booting']),
  );
});

test('tags droplets with all that says whose they are, and never with their run', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);

  const {run, workers} = await createWorkers(await request(), context);

  const [droplet] = emulator.digitalOcean.droplets();
  expect([...droplet!.tags.keys()]).toEqual([
    'do-worker',
    'do-worker:kind:concourse',
    `do-worker:ci:${workers[0]!.ciId}`,
    'do-worker:name:build-arm',
    'do-worker:ttl:14400',
  ]);
  expect([...droplet!.tags.keys()].join(' ')).not.toContain(run);
});

test('asks DigitalOcean three things besides polling: the droplets, the sizes, the POST', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);

  await createWorkers(await request(), context);

  const calls = emulator.digitalOcean.requests
    .map(({method, path}) => `${method} ${path}`)
    .filter((call) => !call.includes('tag_name='));
  expect(calls.toSorted()).toEqual([
    'GET /v2/droplets?per_page=200',
    'GET /v2/sizes?page=1&per_page=200',
    'POST /v2/droplets',
  ]);
});

test('polls with one tag listing for all droplets together', async () => {
  await using emulator = await startQuick({bootMs: 22_000});
  const {context} = await connect(emulator);

  const {seconds} = await createWorkers(await request({count: 12}), context);

  const waited = seconds.active! + seconds.booting!;
  const polls = emulator.digitalOcean.requests.filter(({path}) => path.includes('tag_name='));
  expect(
    polls.every(
      ({path}) => path === '/v2/droplets?tag_name=do-worker%3Aname%3Abuild-arm&page=1&per_page=200',
    ),
  ).toBe(true);
  expect(polls.length).toBeLessThanOrEqual(waited / 5 + 2);
});

test('adopts the droplets of the same run instead of making more', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const first = await createWorkers(await request({runKey: 'b7', count: 2}), context);

  const second = await createWorkers(await request({runKey: 'B7', count: 2}), context);

  expect(second.adopted.toSorted()).toEqual(first.workers.map(({name}) => name).toSorted());
  expect(emulator.digitalOcean.droplets()).toHaveLength(2);
  expect(dropletPosts(emulator)).toBe(1);
});

test('says that a droplet which it adopts is not of the size asked for', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);
  await createWorkers(await request({runKey: 'b7'}), context);

  await createWorkers(await request({runKey: 'b7', sizes: ['c-2']}), context);

  expect(progress.join('\n')).toMatch(
    /Adopting build-arm-b7-\w+ \(s-2vcpu-2gb in ams3, which is not what is asked for\)/v,
  );
});

test('adopts by a name with capitals, which droplets spell without', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const first = await createWorkers(
    await request({workerName: 'Build-ARM', runKey: 'b7'}),
    context,
  );

  const again = await createWorkers(
    await request({workerName: 'Build-ARM', runKey: 'b7'}),
    context,
  );

  expect(again.adopted).toEqual(first.workers.map(({name}) => name));
});

test('makes only what the same run still lacks', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request({runKey: 'b7'}), context);

  const second = await createWorkers(await request({runKey: 'b7', count: 3}), context);

  expect(second.workers).toHaveLength(3);
  expect(emulator.digitalOcean.droplets()).toHaveLength(3);
});

test('takes the next size when DigitalOcean has no room, and says so', async () => {
  await using emulator = await startQuick({soldOut: ['s-2vcpu-2gb:ams3']});
  const {context, progress} = await connect(emulator);

  const {workers} = await createWorkers(
    await request({regions: ['ams3', 'fra1'], sizes: ['s-2vcpu-2gb', 's-2vcpu-4gb']}),
    context,
  );

  expect(workers[0]).toMatchObject({region: 'ams3', size: 's-2vcpu-4gb', priceHourly: 0.03571});
  expect(progress.join('\n')).toContain('s-2vcpu-2gb in ams3 cannot be had');
});

test('adds the public half of a droplet key to the account once, and survives its lag', async () => {
  await using emulator = await startQuick({keyLagMs: 12_000});
  const {context} = await connect(emulator);
  const {privateKey} = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: {type: 'pkcs1', format: 'pem'},
    publicKeyEncoding: {type: 'pkcs1', format: 'pem'},
  });
  const dropletKey = await parsePrivateKey(privateKey, 'The droplet key');

  await createWorkers(await request({dropletKey}), context);
  await createWorkers(await request({dropletKey}), context);

  expect(emulator.digitalOcean.keys().map(({fingerprint}) => fingerprint)).toEqual([
    dropletKey.md5Fingerprint,
  ]);
});

test.each([
  ['Something went wrong on our side, please try again.', 1, 2, 'made'],
  ['Something went wrong on our side, please try again.', 2, 2, 'refused'],
  ['There was an error while trying to create your tags. Please try again.', 1, 1, 'refused'],
])('a POST refused with %j, %i times, is sent %i times and then %s', async (...expected) => {
  const [message, times, posts, end] = expected;
  await using emulator = await startQuick();
  emulator.digitalOcean.faults.push({
    method: 'POST',
    path: '/v2/droplets',
    kind: 'status',
    status: 422,
    message,
    times,
  });
  const {context} = await connect(emulator);

  const ending = createWorkers(await request(), context).then(
    () => 'made',
    () => 'refused',
  );

  expect(await ending).toBe(end);
  expect(dropletPosts(emulator)).toBe(posts);
});

test('finds droplets whose POST lost its answer, and makes no second ones', async () => {
  await using emulator = await startQuick({dropCreates: 1, listLagMs: 20_000});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request({count: 2}), context);

  expect(workers).toHaveLength(2);
  expect(dropletPosts(emulator)).toBe(1);
  expect(emulator.digitalOcean.everyDroplet()).toHaveLength(2);
});

test('waits through a worker list that one web node does not share', async () => {
  await using emulator = await startQuick({secondReadOnly: true});
  const {context} = await connect(emulator);

  const {workers} = await createWorkers(await request(), context);

  expect(workers[0]?.workerState).toBe('running');
});

test('installs the release of a web of before 8.3 too', async () => {
  await using emulator = await startQuick({profile: 'legacy'});
  const {context} = await connect(emulator);

  await createWorkers(await request(), context);

  const [droplet] = emulator.digitalOcean.droplets();
  expect(droplet?.userData).toContain('/v8.2.5/concourse-8.2.5-linux-amd64.tgz');
  expect(emulator.concourse.workers()[0]?.version).toBe('2.5');
});

test('a rehearsal writes nothing and tells the price', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);

  const rehearsal = await rehearseCreate(await request({count: 3}), context);

  expect(rehearsal).toMatchObject({dryRun: true, count: 3, region: 'ams3', priceHourly: 0.08037});
  expect(emulator.digitalOcean.requests.every(({method}) => method === 'GET')).toBe(true);
});
