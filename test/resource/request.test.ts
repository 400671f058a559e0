import {expect, test} from '@jest/globals';
import {readRequest} from '../../src/resource/request.js';

const required = {api_key: 'token', ci_worker_key: 'key', ci_tsa_pub_key: 'public'};

function read(source: object, parameters?: object) {
  const problems: string[] = [];
  const request = readRequest(
    JSON.stringify({source: {...required, ...source}, params: parameters}),
    problems,
  );
  return {...request, problems};
}

test('reads every field of source and params', () => {
  const {source, params, problems} = read(
    {
      regions: ['ams3', 'fra1'],
      sizes: 's-2vcpu-2gb, c-4',
      droplet_kay: 'private',
      ci_tsa_host: 'tsa',
      ci_tsa_port: 2222,
      fly_username: 'me',
      fly_password: 'secret',
      concourse_url: 'https://ci.example.com',
      ca_cert: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----',
      team: 'web',
      image: 123,
      vpc_uuid: 'uuid',
      ssh_keys: [1, 'aa:bb'],
      ttl: '2h',
      timeout: 600,
      concourse_version: '8.2.5',
      concourse_download_url: 'https://mirror',
      template: '#cloud-config',
      vars: {cpus: 2, is_fast: true},
      digitalocean_url: 'https://api',
    },
    {worker_name: 'a', action: 'create', count: '3', tags: ['x'], dont_destroy: 'false'},
  );

  expect(problems).toEqual([]);
  expect(source).toMatchObject({
    regions: ['ams3', 'fra1'],
    sizes: ['s-2vcpu-2gb', 'c-4'],
    misspelltDropletKey: 'private',
    tsaPort: 2222,
    image: '123',
    sshKeys: ['1', 'aa:bb'],
    ttlSeconds: 7200,
    timeoutSeconds: 600,
    variables: {cpus: '2', is_fast: 'true'},
  });
  expect(params).toEqual({
    workerName: 'a',
    action: 'create',
    count: 3,
    tags: ['x'],
    dontDestroy: false,
    drainSeconds: undefined,
  });
});

test.each([
  [{ci_tsa_port: '2200'}, {tsaPort: 2200}],
  [{ci_tsa_port: 2200}, {tsaPort: 2200}],
  [
    {fly_username: 12, fly_password: 34},
    {username: '12', password: '34'},
  ],
  [
    {droplet_size: '', region: null},
    {size: undefined, region: undefined},
  ],
])('accepts %j where the meaning is clear', (given, expected) => {
  const {source, problems} = read(given);

  expect(problems).toEqual([]);
  expect(source).toMatchObject(expected);
});

test.each([
  [{regoin: 'x'}, 'source: unknown field "regoin"; is region meant?'],
  [{Api_Key: 'x'}, 'source: unknown field "Api_Key"; is api_key meant?'],
  [{tsa_host: 'x'}, 'source: unknown field "tsa_host"; is ci_tsa_host meant?'],
  [{ci_tsa_port: 'ssh'}, 'source: ci_tsa_port is not a whole number'],
  [{ci_tsa_port: 70_000}, 'source: ci_tsa_port 70000 is no port'],
  [{api_key: ['x']}, 'source: api_key is not a text'],
  [{ttl: 'long'}, 'source: ttl is not a duration: write seconds, or 90m, 4h, 1d'],
  [{vars: ['x']}, 'source: vars is not a mapping'],
  [{regions: {}}, 'source: regions is not a list of texts'],
  [{fly_username: 'me'}, 'source: fly_username and fly_password go together'],
  [
    {ca_cert: 'foo'},
    'source: ca_cert does not hold a certificate in PEM (-----BEGIN CERTIFICATE-----)',
  ],
  [{region: 'a', regions: ['b']}, 'source: give either regions or region, not both'],
  [
    {droplet_key: 'a', droplet_kay: 'b'},
    'source: give either droplet_key or droplet_kay, not both',
  ],
])('refuses a source with %j', (given, problem) => {
  expect(read(given).problems).toContain(problem);
});

test.each([
  [{action: 'crate'}, 'params: action is not one of create, destroy, none'],
  [{dont_destroy: 'maybe'}, 'params: dont_destroy is not one of true, false'],
  [{worker: 'x'}, 'params: unknown field "worker"; there are'],
  [{name: 'x'}, 'params: unknown field "name"; there are'],
  [{tag: 'x'}, 'params: unknown field "tag"; is tags meant?'],
  [{worker_nam: 'x'}, 'params: unknown field "worker_nam"; is worker_name meant?'],
  [{drain: '2h'}, 'params: drain is longer than an hour'],
])('refuses params with %j', (given, problem) => {
  expect(read({}, given).problems).toEqual([expect.stringContaining(problem)]);
});

test('names all problems at once, and repeats no value', () => {
  const problems: string[] = [];

  readRequest(
    JSON.stringify({source: {api_key: {a: 'hidden'}, regoin: 'hidden'}, params: {cuont: 1}, x: 1}),
    problems,
  );

  expect(problems).toHaveLength(7);
  expect(problems.join('\n')).not.toContain('hidden');
});

test.each(['', '{', '[]', 'null', '{"source": "hidden'])(
  'says what standard input should be when it is %j',
  (text) => {
    expect(() => readRequest(text, [])).toThrow(
      'Standard input is not a JSON object, as Concourse gives it',
    );
  },
);
