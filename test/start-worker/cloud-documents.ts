import type {IncomingMessage} from 'node:http';
import {startCloud, type Cloud, type Turn} from './clouds.js';

type Paths = Record<string, Turn | Turn[]>;

export const userData = {
  workerPoolId: 'proj-x/ci',
  providerId: 'cloud-1',
  workerGroup: 'group-1',
  rootUrl: 'https://tc.example.com',
  workerConfig: {ignored: true},
};

/** Kept as it is written, for its signature is over these very bytes. */
export const awsDocument = `{
  "instanceId" : "i-0123", "imageId" : "ami-9", "instanceType" : "m3.large",
  "region" : "us-west-2", "availabilityZone" : "us-west-2a", "privateIp" : "10.1.2.3"
}`;

/** EC2 with IMDSv2: nothing is told without the token that it handed out last. */
export async function startAws(paths: Paths = {}): Promise<Cloud & {tokens: () => number}> {
  let tokens = 0;
  const handOut: Turn = (response) => {
    tokens++;
    response.end(`token-${tokens}`);
  };

  const isRefused = ({method, headers}: IncomingMessage) =>
    method === 'PUT'
      ? headers['x-aws-ec2-metadata-token-ttl-seconds'] !== '21600'
      : headers['x-aws-ec2-metadata-token'] !== `token-${tokens}`;
  const cloud = await startCloud({
    guard: (request) => (isRefused(request) ? 401 : undefined),
    paths: {
      'PUT /latest/api/token': handOut,
      '/latest/user-data': userData,
      '/latest/dynamic/instance-identity/document': awsDocument,
      '/latest/dynamic/instance-identity/signature': 'c2lnbmVk\nlines',
      '/latest/meta-data/public-hostname': 'ec2-1.example.com',
      '/latest/meta-data/public-ipv4': '54.1.2.3',
      ...paths,
    },
  });
  return Object.assign(cloud, {tokens: () => tokens});
}

export async function startGoogle(paths: Paths = {}): Promise<Cloud> {
  const base = '/computeMetadata/v1';
  return startCloud({
    guard: ({headers}) => (headers['metadata-flavor'] === 'Google' ? undefined : 403),
    paths: {
      [`${base}/instance/id`]: '4567',
      [`${base}/instance/attributes/taskcluster`]: userData,
      [`${base}/instance/service-accounts/default/identity?audience=https%3A%2F%2Ftc.example.com&format=full`]:
        'ey.secret.token',
      [`${base}/project/project-id`]: 'project-1',
      [`${base}/instance/image`]: 'projects/p/images/i-1',
      [`${base}/instance/machine-type`]: 'projects/1/machineTypes/n1',
      [`${base}/instance/zone`]: 'projects/1/zones/us-east1-b',
      [`${base}/instance/hostname`]: 'h.google.example',
      [`${base}/instance/network-interfaces/0/access-configs/0/external-ip`]: '34.1.2.3',
      [`${base}/instance/network-interfaces/0/ip`]: '10.9.8.7',
      [`${base}/instance/preempted`]: 'FALSE',
      ...paths,
    },
  });
}

const tags = {
  'root-url': 'https://tc.example.com',
  'worker-pool-id': 'proj-x/ci',
  'provider-id': 'azure-1',
  'worker-group': 'westus',
};

const oneInterface = [
  {ipv4: {ipAddress: [{privateIpAddress: '10.4.0.4', publicIpAddress: '40.1.2.3'}]}},
];

/** What Azure says of a machine; some tags may be missing, and it may have other interfaces. */
export function azureInstance({
  without = [],
  interfaces = oneInterface,
}: {without?: string[]; interfaces?: typeof oneInterface} = {}) {
  const tagsList = Object.entries(tags)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => ({name, value}));
  return {
    compute: {name: 'vm-7', location: 'westus', vmId: 'v-1', vmSize: 'Standard_F4s', tagsList},
    network: {interface: interfaces},
  };
}

export async function startAzure(paths: Paths = {}): Promise<Cloud> {
  return startCloud({
    guard: ({headers}) => (headers.metadata === 'true' ? undefined : 400),
    paths: {
      '/metadata/instance?api-version=2025-04-07': azureInstance(),
      '/metadata/attested/document?api-version=2025-04-07': {encoding: 'pkcs7', signature: 'MII'},
      '/metadata/scheduledevents?api-version=2020-07-01': {DocumentIncarnation: 1, Events: []},
      ...paths,
    },
  });
}

/** What DigitalOcean says of a droplet, user data with its secret included. */
export function droplet(changes: Record<string, unknown> = {}) {
  return {
    droplet_id: 12_345,
    hostname: 'ci-1.example.com',
    user_data: `staticSecret: ${'s'.repeat(44)}`,
    region: 'ams3',
    tags: null,
    interfaces: {
      public: [{ipv4: {ip_address: '164.1.2.3'}}],
      private: [{ipv4: {ip_address: '10.110.0.2'}}],
    },
    ...changes,
  };
}

export async function startDroplet(document: Turn | Turn[] = droplet()): Promise<Cloud> {
  return startCloud({paths: {'/metadata/v1.json': document}});
}

export const securityToken = 'token-of-the-secret';

export const secret = {
  credentials: {clientId: 'worker/1', accessToken: 'access-1', certificate: '{"version":1}'},
  data: {},
  scopes: [],
};

/** EC2 without tokens, and on the same port the provisioner of old. */
export async function startProvisioner(
  changes: Record<string, unknown> = {},
  paths: Paths = {},
): Promise<Cloud> {
  const cloud = await startCloud({
    paths: {
      '/latest/meta-data/ami-id': 'ami-9',
      '/latest/meta-data/instance-id': 'i-0123',
      '/latest/meta-data/instance-type': 'm3.large',
      '/latest/meta-data/public-ipv4': '54.1.2.3',
      '/latest/meta-data/placement/availability-zone': 'us-west-2a',
      '/latest/meta-data/public-hostname': 'ec2-1.example.com',
      '/latest/meta-data/local-ipv4': '10.1.2.3',
      [secretPath]: secret,
      [`DELETE ${secretPath}`]: '',
      ...paths,
    },
  });
  cloud.paths['/latest/user-data'] ??= {
    data: {config: {from: 'user-data'}},
    workerType: 'ci',
    provisionerId: 'aws-provisioner-v1',
    region: 'us-west-2',
    taskclusterRootUrl: cloud.url,
    securityToken,
    capacity: 1,
    ...changes,
  };
  return cloud;
}

export const secretPath = `/api/aws-provisioner/v1/secret/${securityToken}`;
