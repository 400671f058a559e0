import {ActionableError} from '../../errors.js';
import {createMetadata, parseMetadata} from '../metadata.js';
import {metadataUrl, metadataUrlField} from '../metadata-url.js';
import {needText, pick, pickText} from '../pick.js';
import {readPrivateFile} from '../private-file.js';
import type {MakeProvider} from '../provider.js';
import type {JsonObject} from '../worker-config.js';
import {
  machineFields,
  optional,
  readProviderMetadata,
  readRootUrl,
  readWorkerLocation,
  required,
  rootUrlField,
  workerPoolField,
} from './configured.js';

const address = 'http://169.254.169.254';

export const digitalOceanFields = [
  rootUrlField,
  required('providerID', 'Provider of type `static` in the worker manager.'),
  workerPoolField,
  required('staticSecret', 'Secret with which the worker was created in the worker manager.'),
  optional('workerGroup', "Group of the worker; the droplet's region by default."),
  optional(
    'workerID',
    "Name of the worker in its group; the droplet's host name up to its first dot by default.",
  ),
  optional('instanceType', "The droplet's size, which its metadata does not tell."),
  ...machineFields,
  metadataUrlField(address),
  optional(
    'metadataFile',
    'File that keeps what the metadata service answers at `/metadata/v1.json`: it is read, and the service not asked.',
  ),
];

/** A static worker on a droplet, which learns from the droplet's metadata what nobody configured. */
export const makeDigitalOcean: MakeProvider = async (section, {secondMs}) => {
  const configured = {
    rootUrl: readRootUrl(section),
    providerId: section.string('providerID'),
    workerPoolId: section.string('workerPoolID'),
    proof: {staticSecret: section.string('staticSecret')},
  };
  const workerGroup = section.optionalString('workerGroup');
  const workerId = section.optionalString('workerID');
  const instanceType = section.optionalString('instanceType');
  const providerMetadata = readProviderMetadata(section);
  const workerLocation = readWorkerLocation(section);
  const metadataFile = section.optionalString('metadataFile');
  const metadata = createMetadata({
    cloud: 'DigitalOcean',
    url: metadataUrl(section, address),
    secondMs,
  });

  return {
    isDynamic: false,
    endsOnShutdown: true,
    cacheRefusal: 'do not use cacheOverRestarts with digitalocean provider',

    async identify(signal) {
      const droplet =
        metadataFile === undefined
          ? (await metadata.json('/metadata/v1.json', {signal})).fields
          : await readMetadata(metadataFile);
      const region = needText('droplet metadata', droplet, 'region');
      const hostname = needText('droplet metadata', droplet, 'hostname');
      return {
        ...configured,
        workerGroup: validId('workerGroup', workerGroup ?? region),
        workerId: validId('workerID', workerId ?? hostname.split('.')[0]!),
        providerMetadata: {
          ...describe(droplet, {region, hostname}),
          ...(instanceType !== undefined && {'instance-type': instanceType}),
          ...providerMetadata,
        },
        workerLocation: {cloud: 'digitalocean', region, ...workerLocation},
      };
    },
  };
};

/** A private file: the user-data in it holds the static secret. */
async function readMetadata(file: string): Promise<JsonObject> {
  const text = await readPrivateFile(file);
  if (text === undefined) {
    throw new ActionableError('METADATA', `there is no file ${file} with the droplet's metadata`, [
      'Write the answer of the metadata service to it, or leave `provider.metadataFile` out',
    ]);
  }

  return parseMetadata(text, `Error reading the droplet's metadata in ${file}`);
}

function describe(
  droplet: JsonObject,
  {region, hostname}: {region: string; hostname: string},
): JsonObject {
  const id = pick(droplet, 'droplet_id');
  const outer = pickText(droplet, 'interfaces', 'public', 0, 'ipv4', 'ip_address');
  const inner = pickText(droplet, 'interfaces', 'private', 0, 'ipv4', 'ip_address');
  return {
    ...(typeof id === 'number' && {'instance-id': String(id)}),
    'public-hostname': hostname,
    region,
    ...(outer !== undefined && {'public-ipv4': outer}),
    ...(inner !== undefined && {'local-ipv4': inner}),
  };
}

/** What the worker manager would refuse, told before it is asked. */
function validId(field: 'workerGroup' | 'workerID', value: string): string {
  if (!/^[\w\-]{1,38}$/v.test(value)) {
    throw new ActionableError(
      'RUNNER_CONFIG',
      `${field} \`${value}\` is not 1 to 38 letters, digits, \`-\` and \`_\``,
      [`Set \`provider.${field}\` to the one with which the worker was created`],
    );
  }

  return value;
}
