import {createImdsSession} from '../imds-session.js';
import {createMetadata, type Metadata} from '../metadata.js';
import {metadataUrl, metadataUrlField} from '../metadata-url.js';
import {needText} from '../pick.js';
import type {Found, MakeProvider} from '../provider.js';
import {isSpotEnding, refuseIfTerminating, watchTermination} from '../termination.js';
import {readUserData} from './user-data.js';

const address = 'http://169.254.169.254';
const everySeconds = 5;

export const awsFields = [metadataUrlField(address)];

/** An EC2 instance that the worker manager created. */
export const makeAws: MakeProvider = async (section, context) => {
  const metadata = createMetadata({
    cloud: 'AWS',
    url: `${metadataUrl(section, address)}/latest`,
    session: createImdsSession,
    secondMs: context.secondMs,
  });
  await refuseIfTerminating(async (signal) => isSpotEnding(metadata, {signal}), context.signal);

  return {
    isDynamic: true,
    identify: async (signal) => identify(metadata, signal),

    async watch(terminate, signal) {
      const check = async () =>
        (await isSpotEnding(metadata, {signal, isPoll: true}))
          ? 'EC2 Metadata Service says termination is imminent'
          : undefined;
      await watchTermination({everySeconds, check}, context, terminate, signal);
    },
  };
};

async function identify(metadata: Metadata, signal: AbortSignal): Promise<Found> {
  const {fields: userData} = await metadata.json('/user-data', {signal});
  const identity = readUserData(userData);
  const {text: document, fields: instance} = await metadata.json(
    '/dynamic/instance-identity/document',
    {signal},
  );
  const signature = await metadata.text('/dynamic/instance-identity/signature', {signal});
  const hostname = await metadata.text('/meta-data/public-hostname', {signal});
  const address4 = await metadata.text('/meta-data/public-ipv4', {signal});

  const text = (key: string) => needText('instance identity document', instance, key);
  const instanceId = text('instanceId');
  const region = text('region');
  const availabilityZone = text('availabilityZone');
  return {
    ...identity,
    workerId: instanceId,
    proof: {document, signature},
    workerLocation: {cloud: 'aws', region, availabilityZone},
    providerMetadata: {
      'instance-id': instanceId,
      image: text('imageId'),
      'instance-type': text('instanceType'),
      region,
      'availability-zone': availabilityZone,
      'local-ipv4': text('privateIp'),
      'public-hostname': hostname,
      'public-ipv4': address4,
    },
  };
}
