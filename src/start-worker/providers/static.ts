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

export const staticFields = [
  rootUrlField,
  required('providerID', 'Provider of type `static` in the worker manager.'),
  workerPoolField,
  required('workerGroup', 'Group of the worker.'),
  required('workerID', 'Name of the worker in its group.'),
  required('staticSecret', 'Secret with which the worker was created in the worker manager.'),
  ...machineFields,
];

/** A machine that somebody keeps and has announced to the worker manager with a secret. */
export const makeStatic: MakeProvider = async (section) => {
  const found = {
    rootUrl: readRootUrl(section),
    providerId: section.string('providerID'),
    workerPoolId: section.string('workerPoolID'),
    workerGroup: section.string('workerGroup'),
    workerId: section.string('workerID'),
    proof: {staticSecret: section.string('staticSecret')},
    providerMetadata: readProviderMetadata(section),
    workerLocation: {cloud: 'static', ...readWorkerLocation(section)},
  };

  return {
    isDynamic: false,
    cacheRefusal: 'do not use cacheOverRestarts with static provider',
    identify: async () => found,
  };
};
