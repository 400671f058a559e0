import {ActionableError} from '../errors.js';
import type {FieldText} from './field-texts.js';
import type {Implementation, ImplementationContext, MakeImplementation} from './implementation.js';
import {dockerWorkerFields, makeDockerWorker} from './implementations/docker-worker.js';
import {dummyFields, makeDummy} from './implementations/dummy.js';
import {genericWorkerFields, makeGenericWorker} from './implementations/generic-worker.js';
import type {Section} from './section.js';

type Entry = {make: MakeImplementation; summary: string; fields: FieldText[]};

/** The workers that can be started, by the name in `worker.implementation`. */
export const implementations: ReadonlyMap<string, Entry> = new Map([
  [
    'docker-worker',
    {
      make: makeDockerWorker,
      summary: 'Runs docker-worker (removed from Taskcluster in v100).',
      fields: dockerWorkerFields,
    },
  ],
  [
    'generic-worker',
    {
      make: makeGenericWorker,
      summary: 'Runs generic-worker with --with-worker-runner.',
      fields: genericWorkerFields,
    },
  ],
  [
    'dummy',
    {
      make: makeDummy,
      summary: 'Prints what a worker would be started with, secrets hidden, and ends.',
      fields: dummyFields,
    },
  ],
]);

/** Reads the `worker` section and makes its worker ready to be configured. */
export function makeImplementation(
  name: string,
  section: Section,
  context: ImplementationContext,
): Implementation {
  const entry = implementations.get(name);
  if (entry === undefined) {
    throw new ActionableError('RUNNER_CONFIG', `unrecognized worker implementation ${name}`, [
      `Use one of ${[...implementations.keys()].join(', ')}`,
    ]);
  }

  return entry.make(section, context);
}
