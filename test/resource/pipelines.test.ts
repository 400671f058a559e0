import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {expect, test} from '@jest/globals';
import {CORE_SCHEMA, load, mergeTag} from 'js-yaml';
import {Fields} from '../../src/fields.js';
import {readParams, readSource} from '../../src/resource/request.js';
import {nameProblems, placeProblems} from '../../src/workers/plan.js';

const folder = path.join(import.meta.dirname, '../../templates/pipelines');
const files = await readdir(folder);

type Step = {
  get?: string;
  put?: string;
  task?: string;
  params?: Record<string, unknown>;
  tags?: string[];
  inputs?: unknown;
  no_get?: boolean;
};
type Pipeline = {
  resources: Array<{
    name: string;
    type: string;
    check_every?: string;
    source: Record<string, unknown>;
  }>;
  jobs: Array<Step & {name: string; serial?: boolean; plan: Step[]}>;
};

async function read(file: string) {
  const pipeline = load(await readFile(path.join(folder, file), 'utf8'), {
    schema: CORE_SCHEMA.withTags(mergeTag),
  }) as Pipeline;
  const workers = pipeline.resources.filter(({type}) => type === 'do-worker');
  const names = new Set(workers.map(({name}) => name));
  const steps = stepsIn(pipeline.jobs);
  return {
    pipeline,
    workers,
    steps,
    own: steps.filter(({get, put}) => names.has(get ?? put ?? '')),
  };
}

/** Every step, however deep. */
function stepsIn(value: unknown): Step[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }

  const deeper = Object.values(value).flatMap((each) => stepsIn(each));
  return 'get' in value || 'put' in value || 'task' in value ? [value as Step, ...deeper] : deeper;
}

test('there is a pipeline for each form', () => {
  expect(files.toSorted()).toEqual([
    'across.yml',
    'historical.yml',
    'recommended.yml',
    'two-sizes.yml',
  ]);
});

test.each(files)('%s: source and params are what the scripts take', async (file) => {
  const {workers, own} = await read(file);
  const problems: string[] = [];

  for (const {source, check_every: every} of workers) {
    expect(every).toBe('never');
    const {regions = [], sizes = []} = readSource(new Fields('source', source, problems));
    const places = {regions: ['ams3', ...regions], sizes: ['s-2vcpu-2gb', ...sizes]};
    problems.push(...placeProblems({...places, sshKeys: [], vpc: undefined}));
  }

  for (const {params: parameters = {}} of own) {
    const {workerName = 'ci-worker'} = readParams(new Fields('params', parameters, problems));
    // In the pipeline of across Concourse fills in a variable.
    problems.push(...nameProblems(workerName.replaceAll(/\(\(.*?\)\)/gv, 'x'), 'b123456789'));
  }

  expect(problems).toEqual([]);
  expect(own.length).toBeGreaterThanOrEqual(2 * workers.length);
});

test.each(files)(
  '%s: every worker that is made is destroyed, by a put that needs no other step',
  async (file) => {
    const {own} = await read(file);
    const nameOf = ({params}: Step) => String(params?.worker_name);
    const isDestroy = ({put, params}: Step) => put !== undefined && params?.action !== 'create';
    const ends = own.filter((step) => isDestroy(step));

    const starts = own.filter((step) => !isDestroy(step));
    expect(new Set(ends.map((step) => nameOf(step)))).toEqual(
      new Set(starts.map((step) => nameOf(step))),
    );
    expect(ends).toHaveLength(starts.length);
    for (const step of ends) {
      expect(step).toMatchObject({inputs: [], no_get: true});
    }
  },
);

test.each(files)(
  '%s: tasks run on its workers, and the steps that make them do not',
  async (file) => {
    const {own, steps, pipeline} = await read(file);
    const names = own.map(({params}) => String(params?.worker_name));

    expect(own.filter(({tags}) => tags !== undefined)).toEqual([]);
    for (const {tags = []} of steps.filter(({task}) => task !== undefined)) {
      expect(tags).toHaveLength(1);
      expect([...names, '((.:worker_tag))']).toContain(tags[0]);
    }

    for (const {serial = false} of pipeline.jobs) {
      expect(serial).toBe(file !== 'across.yml');
    }
  },
);
