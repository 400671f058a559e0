import {createMetadata, MetadataError, type Ask, type Metadata} from '../metadata.js';
import {metadataUrl, metadataUrlField} from '../metadata-url.js';
import type {Found, MakeProvider} from '../provider.js';
import {refuseIfTerminating, watchTermination} from '../termination.js';
import {readUserData} from './user-data.js';

// eslint-disable-next-line unicorn/prefer-https -- the service inside the machine knows no TLS
const address = 'http://metadata.google.internal';
/** The service answers when the value changes, which may be never. */
const longestWaitSeconds = 300;

export const googleFields = [metadataUrlField(address)];

/** A Google Compute Engine instance that the worker manager created. */
export const makeGoogle: MakeProvider = async (section, context) => {
  const metadata = createMetadata({
    cloud: 'Google',
    url: `${metadataUrl(section, address)}/computeMetadata/v1`,
    headers: {'metadata-flavor': 'Google'},
    secondMs: context.secondMs,
  });
  await refuseIfTerminating(async (signal) => isPreempted(metadata, {signal}), context.signal);

  return {
    isDynamic: true,
    identify: async (signal) => identify(metadata, signal),

    async watch(terminate, signal) {
      const timeoutMs = longestWaitSeconds * context.secondMs;
      // Asked plainly first: a change between two waits would not end the second.
      const check = async () =>
        (await isPreempted(metadata, {signal, isPoll: true})) ||
        (await becomesPreempted(metadata, {signal, timeoutMs}))
          ? 'GCP Metadata Service says termination is imminent'
          : undefined;
      await watchTermination({everySeconds: 1, check, isOnce: true}, context, terminate, signal);
    },
  };
};

async function identify(metadata: Metadata, signal: AbortSignal): Promise<Found> {
  const text = async (path: string) => metadata.text(path, {signal});
  const workerId = await text('/instance/id');
  const {fields: userData} = await metadata.json('/instance/attributes/taskcluster', {signal});
  const identity = readUserData(userData);
  const token = await metadata.text('/instance/service-accounts/default/identity', {
    signal,
    query: {audience: identity.rootUrl, format: 'full'},
  });

  const projectId = await text('/project/project-id');
  const image = await text('/instance/image');
  const machineType = await text('/instance/machine-type');
  const zonePath = await text('/instance/zone');
  const hostname = await text('/instance/hostname');
  const outer = await text('/instance/network-interfaces/0/access-configs/0/external-ip');
  const inner = await text('/instance/network-interfaces/0/ip');

  const zone = afterLastSlash(zonePath);
  const region = zone.slice(0, -2);
  return {
    ...identity,
    workerId,
    proof: {token},
    workerLocation: {cloud: 'google', region, zone},
    providerMetadata: {
      'instance-id': workerId,
      'project-id': projectId,
      image,
      'instance-type': machineType,
      region,
      zone,
      'public-hostname': hostname,
      'public-ipv4': outer,
      'local-ipv4': inner,
    },
  };
}

async function isPreempted(metadata: Metadata, ask: Ask): Promise<boolean> {
  const value = await metadata.text('/instance/preempted', ask);
  return value.trim() === 'TRUE';
}

async function becomesPreempted(
  metadata: Metadata,
  ask: {signal: AbortSignal; timeoutMs: number},
): Promise<boolean> {
  try {
    return await isPreempted(metadata, {...ask, isPoll: true, query: {wait_for_change: 'true'}});
  } catch (error) {
    if (error instanceof MetadataError && error.isTimeout) {
      return false;
    }

    throw error;
  }
}

function afterLastSlash(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
