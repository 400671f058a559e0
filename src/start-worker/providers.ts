import {ActionableError} from '../errors.js';
import type {FieldText} from './field-texts.js';
import type {MakeProvider, Provider, ProviderContext} from './provider.js';
import {awsProvisionerFields, makeAwsProvisioner} from './providers/aws-provisioner.js';
import {awsFields, makeAws} from './providers/aws.js';
import {azureFields, makeAzure} from './providers/azure.js';
import {digitalOceanFields, makeDigitalOcean} from './providers/digitalocean.js';
import {googleFields, makeGoogle} from './providers/google.js';
import {makeStandalone, standaloneFields} from './providers/standalone.js';
import {makeStatic, staticFields} from './providers/static.js';
import type {Section} from './section.js';

type Entry = {make: MakeProvider; summary: string; fields: FieldText[]};

/** Where a worker can run, by the name in `provider.providerType`. */
export const providers: ReadonlyMap<string, Entry> = new Map([
  [
    'standalone',
    {
      make: makeStandalone,
      summary: 'A machine with Taskcluster credentials of its own, which is not registered.',
      fields: standaloneFields,
    },
  ],
  [
    'static',
    {
      make: makeStatic,
      summary: 'A machine that was announced to the worker manager with a secret.',
      fields: staticFields,
    },
  ],
  [
    'digitalocean',
    {
      make: makeDigitalOcean,
      summary: "A static worker on a droplet, described by the droplet's metadata.",
      fields: digitalOceanFields,
    },
  ],
  [
    'aws',
    {
      make: makeAws,
      summary: 'An EC2 instance of the worker manager.',
      fields: awsFields,
    },
  ],
  [
    'google',
    {
      make: makeGoogle,
      summary: 'A Google Compute Engine instance of the worker manager.',
      fields: googleFields,
    },
  ],
  [
    'azure',
    {
      make: makeAzure,
      summary: 'An Azure virtual machine of the worker manager.',
      fields: azureFields,
    },
  ],
  [
    'aws-provisioner',
    {
      make: makeAwsProvisioner,
      summary: 'An EC2 instance of the AWS provisioner (removed from Taskcluster in 2019).',
      fields: awsProvisionerFields,
    },
  ],
]);

/** Reads the `provider` section; refuses on a machine that is about to go. */
export async function makeProvider(
  name: string,
  section: Section,
  context: ProviderContext,
): Promise<Provider> {
  const entry = providers.get(name);
  if (entry === undefined) {
    throw new ActionableError('RUNNER_CONFIG', `unrecognized provider type ${name}`, [
      `Use one of ${[...providers.keys()].join(', ')}`,
    ]);
  }

  return entry.make(section, context);
}
