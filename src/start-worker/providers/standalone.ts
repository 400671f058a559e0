import type {MakeProvider} from '../provider.js';
import {
  machineFields,
  readProviderMetadata,
  readRootUrl,
  readWorkerLocation,
  required,
  rootUrlField,
  workerPoolField,
} from './configured.js';

export const standaloneFields = [
  rootUrlField,
  required('clientID', 'Client that the worker acts as.'),
  required('accessToken', 'Its access token.'),
  workerPoolField,
  required('workerGroup', 'Group of the worker.'),
  required('workerID', 'Name of the worker in its group.'),
  ...machineFields,
];

/** A worker with credentials of its own, which nobody registers and which do not expire. */
export const makeStandalone: MakeProvider = async (section) => {
  const found = {
    rootUrl: readRootUrl(section),
    credentials: {
      clientId: section.string('clientID'),
      accessToken: section.string('accessToken'),
    },
    workerPoolId: section.string('workerPoolID'),
    workerGroup: section.string('workerGroup'),
    workerId: section.string('workerID'),
    providerId: 'standalone',
    providerMetadata: readProviderMetadata(section),
    workerLocation: {cloud: 'standalone', ...readWorkerLocation(section)},
  };

  return {isDynamic: false, identify: async () => found};
};
