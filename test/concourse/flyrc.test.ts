import {mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {readFlyTarget} from '../../src/concourse/flyrc.js';
import {UsageError} from '../../src/errors.js';

async function flyrc(text: string): Promise<Record<string, string>> {
  const home = await mkdtemp(path.join(tmpdir(), 'do-worker-flyrc-'));
  await writeFile(path.join(home, '.flyrc'), text);
  return {HOME: home};
}

async function problem(name: string, environment: Record<string, string>): Promise<string> {
  try {
    await readFlyTarget(name, environment);
  } catch (error) {
    if (error instanceof UsageError) {
      return error.message;
    }
  }

  throw new Error('no usage error');
}

test('reads URL, token, CA and insecure', async () => {
  const environment = await flyrc(
    `targets:\n  ci:\n    api: https://ci.example.com/\n    team: arm\n    insecure: true\n    ca_cert: PEM\n    token: {type: bearer, value: abc}\n    new_field: 1\n`,
  );

  expect(await readFlyTarget('ci', environment)).toEqual({
    url: 'https://ci.example.com',
    insecure: true,
    caPem: 'PEM',
    login: {token: 'abc', target: 'ci'},
  });
});

test('prefers FLY_HOME to HOME', async () => {
  const {HOME} = await flyrc(`targets: {ci: {api: 'http://x', token: {type: bearer, value: abc}}}`);

  expect((await readFlyTarget('ci', {HOME: '/nonexistent', FLY_HOME: HOME!})).url).toBe('http://x');
});

test.each([
  ['targets: {other: {}}', /No fly target ci .*there: other/v],
  ['targets: {ci: {api: "http://x"}}', /not logged in to target ci/v],
  ['targets: {ci: {api: "http://x", token: {type: "", value: ""}}}', /not logged in to target ci/v],
  ['targets: {ci: {api: [7], token: 8}}', /api is not a text[\s\S]*token is not a mapping/v],
  ['targets: {ci: 7}', /not a mapping/v],
  ['', /No fly target ci .*there: none/v],
  ['- 1', /No fly target ci/v],
  ['targets: [\n  s3cr3t', /not valid YAML/v],
])('says what is wrong with %j, and no more', async (text, says) => {
  const message = await problem('ci', await flyrc(text));

  expect(message).toMatch(says);
  expect(message).not.toContain('s3cr3t');
});

test('says that there is no file', async () => {
  expect(await problem('ci', {HOME: '/nonexistent'})).toMatch(
    /cannot read \/nonexistent\/.flyrc \(no such file\)/v,
  );
});
