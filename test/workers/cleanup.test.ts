import {expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {ourTags} from '../support/tags.js';
import type {Emulator} from '../../src/emulator/server.js';
import {Interrupted} from '../../src/errors.js';
import {cleanUp, type CleanupRequest} from '../../src/workers/cleanup.js';
import {createWorkers} from '../../src/workers/create.js';
import {ciIdOf} from '../../src/workers/identity.js';

function cleaning(changes: Partial<CleanupRequest> = {}): CleanupRequest {
  return {graceSeconds: 900, dryRun: false, ...changes};
}

function ours(
  emulator: Emulator,
  name: string,
  changes: {ageSeconds?: number; ttl?: number; status?: 'off'} = {},
) {
  const {ageSeconds = 0, ttl = 3600, ...rest} = changes;
  return {
    name: `${name}-b1-abcdefgh`,
    ageSeconds,
    tags: ourTags(ciIdOf(emulator.concourse.url), name, ttl),
    ...rest,
  };
}

function reasons({decisions}: Awaited<ReturnType<typeof cleanUp>>): Record<string, string> {
  return Object.fromEntries(
    decisions.map(({name, action, reason}) => [name, `${action}: ${reason}`]),
  );
}

test.each([
  [5, 3],
  [14, 3],
  [21, 4],
])(
  'of %d droplets that are due it deletes %d, and leaves the rest to the next run',
  async (due, most) => {
    await using emulator = await startQuick();
    const {context} = await connect(emulator);
    const {tags} = ours(emulator, 'a');
    for (let index = 0; index < due; index++) {
      emulator.digitalOcean.add({
        ...ours(emulator, 'a', {ageSeconds: 4000 + index}),
        name: `a-b${index}-abcdefgh`,
      });
      // No more ours than what has lost a tag: they widen no limit.
      emulator.digitalOcean.add({name: `b-b${index}-abcdefgh`, tags: tags.slice(0, 3)});
    }

    const {counts, decisions} = await cleanUp(cleaning(), context);

    expect(counts).toEqual({deleted: most, kept: 0, left: due - most, unknown: due});
    const deleted = decisions.filter(({action}) => action === 'deleted');
    expect(Math.min(...deleted.map(({ageSeconds}) => ageSeconds!))).toBeGreaterThanOrEqual(
      4000 + due - most,
    );
  },
);

test('deletes what is expired, off or unknown to the CI server, and keeps the rest', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  emulator.digitalOcean.add(
    ours(emulator, 'expired', {ageSeconds: 4000}),
    ours(emulator, 'off', {status: 'off'}),
    ours(emulator, 'lost', {ageSeconds: 1000}),
    ours(emulator, 'young', {ageSeconds: 60}),
    {name: 'mine', tags: ['do-worker', 'web']},
  );

  const result = await cleanUp(cleaning(), context);

  expect(reasons(result)).toEqual({
    [workers[0]!.name]: 'keep: listed as running',
    'expired-b1-abcdefgh': 'deleted: expired',
    'off-b1-abcdefgh': 'deleted: switched off',
    'lost-b1-abcdefgh': 'deleted: not registered',
    'young-b1-abcdefgh': 'keep: within its boot grace',
  });
  expect(result.counts).toEqual({deleted: 3, kept: 2, left: 0, unknown: 0});
  expect(
    emulator.digitalOcean
      .droplets()
      .map(({name}) => name)
      .toSorted(),
  ).toEqual([workers[0]!.name, 'mine', 'young-b1-abcdefgh'].toSorted());
});

test('looks twice at a worker that the CI server does not know', async () => {
  await using emulator = await startQuick({secondReadOnly: true});
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);

  const result = await cleanUp(cleaning({graceSeconds: 0}), context);

  expect(result.counts.deleted).toBe(0);
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([workers[0]!.name]);
});

test('keeps a worker that its web lists a minute late', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'look again') {
        setTimeout(() => {
          emulator.concourse.addWorker({name: 'late-b1-abcdefgh', tags: ['late']});
        }, 60 * context.time.secondMs);
      }
    },
  });
  emulator.digitalOcean.add(ours(emulator, 'late', {ageSeconds: 1000}));

  const result = await cleanUp(cleaning(), context);

  expect(reasons(result)).toEqual({'late-b1-abcdefgh': 'keep: listed as running'});
});

test.each([
  ['while it deletes', 'DELETE', /^\/v2\/droplets\/\d/v],
  ['while it lists tags', 'GET', /^\/v2\/tags/v],
] as const)('an interrupt %s is what ends it', async (_, method, path) => {
  await using emulator = await startQuick({
    onRequest(sent) {
      if (sent.method === method && path.test(sent.path)) {
        abort(new Interrupted('SIGTERM'));
      }
    },
  });
  const {context, abort} = await connect(emulator);
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));

  await expect(cleanUp(cleaning(), context)).rejects.toMatchObject({code: 'INTERRUPTED'});
});

test('deletes, and not only says so, what the second look alone has shown', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'look again') {
        emulator.digitalOcean.add(ours(emulator, 'late', {status: 'off'}));
      }
    },
  });
  emulator.digitalOcean.add(ours(emulator, 'lost', {ageSeconds: 1000}));

  const result = await cleanUp(cleaning(), context);

  expect(reasons(result)).toMatchObject({'late-b1-abcdefgh': 'deleted: switched off'});
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('a second look that fails holds up only what needs it', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator, {
    onPhase(name) {
      if (name === 'look again') {
        emulator.digitalOcean.faults.push({
          method: 'GET',
          path: '/v2/droplets',
          kind: 'status',
          times: 10,
        });
      }
    },
  });
  emulator.digitalOcean.add(
    ours(emulator, 'lost', {ageSeconds: 1000}),
    ours(emulator, 'expired', {ageSeconds: 4000}),
    ours(emulator, 'off', {status: 'off'}),
  );

  const result = await cleanUp(cleaning(), context);

  expect(result.counts).toEqual({deleted: 2, kept: 0, left: 0, unknown: 1});
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual(['lost-b1-abcdefgh']);
});

test('without an answer from the CI server, deletes what is expired or off, and cannot tell of the rest', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(
    ours(emulator, 'expired', {ageSeconds: 4000}),
    ours(emulator, 'off', {status: 'off'}),
    ours(emulator, 'lost', {ageSeconds: 1000}),
    ours(emulator, 'young', {ageSeconds: 10}),
  );
  emulator.concourse.addFault({
    method: 'GET',
    path: '/api/v1/workers',
    kind: 'status',
    status: 502,
  });
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), context);

  expect(result.counts).toEqual({deleted: 2, kept: 1, left: 0, unknown: 1});
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([
    'lost-b1-abcdefgh',
    'young-b1-abcdefgh',
  ]);
});

test('a fly login that has expired holds up only what needs it', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator, {
    concourse: {login: {token: 'old', target: 'ci'}},
  });
  emulator.digitalOcean.add(
    ours(emulator, 'expired', {ageSeconds: 4000}),
    ours(emulator, 'lost', {ageSeconds: 1000}),
  );

  const result = await cleanUp(cleaning(), context);

  expect(reasons(result)).toMatchObject({
    'expired-b1-abcdefgh': 'deleted: expired',
    'lost-b1-abcdefgh': 'unknown: the CI server does not tell whether it is a worker',
  });
  expect(progress.join('\n')).toContain('no longer accepts the fly login of target ci');
});

test('without a CI server, deletes what is expired or off, and keeps the rest', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(
    ours(emulator, 'expired', {ageSeconds: 4000}),
    ours(emulator, 'off', {status: 'off'}),
    ours(emulator, 'lost', {ageSeconds: 1000}),
  );
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), {...context, ci: undefined});

  expect(result.counts).toEqual({deleted: 2, kept: 1, left: 0, unknown: 0});
});

test('another CI server than that of the CI id given says nothing of its workers', async () => {
  await using emulator = await startQuick();
  await using other = await startQuick();
  const {context} = await connect(emulator);
  const {workers} = await createWorkers(await request(), context);
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));
  const {progress, context: elsewhere} = await connect(other);

  const result = await cleanUp(cleaning({ciId: ciIdOf(emulator.concourse.url), graceSeconds: 1}), {
    ...elsewhere,
    digitalOcean: context.digitalOcean,
  });

  expect(reasons(result)).toMatchObject({
    [workers[0]!.name]: 'unknown: the CI server does not tell whether it is a worker',
    'expired-b1-abcdefgh': 'deleted: expired',
  });
  expect(progress.join('\n')).toContain('its workers are not those of');
});

test('a login that does not see all teams cannot tell that a worker is missing', async () => {
  await using emulator = await startQuick({teams: ['other'], users: ['some:some:dev=member']});
  const {context} = await connect(emulator, {concourse: {team: 'other'}});
  const {workers} = await createWorkers(await request(), context);
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));
  const login = {username: 'some', password: 'some'};
  const {context: limited} = await connect(emulator, {concourse: {login}});

  const result = await cleanUp(cleaning({graceSeconds: 1}), limited);

  expect(reasons(result)).toMatchObject({
    [workers[0]!.name]: "unknown: not listed, but the login sees some teams' workers only",
    'expired-b1-abcdefgh': 'deleted: expired',
  });
});

test('a droplet without a ttl tag is unknown, whether its worker runs, or nobody was asked', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {tags, ...rest} = ours(emulator, 'endless', {ageSeconds: 90_000});
  emulator.digitalOcean.add({...rest, tags: tags.filter((tag) => !tag.includes(':ttl:'))});
  emulator.concourse.addWorker({name: rest.name, tags: ['endless'], state: 'running'});

  for (const ci of [context.ci, undefined]) {
    const result = await cleanUp(cleaning(), {...context, ci});

    expect(reasons(result)).toEqual({[rest.name]: 'unknown: it has no ttl tag'});
  }
});

test('deletes no more than it may, oldest first, and counts the rest as left', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(
    ...[5000, 9000, 7000, 6000, 8000].map((ageSeconds) =>
      ours(emulator, `x${ageSeconds}`, {ageSeconds}),
    ),
  );
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), context);

  expect(result.counts).toMatchObject({deleted: 3, left: 2});
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual([
    'x5000-b1-abcdefgh',
    'x6000-b1-abcdefgh',
  ]);
});

test('a dry run writes nothing', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning({dryRun: true}), context);

  expect(reasons(result)['expired-b1-abcdefgh']).toBe('delete: expired');
  expect(emulator.digitalOcean.requests.every(({method}) => method === 'GET')).toBe(true);
});

test('keeps to one worker name when asked to', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(
    ours(emulator, 'one', {ageSeconds: 4000}),
    ours(emulator, 'two', {ageSeconds: 4000}),
  );
  const {context} = await connect(emulator);

  await cleanUp(cleaning({workerName: 'One'}), context);

  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual(['two-b1-abcdefgh']);
});

test('names what another CI server has left behind, and the command that takes it', async () => {
  await using emulator = await startQuick();
  const {context, progress} = await connect(emulator);
  const {tags} = ours(emulator, 'old');
  emulator.digitalOcean.add({
    name: 'old-b1-abcdefgh',
    ageSeconds: 8000,
    tags: tags.map((tag) => (tag.includes(':ci:') ? 'do-worker:ci:11111111' : tag)),
  });

  const result = await cleanUp(cleaning(), context);

  expect(result.decisions).toEqual([]);
  expect(progress.join('\n')).toMatch(
    /Expired long ago.*old-b1-abcdefgh.*do-worker cleanup --kind concourse --ci-id 11111111/v,
  );
});

test('never touches another cluster, whatever its state', async () => {
  await using emulator = await startQuick();
  const theirs = ours(emulator, 'theirs', {ageSeconds: 9000, status: 'off'});
  emulator.digitalOcean.add({
    ...theirs,
    tags: theirs.tags.map((tag) => tag.replace(/ci:.*/v, 'ci:ffffffff')),
  });
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), context);

  expect(result.decisions).toEqual([]);
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  expect(emulator.digitalOcean.requests.every(({method}) => method === 'GET')).toBe(true);
});

test('removes stalled workers of ours that have no droplet, and no others', async () => {
  await using emulator = await startQuick();
  emulator.concourse.addWorker({
    name: 'build-arm-b1-abcdefgh',
    tags: ['build-arm'],
    state: 'stalled',
  });
  emulator.concourse.addWorker({
    name: 'build-arm-b2-abcdefgh',
    tags: ['build-arm'],
    state: 'running',
  });
  emulator.concourse.addWorker({name: 'somebody', tags: ['build-arm'], state: 'stalled'});
  emulator.concourse.addWorker({name: 'build-arm-b3-abcdefgh', tags: ['other'], state: 'stalled'});
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), context);

  expect(result.decisions).toMatchObject([
    {what: 'worker', name: 'build-arm-b1-abcdefgh', action: 'deleted'},
  ]);
  expect(emulator.concourse.workers()).toHaveLength(3);
});

test('deletes tags of names and ttls that nothing carries, and never those of others', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.plant({
    tags: ['web', 'do-worker-like', 'do-worker:name:old', 'do-worker:ttl:60', 'do-worker'],
  });
  emulator.digitalOcean.add({name: 'theirs', ageSeconds: 9000, tags: ['do-worker:name:used']});
  const {context} = await connect(emulator);

  await cleanUp(cleaning(), context);

  expect(
    emulator.digitalOcean
      .tags()
      .map(({name}) => name)
      .toSorted(),
  ).toEqual(['do-worker', 'do-worker-like', 'do-worker:name:used', 'web']);
});

test('leaves tags alone while droplets are young', async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.plant({tags: ['do-worker:name:old']});
  emulator.digitalOcean.add(ours(emulator, 'young'));
  const {context} = await connect(emulator);

  await cleanUp(cleaning(), context);

  expect(emulator.digitalOcean.tags().map(({name}) => name)).toContain('do-worker:name:old');
});

test('leaves a tag alone that the account counts on something, though no list shows it', async () => {
  await using emulator = await startQuick({listLagMs: 3_600_000});
  const another = ours(emulator, 'young', {ageSeconds: 5});
  emulator.digitalOcean.add(another);
  const {context} = await connect(emulator);

  const {decisions} = await cleanUp(cleaning(), context);

  expect(decisions).toEqual([]);
  expect(emulator.digitalOcean.tags().map(({name}) => name)).toEqual(another.tags);
});

test.each([':name:', ':kind:', ':ci:'])(
  'reports a droplet that lost its %s tag, and does not delete it',
  async (lost) => {
    await using emulator = await startQuick();
    const {name, tags} = ours(emulator, 'lost', {ageSeconds: 9000});
    emulator.digitalOcean.add({
      name,
      ageSeconds: 9000,
      tags: tags.filter((tag) => !tag.includes(lost)),
    });
    const {context} = await connect(emulator);

    const result = await cleanUp(cleaning(), context);

    expect(result.counts).toEqual({deleted: 0, kept: 0, left: 0, unknown: 1});
    expect(emulator.digitalOcean.droplets()).toHaveLength(1);
  },
);

test.each([
  ['ahead', 86_400_000],
  ['behind', -86_400_000],
])('a clock that is %s on this machine deletes no worker too early', async (_, offset) => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  const time = {...context.time, now: () => emulator.clock.now() + offset};

  const result = await cleanUp(cleaning(), {...context, time});

  expect(result.counts).toMatchObject({deleted: 0, kept: 1});
});

test('a running worker that only one clock calls expired is kept and reported', async () => {
  await using emulator = await startQuick({dateSkewSeconds: 86_400});
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);

  const result = await cleanUp(cleaning(), context);

  expect(result.counts).toMatchObject({deleted: 0, unknown: 1});
  expect(emulator.digitalOcean.droplets()).toHaveLength(1);
});

test('a worker that only one clock calls expired is kept, too, when the CI server does not answer', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.digitalOcean.settings.dateSkewSeconds = 5 * 3600;
  emulator.concourse.addFault({
    method: 'GET',
    path: '/api/v1/workers',
    kind: 'status',
    status: 502,
  });

  const {counts} = await cleanUp(cleaning(), context);

  expect(counts).toEqual({deleted: 0, kept: 0, left: 0, unknown: 1});
});

test("without a CI server, this machine's clock has no say", async () => {
  await using emulator = await startQuick();
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));
  const {context} = await connect(emulator);
  const time = {...context.time, now: () => emulator.clock.now() - 86_400_000};

  const {counts} = await cleanUp(cleaning(), {...context, time, ci: undefined});

  expect(counts).toEqual({deleted: 1, kept: 0, left: 0, unknown: 0});
});

test('without a time of DigitalOcean, nothing is too old', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  await createWorkers(await request(), context);
  emulator.digitalOcean.faults.push({path: '/', kind: 'slow', ms: 1, headers: {date: ''}});
  const {context: fresh} = await connect(emulator);
  const time = {...fresh.time, now: () => emulator.clock.now() + 86_400_000};

  const {counts} = await cleanUp(cleaning(), {...fresh, time});

  expect(counts).toEqual({deleted: 0, kept: 0, left: 0, unknown: 1});
});

test('a listing that fails on a later page decides on nothing', async () => {
  await using emulator = await startQuick({failPage: 2, dropletLimit: 1000});
  emulator.digitalOcean.add(
    ...Array.from({length: 201}, (_, index) => ({
      ...ours(emulator, `x${index}`, {ageSeconds: 9000}),
    })),
  );
  const {context} = await connect(emulator);

  await expect(cleanUp(cleaning(), context)).rejects.toMatchObject({status: 500});
  expect(emulator.digitalOcean.droplets()).toHaveLength(201);
});

test('one droplet that cannot be deleted does not keep the others', async () => {
  await using emulator = await startQuick();
  const [stuck] = emulator.digitalOcean.add(
    ours(emulator, 'stuck', {ageSeconds: 9000}),
    ours(emulator, 'other', {ageSeconds: 9000}),
  );
  emulator.digitalOcean.faults.push({
    method: 'DELETE',
    path: `/v2/droplets/${stuck!.id}`,
    kind: 'status',
    status: 403,
  });
  const {context} = await connect(emulator);

  const result = await cleanUp(cleaning(), context);

  expect(result.counts).toMatchObject({deleted: expect.any(Number), left: 1});
  expect(emulator.digitalOcean.droplets().map(({name}) => name)).toEqual(['stuck-b1-abcdefgh']);
});

test('sees GPU droplets, which other listings leave out', async () => {
  await using emulator = await startQuick();
  const [gpu] = emulator.digitalOcean.add({
    ...ours(emulator, 'gpu', {ageSeconds: 9000}),
    size: 'gpu-h100x1-80gb',
  });
  const {context} = await connect(emulator);

  await cleanUp(cleaning(), context);

  expect(gpu).toBeDefined();
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});

test('needs no more scopes than the README says', async () => {
  const scopes = ['droplet:read', 'droplet:delete', 'tag:read', 'tag:delete'];
  await using emulator = await startQuick({scopes});
  emulator.digitalOcean.add(ours(emulator, 'expired', {ageSeconds: 4000}));
  emulator.digitalOcean.plant({tags: ['do-worker:name:old']});
  const {context} = await connect(emulator);

  const {counts} = await cleanUp(cleaning(), context);

  expect(counts).toEqual({deleted: 1, kept: 0, left: 0, unknown: 0});
  expect(emulator.digitalOcean.tags().map(({name}) => name)).not.toContain('do-worker:name:old');
});

test('two at the same time do no harm to each other', async () => {
  await using emulator = await startQuick({destroyMs: 8000});
  emulator.digitalOcean.add(
    ours(emulator, 'one', {ageSeconds: 9000}),
    ours(emulator, 'two', {ageSeconds: 9000}),
  );
  const {context} = await connect(emulator);
  const other = await connect(emulator);

  const results = await Promise.all([
    cleanUp(cleaning(), context),
    cleanUp(cleaning(), other.context),
  ]);

  expect(results.map(({counts}) => counts.left)).toEqual([0, 0]);
  expect(emulator.digitalOcean.droplets()).toEqual([]);
});
