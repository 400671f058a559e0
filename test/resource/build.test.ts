import fc from 'fast-check';
import {expect, test} from '@jest/globals';
import {defaultWorkerName, lostInName, readBuild} from '../../src/resource/build.js';

const build = (pipeline: string, job: string) =>
  readBuild({BUILD_ID: '1', BUILD_PIPELINE_NAME: pipeline, BUILD_JOB_NAME: job}, []);
const name = (pipeline: string, job: string) => defaultWorkerName(build(pipeline, job));

const letters = 'lacks letters that no host name has';
const cut = 'is cut to 40 characters';

test.each([
  ['shop', 'unit', 'ci-worker-shop-unit', undefined],
  ['Shop_Front', 'unit tests (fast)', 'ci-worker-shop-front-unit-tests-fast', undefined],
  ['prüfung', 'café', 'ci-worker-prufung-cafe', undefined],
  ['größe', 'prüfung', 'ci-worker-gro-e-prufung', letters],
  ['日本', '語', 'ci-worker', letters],
  ['a-pipeline-of-so-many', 'letters_', 'ci-worker-a-pipeline-of-so-many-letters', undefined],
  ['a-very-long-pipeline-name', 'and-a-long-job', 'ci-worker-a-very-long-pipeline-name-and', cut],
])('names the workers of pipeline %s, job %s: %s', (pipeline, job, expected, lost) => {
  expect(name(pipeline, job)).toBe(expected);
  expect(lostInName(build(pipeline, job))).toBe(lost);
});

test('any pipeline and job give a hostname label that leaves room for the longest build number', () => {
  fc.assert(
    fc.property(fc.string({minLength: 1}), fc.string({minLength: 1}), (pipeline, job) => {
      const label = name(pipeline, job)!;

      expect(label).toMatch(/^[a-z](?:[a-z0-9\-]*[a-z0-9])?$/v);
      expect(`${label}-b${'9'.repeat(12)}-12345678`.length).toBeLessThanOrEqual(63);
    }),
  );
});

test.each([
  [{}, 'BUILD_ID is not set'],
  [{BUILD_ID: ''}, 'BUILD_ID is not set'],
  [{BUILD_ID: '../../x'}, 'BUILD_ID "../../x" is not a number'],
])('with %j it says what the build lacks', (environment, problem) => {
  const problems: string[] = [];

  expect(readBuild(environment, problems).runKey).toBeUndefined();
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test('a build without a pipeline has no name to give', () => {
  expect(
    defaultWorkerName(readBuild({BUILD_ID: '1', BUILD_PIPELINE_NAME: ''}, [])),
  ).toBeUndefined();
});
