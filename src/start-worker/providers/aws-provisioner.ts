import {createMetadata, type Metadata} from '../metadata.js';
import {metadataUrl, metadataUrlField} from '../metadata-url.js';
import {isObject, needText, pick} from '../pick.js';
import type {Found, MakeProvider, ProviderContext} from '../provider.js';
import {checkRootUrl} from '../state.js';
import {isSpotEnding, watchTermination} from '../termination.js';
import {setKey, type JsonObject} from '../worker-config.js';
import {takeCredentials} from './aws-provisioner-secret.js';

const address = 'http://169.254.169.254';
const everySeconds = 30;
const paths = [
  'ami-id',
  'instance-id',
  'instance-type',
  'public-ipv4',
  'placement/availability-zone',
  'public-hostname',
  'local-ipv4',
];

export const awsProvisionerFields = [metadataUrlField(address)];

/** A spot instance of the former AWS provisioner, which hands out credentials once. */
export const makeAwsProvisioner: MakeProvider = async (section, context) => {
  const metadata = createMetadata({
    cloud: 'AWS',
    url: `${metadataUrl(section, address)}/latest`,
    secondMs: context.secondMs,
  });

  return {
    isDynamic: true,
    identify: async (signal) => identify(metadata, context, signal),

    async watch(terminate, signal) {
      const check = async () => {
        context.log.line('polling for termination-time');
        return (await isSpotEnding(metadata, {signal, isPoll: true}))
          ? 'EC2 Metadata Service says termination is imminent'
          : undefined;
      };

      await watchTermination({everySeconds, check}, context, terminate, signal);
    },
  };
};

async function identify(
  metadata: Metadata,
  {implementation, secondMs}: ProviderContext,
  signal: AbortSignal,
): Promise<Found> {
  const {fields: userData} = await metadata.json('/user-data', {signal});
  const text = (key: string) => needText('user data', userData, key);
  const rootUrl = text('taskclusterRootUrl').replace(/\/+$/v, '');
  checkRootUrl(rootUrl);
  // Before anything else is judged: whatever ends this run, the secret must not be left there.
  const credentials = await takeCredentials(rootUrl, text('securityToken'), {secondMs, signal});

  const identity = {
    rootUrl,
    providerId: 'aws-provisioner',
    workerPoolId: `${text('provisionerId')}/${text('workerType')}`,
    workerGroup: text('region'),
  };
  const workerConfig = readWorkerConfig(userData, implementation);

  const described: Record<string, string> = {};
  for (const path of paths) {
    described[path.split('/').at(-1)!] = await metadata.text(`/meta-data/${path}`, {signal});
  }

  const {'instance-id': workerId = '', 'availability-zone': availabilityZone = ''} = described;
  const region = availabilityZone.slice(0, -1);
  return {
    ...identity,
    workerId,
    credentials,
    workerConfig,
    providerMetadata: {...described, region},
    workerLocation: {cloud: 'aws', region, availabilityZone},
  };
}

/** Of a capacity that is absent nothing is said, and one is what every worker has. */
function readWorkerConfig(userData: JsonObject, implementation: string): JsonObject {
  const configured = pick(userData, 'data', 'config');
  const capacity = pick(userData, 'capacity');
  let config = isObject(configured) ? configured : {};
  if (typeof capacity === 'number' && capacity !== 1) {
    config = setKey(config, 'capacity', capacity);
  }

  if (implementation === 'docker-worker') {
    config = setKey(config, 'shutdown.enabled', true);
    config = setKey(config, 'shutdown.afterIdleSeconds', 900);
  }

  return config;
}
