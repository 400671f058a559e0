import {ActionableError} from '../../errors.js';
import {createMetadata, type Metadata} from '../metadata.js';
import {metadataUrl, metadataUrlField} from '../metadata-url.js';
import {isObject, needText, pick, pickText} from '../pick.js';
import type {Found, MakeProvider} from '../provider.js';
import {watchTermination} from '../termination.js';
import type {JsonObject} from '../worker-config.js';

const address = 'http://169.254.169.254';
const everySeconds = 1;
/** The first look for events may take two minutes, while Azure turns them on. */
const eventsMs = 150_000;
const instanceQuery = {'api-version': '2025-04-07'};
const eventsQuery = {'api-version': '2020-07-01'};

export const azureFields = [metadataUrlField(address)];

/** An Azure virtual machine that the worker manager created. */
export const makeAzure: MakeProvider = async (section, context) => {
  const metadata = createMetadata({
    cloud: 'Azure',
    url: metadataUrl(section, address),
    headers: {metadata: 'true'},
    secondMs: context.secondMs,
  });

  return {
    isDynamic: true,
    identify: async (signal) => identify(metadata, signal),

    async watch(terminate, signal) {
      const check = async () => {
        const event = await imminentEvent(metadata, signal);
        return event === undefined
          ? undefined
          : `Azure Metadata Service says a ${event} maintenance event is imminent`;
      };

      await watchTermination({everySeconds, check}, context, terminate, signal);
    },
  };
};

async function identify(metadata: Metadata, signal: AbortSignal): Promise<Found> {
  const query = instanceQuery;
  const {fields: instance} = await metadata.json('/metadata/instance', {signal, query});
  const identity = {
    rootUrl: needTag(instance, 'root-url'),
    workerPoolId: needTag(instance, 'worker-pool-id'),
    providerId: needTag(instance, 'provider-id'),
    workerGroup: needTag(instance, 'worker-group'),
  };

  const {fields: attested} = await metadata.json('/metadata/attested/document', {signal, query});
  const encoding = pickText(attested, 'encoding');
  if (encoding !== 'pkcs7') {
    throw new ActionableError(
      'METADATA',
      `expected attested document with format pkcs7, got ${encoding ?? ''}`,
    );
  }

  const text = (key: string) => needText('instance metadata', instance, 'compute', key);
  const region = text('location');
  return {
    ...identity,
    workerId: text('name'),
    proof: {document: needText('attested document', attested, 'signature')},
    workerLocation: {cloud: 'azure', region},
    providerMetadata: {
      'vm-id': text('vmId'),
      'instance-type': text('vmSize'),
      region,
      ...addresses(instance),
    },
  };
}

function needTag(instance: JsonObject, name: string): string {
  const tags = pick(instance, 'compute', 'tagsList');
  const tag = Array.isArray(tags) && tags.find((each) => pick(each, 'name') === name);
  const value = tag ? pickText(tag, 'value') : undefined;
  if (value === undefined) {
    throw new ActionableError('METADATA', `did not get ${name} from instance tagged data`);
  }

  return value;
}

/** With several interfaces or addresses nobody knows which one counts. */
function addresses(instance: JsonObject): JsonObject {
  const only = single(pick(instance, 'network', 'interface'));
  const pair = single(pick(only, 'ipv4', 'ipAddress'));
  const inner = pickText(pair, 'privateIpAddress');
  const outer = pickText(pair, 'publicIpAddress');
  return {
    ...(inner !== undefined && {'local-ipv4': inner}),
    ...(outer !== undefined && {'public-ipv4': outer}),
  };
}

function single(list: ReturnType<typeof pick>): JsonObject | undefined {
  const [first] = Array.isArray(list) && list.length === 1 ? list : [];
  return isObject(first) ? first : undefined;
}

/** Frozen for some seconds, a machine goes on afterwards. */
async function imminentEvent(metadata: Metadata, signal: AbortSignal): Promise<string | undefined> {
  const {fields: answer} = await metadata.json('/metadata/scheduledevents', {
    signal,
    query: eventsQuery,
    isPoll: true,
    timeoutMs: eventsMs,
  });
  const events = pick(answer, 'Events');
  return (Array.isArray(events) ? events : [])
    .map((event) => pickText(event, 'EventType'))
    .find((type) => type !== undefined && type !== 'Freeze');
}
