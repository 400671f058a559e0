import {ActionableError} from '../../errors.js';
import {startChild} from '../child.js';
import {writeConfigFile} from '../config-file.js';
import type {FieldText} from '../field-texts.js';
import type {MakeImplementation} from '../implementation.js';
import {isObject} from '../pick.js';
import type {Section} from '../section.js';
import {poolParts, setKeys, setMetadataKeys} from './keys.js';

export const genericWorkerFields: FieldText[] = [
  {
    name: 'path',
    type: 'string',
    isRequired: true,
    text: 'The generic-worker executable',
  },
  {
    name: 'configPath',
    type: 'string',
    isRequired: true,
    text: 'File that the worker configuration is written to, and that generic-worker reads',
  },
  {
    name: 'service',
    type: 'string',
    isRequired: false,
    text: 'Name of a Windows service, in place of path. Refused: this start-worker starts no Windows services',
  },
  {
    name: 'protocolPipe',
    type: 'string',
    isRequired: false,
    text: 'Named pipe of that Windows service. Read, and not used',
  },
];

const metadataKeys = {
  publicIP: 'public-ipv4',
  privateIP: 'local-ipv4',
  instanceType: 'instance-type',
  instanceID: 'instance-id',
  region: 'region',
  availabilityZone: 'availability-zone',
};

/**
 * What start-worker watches itself. With a runner an older generic-worker compares them with its own file alone, and from
 * v96 on it refuses fields that it does not know.
 */
const ours = new Set(['deploymentId', 'checkForNewDeploymentEverySecs']);

/** Generic-worker, run as a command. */
export const makeGenericWorker: MakeImplementation = (section, context) => {
  const file = executableIn(section);
  const configPath = section.string('configPath');

  return {
    configure(state) {
      const {rootUrl, workerGroup, workerId, workerLocation, workerPoolId, credentials} = state;
      const {clientId, accessToken, certificate} = credentials;
      const {provisionerId, workerType} = poolParts(workerPoolId);
      const {workerTypeMetadata} = state.workerConfig;
      setMetadataKeys(state, metadataKeys, context.log);
      setKeys(state, {
        workerLocation: JSON.stringify(workerLocation),
        workerTypeMetadata: {
          ...(isObject(workerTypeMetadata) && workerTypeMetadata),
          ...state.providerMetadata,
        },
        rootURL: rootUrl,
        clientId,
        accessToken,
        certificate,
        provisionerId,
        workerType,
        workerGroup,
        workerId,
      });
    },

    async start({workerConfig}) {
      const fields = Object.entries(workerConfig).filter(([field]) => !ours.has(field));
      await writeConfigFile(configPath, Object.fromEntries(fields));
      const args = ['run', '--config', configPath, '--with-worker-runner'];
      const {environment} = context;
      return startChild({name: 'generic-worker', file, args, environment}, context);
    },
  };
};

function executableIn(section: Section): string {
  const file = section.optionalString('path');
  const service = section.optionalString('service');
  section.optionalString('protocolPipe');
  if ((file === undefined) === (service === undefined)) {
    throw new ActionableError(
      'RUNNER_CONFIG',
      'specify exactly one of worker.path and worker.windowsService',
      ['Set worker.path to the generic-worker executable'],
    );
  }

  if (file === undefined) {
    throw new ActionableError('RUNNER_CONFIG', 'worker.service is only supported on Windows', [
      'Set worker.path to the generic-worker executable: this start-worker starts no Windows services',
    ]);
  }

  return file;
}
