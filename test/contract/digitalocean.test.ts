import {describe, expect, test} from '@jest/globals';
import {start} from '../emulator/digitalocean/start.js';
import {amended, amendments} from './amendments.js';
import {callEverything} from './calls.js';
import {
  createContract,
  hasOpenApi,
  readOpenApi,
  type Contract,
  type GivenAnswer,
  type SentRequest,
} from './openapi.js';

const missing = 'skipped: the published schema is not in ../shared/specs beside this repository';
const suite = hasOpenApi ? describe : describe.skip;

const fast = {createMs: 1, actionMs: 1};
const contractOf = (left = amendments): Contract => createContract(amended(readOpenApi(), left));

const problemsOf = (contract: Contract, answers: GivenAnswer[]) =>
  answers.flatMap((answer) =>
    contract
      .answerProblems(answer)
      .map((problem) => `${answer.method} ${answer.path} ${answer.status}: ${problem}`),
  );

// One tag is wrong on purpose, and a path of pools has an id that is none.
const requestProblemsOf = (contract: Contract, requests: SentRequest[]) =>
  requests
    .filter(({path}) => path !== '/v2/tags' && !path.includes('autoscale'))
    .flatMap((request) => contract.requestProblems(request));

suite(hasOpenApi ? 'the contract with DigitalOcean' : missing, () => {
  test('every answer of the emulator fits the published schema', async () => {
    await using api = await start(fast);

    const answers = await callEverything(api);

    expect(problemsOf(contractOf(), answers)).toEqual([]);
    expect(answers.filter(({status}) => status >= 500)).toEqual([]);
  });

  test('every operation that the emulator has is called', async () => {
    await using api = await start(fast);
    const contract = contractOf();

    const called = new Set(
      (await callEverything(api)).map((answer) => contract.operationOf(answer)),
    );

    const others =
      /autoscale|floating_ips|reserved_ips|projects|peerings|account_transfer|backups\/|policies|resources\/|images\/\{image_id\}\/actions/v;
    const uncalled = Object.entries(readOpenApi().paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => ['get', 'post', 'put', 'delete'].includes(method))
        .map((method) => `${method.toUpperCase()} ${path}`)
        .filter((operation) => !called.has(operation) && !others.test(path)),
    );
    expect(uncalled).toEqual(['POST /v2/images', 'PUT /v2/vpcs/{vpc_id}']);
  });

  test('the schema is wrong where an amendment says so', async () => {
    await using api = await start(fast);
    const answers = await callEverything(api);

    for (const amendment of amendments) {
      const contract = contractOf(amendments.filter((other) => other !== amendment));
      const isNeeded = answers.some(
        (answer) =>
          problemsOf(contract, [answer]).length > 0 ||
          requestProblemsOf(contract, [answer]).length > 0,
      );
      expect([amendment.fact, isNeeded]).toEqual([amendment.fact, true]);
    }
  });

  test('every error of the emulator fits the published shapes', async () => {
    await using api = await start({...fast, burstLimit: 9, scopes: ['account:read', 'tag:create']});
    const answers: GivenAnswer[] = [];
    const call = async (method: string, path: string, body?: unknown) => {
      const answer = await api.call(method, path, body);
      answers.push({method, path, body, status: answer.status, answer: answer.body});
    };

    await call('GET', '/v2/droplets');
    await call('POST', '/v2/tags', {name: '\u{437}'});
    api.settings.scopes = [];
    await call('GET', '/v2/droplets/1');
    await call('POST', '/v2/droplets', {name: 'a_b'});
    api.faults.push({path: '/v2/regions', kind: 'status', status: 500});
    await call('GET', '/v2/regions');
    api.settings.burstLimit = 1;
    await call('GET', '/v2/account');
    api.settings.token = 'another';
    await call('GET', '/v2/account');

    expect(answers.map(({status}) => status)).toEqual([403, 400, 404, 422, 500, 429, 401]);
    expect(problemsOf(contractOf(), answers)).toEqual([]);
  });

  test('every answer carries the documented headers', async () => {
    await using api = await start();

    const {headers} = await api.get('/v2/droplets');

    for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset']) {
      expect(headers.get(name)).toMatch(/^\d+$/v);
    }

    expect(headers.get('x-request-id')).toMatch(/^[\d\-a-f]{36}$/v);
  });

  test('the requests of these tests fit the schema themselves', async () => {
    await using api = await start(fast);
    const contract = contractOf();
    await callEverything(api);

    expect(requestProblemsOf(contract, api.requests)).toEqual([]);
  });

  test('a request that the schema does not allow is found out', () => {
    const {requestProblems} = contractOf();
    const create = {name: 'w-1', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64'};

    const post = (body: unknown) => requestProblems({method: 'POST', path: '/v2/droplets', body});

    expect(post(create)).toEqual([]);
    expect(post({...create, image: 7, tags: ['ci']})).toEqual([]);
    expect(post({...create, name: 'a_b'})).not.toEqual([]);
    expect(post({...create, project_id: 'x'})).toEqual(['/project_id is not a field']);
    expect(post(undefined)).toEqual([]);
    expect(requestProblems({method: 'GET', path: '/v2/droplets?per_page=500'})).not.toEqual([]);
    expect(requestProblems({method: 'GET', path: '/v2/droplets?tag=ci'})).not.toEqual([]);
    expect(requestProblems({method: 'GET', path: '/v2/droplets/abc'})).not.toEqual([]);
    expect(requestProblems({method: 'DELETE', path: '/v2/droplets'})).toEqual([
      '?tag_name is missing',
    ]);
    expect(requestProblems({method: 'GET', path: '/v2/pets'})).not.toEqual([]);
  });
});
