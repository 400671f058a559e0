import {expect, test} from '@jest/globals';
import {createMetadata, type Metadata} from '../../../src/start-worker/metadata.js';
import {createImdsSession} from '../../../src/start-worker/imds-session.js';
import {droplet, startAws, startDroplet} from '../cloud-documents.js';
import {drop, hang, make, slow, startCloud, until, type Cloud, type Turn} from '../clouds.js';
import {failure} from '../../support/failure.js';

const {signal} = new AbortController();

function client({url}: Pick<Cloud, 'url'>, secondMs = 4): Metadata {
  return createMetadata({cloud: 'Cloud', url, secondMs});
}

test.each<[string, Turn]>([
  ['answered 500', 500],
  ['answered 503', 503],
  ['dropped the connection', drop],
])('asks again when the service %s', async (_how, turn) => {
  await using cloud = await startCloud({paths: {'/x': [turn, turn, turn, 'yes']}});

  expect(await client(cloud).text('/x', {signal})).toBe('yes');
  expect(cloud.requests).toHaveLength(4);
});

test.each([400, 403, 404, 429])('takes a %i for an answer at once', async (status) => {
  await using cloud = await startCloud({paths: {'/x': [status, 'yes']}});

  const {message} = await failure(client(cloud).text('/x', {signal}));

  expect(message).toBe(`Error querying Cloud metadata /x: it answered ${status}`);
  expect(cloud.requests).toHaveLength(1);
});

test('gives up a service that stays broken, after eleven requests', async () => {
  await using cloud = await startCloud({paths: {'/x': 502}});

  const {message} = await failure(client(cloud, 1).text('/x', {signal}));

  expect(message).toBe('Error querying Cloud metadata /x: it answered 502');
  expect(cloud.requests).toHaveLength(11);
});

test('waits for a service that comes up late', async () => {
  const early = await startDroplet();
  await early[Symbol.asyncDispose]();
  const {identify} = await make(
    'digitalocean',
    {
      rootURL: 'https://tc.example.com',
      providerID: 'digitalocean',
      workerPoolID: 'proj-x/ci',
      staticSecret: 'static-secret',
      metadataUrl: early.url,
    },
    {secondMs: 20},
  );

  const identifying = identify();
  await new Promise((resolve) => {
    setTimeout(resolve, 100);
  });
  await using _late = await startCloud({
    port: early.port,
    paths: {'/metadata/v1.json': droplet()},
  });

  expect((await identifying).workerId).toBe('ci-1');
});

test('says where it asked when nobody answers', async () => {
  const cloud = await startCloud({paths: {}});
  await cloud[Symbol.asyncDispose]();

  const error = await failure(client(cloud, 0.1).text('/x', {signal}));

  expect(error.message).toBe(
    `Error querying Cloud metadata /x: Cloud metadata at ${cloud.url} does not answer: ECONNREFUSED`,
  );
  expect(error.suggestions).toEqual([
    'Check that `providerType` is the cloud that this machine runs on',
  ]);
});

test('waits for an answer that is slow, and asks again for one that does not come', async () => {
  await using cloud = await startCloud({
    paths: {'/slow': slow(300, 'at last'), '/hangs': [hang, 'second']},
  });

  expect(await client(cloud).text('/slow', {signal, timeoutMs: 5000})).toBe('at last');
  expect(await client(cloud).text('/hangs', {signal, timeoutMs: 200})).toBe('second');
});

test('a poll is one request', async () => {
  await using cloud = await startCloud({paths: {'/x': 500}});

  await failure(client(cloud).text('/x', {signal, isPoll: true}));

  expect(cloud.requests).toHaveLength(1);
});

test('only what is not there is not found', async () => {
  await using cloud = await startCloud({paths: {'/there': 'yes', '/empty': '', '/no': 403}});
  const metadata = client(cloud);

  expect(await metadata.find('/there', {signal})).toBe('yes');
  expect(await metadata.find('/empty', {signal})).toBe('');
  expect(await metadata.find('/absent', {signal})).toBeUndefined();
  expect((await failure(metadata.find('/no', {signal}))).message).toContain('it answered 403');
});

test.each(['', 'staticSecret: s3cret', '["s3cret"]', 'null', '{"cut": "s3cret'])(
  'tells nothing of a document that is no JSON object: %j',
  async (text) => {
    await using cloud = await startCloud({paths: {'/x': text}});

    const {message} = await failure(client(cloud).json('/x', {signal}));

    expect(message).toBe('Error querying Cloud metadata /x: it is not a JSON object');
  },
);

test('stops at once, with the reason, when the run is ended', async () => {
  await using cloud = await startCloud({paths: {'/broken': 500, '/hangs': hang}});
  const stop = new AbortController();
  const reason = new Error('enough');
  const metadata = client(cloud, 1000);

  const waiting = [
    metadata.text('/broken', {signal: stop.signal}),
    metadata.text('/hangs', {signal: stop.signal}),
  ];
  const ended = Promise.allSettled(waiting);
  await until(() => cloud.requests.length >= 2);
  stop.abort(reason);

  expect(await ended).toEqual([
    {status: 'rejected', reason},
    {status: 'rejected', reason},
  ]);
});

test('a token is used until it has less than a quarter of an hour left', async () => {
  await using cloud = await startAws();
  let now = 0;
  const metadata = createMetadata({
    cloud: 'AWS',
    url: `${cloud.url}/latest`,
    session: (send) => createImdsSession(send, () => now),
    secondMs: 4,
  });
  const ask = async () => metadata.text('/meta-data/public-ipv4', {signal, isPoll: true});

  await ask();
  now = (21_600 - 901) * 1000;
  await ask();
  const before = cloud.tokens();
  now = (21_600 - 899) * 1000;
  await ask();

  expect([before, cloud.tokens()]).toEqual([1, 2]);
});

test('a token that is no longer accepted is not used again', async () => {
  await using cloud = await startAws();
  const metadata = createMetadata({
    cloud: 'AWS',
    url: `${cloud.url}/latest`,
    session: createImdsSession,
    secondMs: 4,
  });
  const ask = async () => metadata.text('/meta-data/public-ipv4', {signal, isPoll: true});
  await ask();
  await fetch(`${cloud.url}/latest/api/token`, {
    method: 'PUT',
    headers: {'x-aws-ec2-metadata-token-ttl-seconds': '21600'},
  });

  await failure(ask());

  expect(await ask()).toBe('54.1.2.3');
});

test.each(['http://user:hunter2@mirror', 'http://mirror/?token=hunter2', 'mirror', ''])(
  'does not ask at %j',
  async (metadataUrl) => {
    const {message} = await failure(make('azure', {metadataUrl}));

    expect(message).toBe(
      'provider.metadataUrl must be an http or https URL without user, query and fragment',
    );
  },
);
