import {ActionableError} from '../errors.js';
import type {FieldText} from './field-texts.js';
import {isPlainUrl, plainUrl} from './plain-url.js';
import type {Section} from './section.js';

/** Where the metadata service is: at the cloud's address, or where the section says. */
export function metadataUrl(section: Section, address: string): string {
  const url = section.optionalString('metadataUrl') ?? address;
  if (!isPlainUrl(url)) {
    throw new ActionableError('RUNNER_CONFIG', `provider.metadataUrl must be ${plainUrl}`);
  }

  return url.replace(/\/+$/v, '');
}

/** Documents `metadataUrl` for a provider whose service is at this address by default. */
export function metadataUrlField(address: string): FieldText {
  return {
    name: 'metadataUrl',
    type: 'string',
    isRequired: false,
    text: `Address of a mirror or proxy of the metadata service; \`${address}\` by default.`,
  };
}
