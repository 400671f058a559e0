import {ActionableError} from '../errors.js';
import {urlProblem} from '../settings.js';
import type {FieldText} from './field-texts.js';
import type {Section} from './section.js';

/** Where the metadata service is: at the cloud's address, or where the section says. */
export function metadataUrl(section: Section, address: string): string {
  const url = section.optionalString('metadataUrl') ?? address;
  const problem = urlProblem('provider.metadataUrl', url);
  if (problem !== undefined) {
    throw new ActionableError('RUNNER_CONFIG', problem);
  }

  return url.replace(/\/+$/v, '');
}

export function metadataUrlField(address: string): FieldText {
  return {
    name: 'metadataUrl',
    type: 'string',
    isRequired: false,
    text: `Address of a mirror or proxy of the metadata service; \`${address}\` by default.`,
  };
}
