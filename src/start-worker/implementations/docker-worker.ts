import {access} from 'node:fs/promises';
import path from 'node:path';
import {startChild, type Command} from '../child.js';
import {writeConfigFile} from '../config-file.js';
import type {FieldText} from '../field-texts.js';
import type {MakeImplementation} from '../implementation.js';
import {poolParts, setKeys, setMetadataKeys} from './keys.js';

export const dockerWorkerFields: FieldText[] = [
  {
    name: 'path',
    type: 'string',
    isRequired: true,
    text: 'Folder of docker-worker. Its bin/docker-worker is run if there is one (since v30), else src/bin/worker.js with node',
  },
  {
    name: 'configPath',
    type: 'string',
    isRequired: true,
    text: 'File that the worker configuration is written to, and that docker-worker reads',
  },
  {
    name: 'host',
    type: 'string',
    isRequired: false,
    text: "Value of docker-worker's --host; `worker-runner` by default, `taskcluster-worker-runner` for docker-worker before v28.2",
  },
];

const metadataKeys = {
  host: 'public-hostname',
  publicIp: 'public-ipv4',
  privateIp: 'local-ipv4',
  workerNodeType: 'instance-type',
  instanceType: 'instance-type',
  instanceId: 'instance-id',
  region: 'region',
};

/** Docker-worker, of before and since it has an executable. */
export const makeDockerWorker: MakeImplementation = (section, context) => {
  const root = section.string('path');
  const configPath = section.string('configPath');
  const host = section.optionalString('host') ?? 'worker-runner';

  return {
    configure(state) {
      const {rootUrl, workerGroup, workerId, workerLocation, workerPoolId, credentials} = state;
      const {clientId, accessToken, certificate} = credentials;
      const {provisionerId, workerType} = poolParts(workerPoolId);
      setMetadataKeys(state, metadataKeys, context.log);
      setKeys(state, {
        workerLocation: JSON.stringify(workerLocation),
        rootUrl,
        'taskcluster.clientId': clientId,
        'taskcluster.accessToken': accessToken,
        'taskcluster.certificate': certificate,
        workerId,
        workerGroup,
        provisionerId,
        workerType,
      });
    },

    async start({workerConfig}) {
      await writeConfigFile(configPath, workerConfig);
      return startChild(
        {
          ...(await commandIn(root, host)),
          name: 'docker-worker',
          environment: {...context.environment, DOCKER_WORKER_CONFIG: configPath},
        },
        context,
      );
    },
  };
};

async function commandIn(root: string, host: string): Promise<Pick<Command, 'file' | 'args'>> {
  const args = ['--host', host, 'production'];
  const executable = path.join(root, 'bin/docker-worker');
  try {
    await access(executable);
    return {file: executable, args};
  } catch {
    // The environment's node, not ours: an old docker-worker needs an old Node.
    return {file: 'node', args: [path.join(root, 'src/bin/worker.js'), ...args]};
  }
}
