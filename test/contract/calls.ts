import type {Body, Caller} from '../emulator/digitalocean/start.js';
import type {GivenAnswer} from './openapi.js';

const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH7h6KsNo8eBO0GYGrMEzUhEkOYpAIZVKNsJOZ8e6sCy me@laptop';
const unknownId = '00000000-0000-4000-8000-000000000000';

const anywhere = {addresses: ['0.0.0.0/0', '::/0']};
const firewall = {
  name: 'workers',
  inbound_rules: [{protocol: 'tcp', ports: '22', sources: anywhere}],
  outbound_rules: [{protocol: 'icmp', ports: '0', destinations: anywhere}],
  tags: ['ci'],
};

/** Calls every endpoint of the emulator, well and badly, and tells what it answered. */
export async function callEverything(api: Caller): Promise<GivenAnswer[]> {
  const answers: GivenAnswer[] = [];
  const call = async (method: string, path: string, body?: unknown): Promise<Body> => {
    const answer = await api.call(method, path, body);
    const isEmpty = answer.text === '';
    const sent = {method, path, ...(body !== undefined && {body})};
    answers.push({...sent, status: answer.status, answer: isEmpty ? undefined : answer.body});
    return answer.body;
  };

  const droplet = await callDroplets(call);
  await callTags(call, droplet);
  await callKeys(call);
  await callCatalogue(call);
  await callNetworks(call);
  await call('DELETE', `/v2/droplets/${droplet}`);
  await call('DELETE', '/v2/droplets?tag_name=ci');
  return answers;
}

type Call = (method: string, path: string, body?: unknown) => Promise<Body>;

async function callDroplets(call: Call): Promise<number> {
  const request = {region: 'nyc3', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', ipv6: true};
  await call('GET', '/v2/account');
  const {droplet, links} = await call('POST', '/v2/droplets', {
    ...request,
    name: 'a',
    tags: ['ci'],
  });
  await call('POST', '/v2/droplets', {...request, names: ['b', 'c'], tags: ['ci']});
  await call('POST', '/v2/droplets', {...request, name: 'd', size: 'c-2', region: 'mem1'});
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });

  const one = `/v2/droplets/${droplet.id}`;
  const action = links.actions[0]!.id;
  await call('POST', `${one}/actions`, {type: 'snapshot', name: 'golden'});
  await call('POST', `${one}/actions`, {type: 'power_off'});
  await call('POST', '/v2/droplets/actions?tag_name=ci', {type: 'power_off'});
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });

  await call('POST', '/v2/droplets/actions?tag_name=ci', {type: 'power_on'});
  for (const path of [
    '/v2/droplets',
    '/v2/droplets?per_page=2&page=1',
    '/v2/droplets?tag_name=ci',
    '/v2/droplets?type=gpus',
    one,
    `${one}/actions`,
    `${one}/actions/${action}`,
    `${one}/snapshots`,
    `${one}/backups`,
    `${one}/kernels`,
    `${one}/neighbors`,
    `${one}/destroy_with_associated_resources`,
    '/v2/droplets/1',
    '/v2/actions',
    `/v2/actions/${action}`,
    '/v2/actions/1',
    '/v2/droplets/autoscale/none',
  ]) {
    await call('GET', path);
  }

  await call('DELETE', '/v2/droplets/1');
  return droplet.id;
}

async function callTags(call: Call, droplet: number): Promise<void> {
  const resources = [{resource_id: String(droplet), resource_type: 'droplet'}];
  await call('POST', '/v2/tags', {name: 'do-worker:kind:concourse'});
  await call('POST', '/v2/tags', {name: 'a.b'});
  await call('GET', '/v2/tags?per_page=1');
  await call('GET', '/v2/tags/do-worker%3Akind%3Aconcourse');
  await call('GET', '/v2/tags/nobody');
  await call('POST', '/v2/tags/do-worker%3Akind%3Aconcourse/resources', {resources});
  await call('DELETE', '/v2/tags/do-worker%3Akind%3Aconcourse/resources', {resources});
  await call('DELETE', '/v2/tags/do-worker%3Akind%3Aconcourse');
}

async function callKeys(call: Call): Promise<void> {
  const {ssh_key: created} = await call('POST', '/v2/account/keys', {name: 'me', public_key: key});
  const one = `/v2/account/keys/${created.id}`;
  await call('POST', '/v2/account/keys', {name: 'me', public_key: key});
  await call('GET', '/v2/account/keys');
  await call('GET', one);
  await call('GET', `/v2/account/keys/${created.fingerprint}`);
  await call('PUT', one, {name: 'you'});
  await call('DELETE', one);
  await call('GET', one);
}

async function callCatalogue(call: Call): Promise<void> {
  await call('GET', '/v2/regions');
  await call('GET', '/v2/sizes?per_page=5&page=2');
  await call('GET', '/v2/images?per_page=200');
  await call('GET', '/v2/images?type=distribution');
  const {images} = await call('GET', '/v2/images?private=true');
  const image = images.at(-1)!.id;
  await call('GET', `/v2/images/${image}`);
  await call('PUT', `/v2/images/${image}`, {name: 'silver'});
  await call('GET', '/v2/snapshots');
  await call('GET', `/v2/snapshots/${image}`);
  await call('GET', '/v2/snapshots/195932981');
  await call('DELETE', `/v2/snapshots/${image}`);
  await call('DELETE', `/v2/images/${image}`);
  await call('GET', `/v2/images/${image}`);
  await call('DELETE', `/v2/images/${images[0]!.id}`);
}

async function callNetworks(call: Call): Promise<void> {
  const {firewall: created} = await call('POST', '/v2/firewalls', firewall);
  const one = `/v2/firewalls/${created.id}`;
  const {droplets} = await call('GET', '/v2/droplets');
  await call('GET', '/v2/firewalls');
  await call('GET', one);
  await call('PUT', one, {...firewall, tags: []});
  for (const method of ['POST', 'DELETE']) {
    await call(method, `${one}/droplets`, {droplet_ids: [droplets[0]!.id]});
    await call(method, `${one}/tags`, {tags: ['ci']});
    await call(method, `${one}/rules`, {inbound_rules: firewall.inbound_rules});
  }

  await call('GET', `/v2/droplets/${droplets[0]!.id}/firewalls`);
  await call('DELETE', one);
  await call('GET', `/v2/firewalls/${unknownId}`);

  const {vpc} = await call('POST', '/v2/vpcs', {name: 'ci', region: 'nyc3'});
  await call('GET', '/v2/vpcs');
  await call('GET', `/v2/vpcs/${vpc.id}`);
  await call('GET', `/v2/vpcs/${droplets[0]!.vpc_uuid}/members`);
  await call('DELETE', `/v2/vpcs/${droplets[0]!.vpc_uuid}`);
  await call('DELETE', `/v2/vpcs/${vpc.id}`);
}
