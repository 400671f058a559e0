import {ActionableError} from '../../errors.js';
import type {FieldText} from '../field-texts.js';
import type {Section} from '../section.js';
import type {JsonObject} from '../worker-config.js';

/** The deployment's address, without the slash at its end that no other part expects. */
export function readRootUrl(section: Section): string {
  return section.string('rootURL').replace(/\/+$/v, '');
}

/** What the section itself says of the machine. */
export function readProviderMetadata(section: Section): JsonObject {
  return section.optionalObject('providerMetadata') ?? {};
}

/** What the section itself says of the machine's place. */
export function readWorkerLocation(section: Section): Record<string, string> {
  const location = section.optionalObject('workerLocation') ?? {};
  return Object.fromEntries(
    Object.entries(location).map(([key, value]) => {
      if (typeof value !== 'string') {
        throw new ActionableError('RUNNER_CONFIG', `workerLocation value ${key} is not a string`, [
          'Put the value in quotes',
        ]);
      }

      return [key, value];
    }),
  );
}

/** Documents a string that the section must have. */
export function required(name: string, text: string): FieldText {
  return {name, type: 'string', isRequired: true, text};
}

/** Documents a string that the section may leave out. */
export function optional(name: string, text: string): FieldText {
  return {name, type: 'string', isRequired: false, text};
}

export const rootUrlField = required('rootURL', 'Address of the Taskcluster deployment.');

export const workerPoolField = required(
  'workerPoolID',
  'Pool of the worker, `<provisionerId>/<workerType>`.',
);

export const machineFields: FieldText[] = [
  {
    name: 'providerMetadata',
    type: 'object',
    isRequired: false,
    text: 'What the worker is told of its machine, such as `instance-type`.',
  },
  {
    name: 'workerLocation',
    type: 'object',
    isRequired: false,
    text: 'Where the machine is; all values are strings, and `cloud` may be among them.',
  },
];
