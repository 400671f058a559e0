import {expect, test} from '@jest/globals';
import {connect, dropletPosts, request, startQuick} from '../support/connect.js';
import {failure} from '../support/failure.js';
import type {Emulator} from '../../src/emulator/server.js';
import {createWorkers} from '../../src/workers/create.js';
import type {CreateRequest} from '../../src/workers/plan.js';

type Start = Parameters<typeof startQuick>[0];
type Options = NonNullable<Parameters<typeof connect>[1]>;

type Refusal = {
  claim: string;
  emulator?: Start;
  /** What to change once the emulator runs. */
  prepare?: (emulator: Emulator) => void | Promise<void>;
  options?: (emulator: Emulator) => Options;
  request?: Partial<CreateRequest>;
  code: string;
  says: RegExp;
  exit?: number;
};

const refusals: Refusal[] = [
  {
    claim: 'a bad worker name',
    request: {workerName: 'build_arm'},
    code: 'USAGE',
    says: /host name label/v,
    exit: 2,
  },
  {
    claim: 'a name that is no label of a host name',
    request: {workerName: 'a'.repeat(64)},
    code: 'USAGE',
    says: /at most 63/v,
    exit: 2,
  },
  {
    claim: 'a run key that leaves no room for the name',
    request: {workerName: 'a'.repeat(60), runKey: 'b'.repeat(42)},
    code: 'USAGE',
    says: /Run key .* is 1 characters too long: .* has at most 63/v,
    exit: 2,
  },
  {
    claim: 'a run key with more than letters and digits',
    request: {runKey: 'b_7'},
    code: 'USAGE',
    says: /letters and digits/v,
    exit: 2,
  },
  {claim: 'a count of none', request: {count: 0}, code: 'USAGE', says: /1 to 1000/v, exit: 2},
  {
    claim: 'a VPC that is no UUID',
    request: {vpc: 'default'},
    code: 'USAGE',
    says: /UUID/v,
    exit: 2,
  },
  {
    claim: 'a VPC that the account does not have',
    request: {vpc: '11111111-1111-4111-8111-111111111111'},
    code: 'USAGE',
    says: /VPC 1{8}-.* is not in this account/v,
    exit: 2,
  },
  {
    claim: 'a key that is no id and no fingerprint',
    request: {sshKeys: ['mine']},
    code: 'USAGE',
    says: /fingerprint/v,
    exit: 2,
  },
  {
    claim: 'a ttl within the time-out',
    request: {ttlSeconds: 600},
    code: 'USAGE',
    says: /ttl/v,
    exit: 2,
  },
  {
    claim: 'a time-out of more than a timer holds',
    request: {timeoutSeconds: 1e9, ttlSeconds: 2e9},
    code: 'USAGE',
    says: /A time-out of 1000000000 s is not between/v,
    exit: 2,
  },
  {
    claim: 'a tag with a comma',
    request: {tags: ['a,b']},
    code: 'USAGE',
    says: /comma/v,
    exit: 2,
  },
  {
    claim: 'a template with a value that is not there',
    request: {template: {name: 'mine', text: '#cloud-config\na: {{vars.size}}\n'}},
    code: 'USAGE',
    says: /size/v,
    exit: 2,
  },
  {
    claim: 'a template that is no cloud-config',
    request: {template: {name: 'mine', text: 'echo hi'}},
    code: 'USAGE',
    says: /#cloud-config/v,
    exit: 2,
  },
  {
    claim: 'a missing worker key',
    options: () => ({concourse: {workerKey: undefined}}),
    code: 'USAGE',
    says: /--worker-key/v,
    exit: 2,
  },
  {
    claim: 'a missing TSA key',
    options: () => ({concourse: {tsaPublicKey: undefined}}),
    code: 'USAGE',
    says: /--tsa-public-key/v,
    exit: 2,
  },
  {
    claim: 'an unknown region',
    request: {regions: ['ams9']},
    code: 'USAGE',
    says: /ams9 is unknown.*ams3/v,
    exit: 2,
  },
  {
    claim: 'an unknown size',
    request: {sizes: ['s-2vcpu-3gb']},
    code: 'USAGE',
    says: /s-2vcpu-3gb is unknown.*s-2vcpu-2gb/v,
    exit: 2,
  },
  {
    claim: 'an unknown image',
    request: {image: 'ubuntu-18-04-x64'},
    code: 'USAGE',
    says: /ubuntu-18-04-x64 does not exist/v,
    exit: 2,
  },
  {
    claim: 'an unknown SSH key',
    request: {sshKeys: [12_345]},
    code: 'USAGE',
    says: /12345 is not in this account/v,
    exit: 2,
  },
  {claim: 'a refused token', options: () => ({token: 'dop_v1_wrong'}), code: 'API', says: /401/v},
  {
    claim: 'a token without droplet:read',
    emulator: {scopes: ['sizes:read']},
    code: 'API',
    says: /403/v,
  },
  {
    claim: 'a token without sizes:read',
    emulator: {scopes: ['droplet:read', 'tag:read']},
    code: 'API',
    says: /403/v,
  },
  {
    claim: 'a token that hides tags',
    emulator: {
      scopes: [
        'droplet:read',
        'droplet:create',
        'tag:create',
        'sizes:read',
        'regions:read',
        'actions:read',
        'image:read',
      ],
    },
    prepare(emulator) {
      emulator.digitalOcean.add({name: 'theirs'});
    },
    code: 'TAGS_HIDDEN',
    says: /hides its tags/v,
  },
  {
    claim: 'the droplet limit',
    emulator: {dropletLimit: 3},
    prepare(emulator) {
      emulator.digitalOcean.add({name: 'a'}, {name: 'b'}, {name: 'c'});
    },
    code: 'DROPLET_LIMIT',
    says: /limit of 3: the account has 3/v,
  },
  {
    claim: 'a locked account that is nearly full',
    emulator: {accountStatus: 'locked'},
    prepare(emulator) {
      emulator.digitalOcean.add({name: 'a'}, {name: 'b'}, {name: 'c'});
    },
    code: 'ACCOUNT_LOCKED',
    says: /locked/v,
  },
  {
    claim: 'a wrong password',
    options: () => ({concourse: {login: {username: 'test', password: 'wrong'}}}),
    code: 'LOGIN_REFUSED',
    says: /refuses the login of user test/v,
  },
  {
    claim: 'a cluster with single sign-on only',
    emulator: {ssoOnly: true},
    code: 'LOGIN_UNSUPPORTED',
    says: /no user name and password/v,
  },
  {
    claim: 'an expired fly login',
    options: () => ({concourse: {login: {token: 'old', target: 'ci'}}}),
    code: 'LOGIN_EXPIRED',
    says: /target ci/v,
  },
  {
    claim: 'a token that cannot see the team',
    emulator: {roles: ['web:member'], teams: ['arm']},
    options: () => ({concourse: {team: 'arm'}}),
    code: 'TEAM_NOT_VISIBLE',
    says: /no role in team arm/v,
  },
  {
    claim: 'a closed TSA port',
    emulator: {tsaClosed: true},
    code: 'TSA_UNREACHABLE',
    says: /cannot be reached: ECONNREFUSED/v,
  },
  {
    claim: 'a wrong host key',
    emulator: {tsaWrongHostKey: true},
    code: 'TSA_HOST_KEY',
    says: /another host key/v,
  },
  {
    claim: 'an unauthorised worker key',
    emulator: {workerKeyUnauthorized: true},
    code: 'TSA_KEY_REFUSED',
    says: /does not accept the worker key/v,
  },
  {
    claim: 'a team key for workers of all teams',
    emulator: {teamKeys: ['arm']},
    options: ({concourse}) => ({concourse: {workerKey: concourse.teamKeys.arm}}),
    code: 'TSA_REFUSED',
    says: /refuses to act for workers of all teams/v,
  },
  {
    claim: 'a Concourse that is too old',
    emulator: {version: '4.2.3'},
    code: 'CONCOURSE_TOO_OLD',
    says: /4\.2\.3/v,
  },
  {
    claim: 'a development build without a release',
    emulator: {version: '0.0.0-dev'},
    code: 'NO_RELEASE',
    says: /--concourse-version|development build/v,
  },
  {
    claim: 'a Concourse that does not answer',
    options: () => ({concourse: {url: 'http://127.0.0.1:9'}}),
    code: 'NO_ANSWER',
    says: /does not answer: ECONNREFUSED/v,
  },
];

test.each(refusals)('sends no POST for $claim, and says what to do', async (refusal) => {
  await using emulator = await startQuick(refusal.emulator);
  await refusal.prepare?.(emulator);
  const {context} = await connect(emulator, refusal.options?.(emulator));

  const error = await failure(createWorkers(await request(refusal.request), context));

  expect(`${error.code} ${error.message}`).toMatch(new RegExp(`^${refusal.code} `, 'v'));
  expect(error.message).toMatch(refusal.says);
  expect(error.oclif.exit).toBe(refusal.exit ?? 1);
  expect(error.suggestions.length + (error.code === 'USAGE' ? 1 : 0)).toBeGreaterThan(0);
  expect(dropletPosts(emulator)).toBe(0);
});

test('tells all problems of the input at once', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);

  const error = await failure(
    createWorkers(await request({workerName: '-', count: -1, vpc: 'x', tags: ['a,b']}), context, {
      problems: ['and this'],
    }),
  );

  expect(error.message).toMatch(/^5 problems/v);
});

test('tells failures of several parts of a check as failures of the whole', async () => {
  await using emulator = await startQuick({tsaClosed: true});
  const {context} = await connect(emulator, {
    concourse: {login: {username: 'test', password: 'no'}},
  });

  const error = await failure(
    createWorkers(await request({regions: ['nowhere'], sizes: ['none']}), context),
  );

  expect(error.message).toMatch(/^4 problems:\n- .*\n- .*\n- .*\n- [^\n]*$/v);
});

test('tells all failures of the preflight at once', async () => {
  await using emulator = await startQuick({tsaClosed: true});
  const {context} = await connect(emulator, {token: 'dop_v1_wrong'});

  const error = await failure(createWorkers(await request(), context));

  expect(error.message).toContain('401');
  expect(error.message).toContain('ECONNREFUSED');
});

test('tells that a VPC is in another region', async () => {
  await using emulator = await startQuick();
  const {context} = await connect(emulator);
  const {url, token} = emulator.digitalOcean;
  const answer = await fetch(`${url}/v2/vpcs`, {
    method: 'POST',
    headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
    body: JSON.stringify({name: 'ci', region: 'nyc3'}),
  });
  const {vpc} = (await answer.json()) as {vpc: {id: string}};

  const error = await failure(createWorkers(await request({vpc: vpc.id}), context));

  expect(error.message).toMatch(/is in nyc3, so no droplet in ams3 can be/v);
  expect(dropletPosts(emulator)).toBe(0);
});
