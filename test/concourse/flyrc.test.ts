import {mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {readFlyTarget, tokenExpiry} from '../../src/concourse/flyrc.js';
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

/** As 6.5 and later make them: 28 bytes, the last 8 the expiry. */
function opaque(seconds: number): string {
  const bytes = Buffer.alloc(28, 7);
  bytes.writeBigUInt64LE(BigInt(seconds), 20);
  return bytes.toString('base64').replaceAll('=', '');
}

const later = Math.round(Date.now() / 1000) + 3600;

test('reads URL, token, CA and insecure', async () => {
  const environment = await flyrc(
    `targets:\n  ci:\n    api: https://ci.example.com/\n    team: arm\n    insecure: true\n    ca_cert: PEM\n    token: {type: bearer, value: ${opaque(later)}}\n    new_field: 1\n`,
  );

  expect(await readFlyTarget('ci', environment)).toEqual({
    url: 'https://ci.example.com',
    insecure: true,
    caPem: 'PEM',
    login: {token: opaque(later), expiresAt: new Date(later * 1000), target: 'ci'},
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
  [
    `targets: {ci: {api: "http://x", token: {type: bearer, value: ${opaque(1_600_000_000)}}}}`,
    /expired at 2020-09-13T12:26:40/v,
  ],
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

test('reads the expiry of a JWT and of an opaque token, and of nothing else', () => {
  const jwt = `e30.${Buffer.from('{"exp":1600000000}').toString('base64url')}.x`;

  expect(tokenExpiry(jwt)).toEqual(new Date(1_600_000_000_000));
  expect(tokenExpiry(opaque(1_600_000_000))).toEqual(new Date(1_600_000_000_000));
  expect([tokenExpiry('abc'), tokenExpiry('a.b.c'), tokenExpiry(opaque(0))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
