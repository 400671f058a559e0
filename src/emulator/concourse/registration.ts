import type {Worker} from './world.js';

/** A registration as the ATC decodes it: a worker, the text of its 400, or undefined for a 400 without text. */
export function parseRegistration(value: unknown): Worker | string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return undefined;
  }

  const fields = value as Record<string, unknown>;
  if (isMistyped(fields)) {
    return undefined;
  }

  const worker = {
    addr: text(fields.addr),
    baggageclaim_url: text(fields.baggageclaim_url),
    ...proxies(fields),
    active_containers: Number(fields.active_containers ?? 0),
    active_volumes: Number(fields.active_volumes ?? 0),
    active_tasks: Number(fields.active_tasks ?? 0),
    resource_types: (fields.resource_types ?? []) as unknown[],
    platform: text(fields.platform),
    tags: (fields.tags as string[] | undefined)?.filter((tag) => tag !== '') ?? null,
    team: text(fields.team),
    name: text((fields.name ?? '') === '' ? fields.addr : fields.name),
    version: text(fields.version),
    start_time: Number(fields.start_time ?? 0),
    ephemeral: fields.ephemeral === true,
    state: 'running' as const,
  };
  if (worker.version !== '' && !/^[\d.]+$/v.test(worker.version)) {
    return 'invalid worker version, only numeric characters are allowed';
  }

  return worker.addr === '' ? 'missing garden address' : worker;
}

function isMistyped(fields: Record<string, unknown>): boolean {
  const strings = ['addr', 'baggageclaim_url', 'platform', 'team', 'name', 'version'];
  const numbers = ['active_containers', 'active_volumes', 'active_tasks', 'start_time'];
  return (
    strings.some((name) => !isAbsentOr('string', fields[name])) ||
    numbers.some((name) => !isAbsentOr('number', fields[name])) ||
    !isAbsentOr('boolean', fields.ephemeral) ||
    !isListOfStrings(fields.tags ?? []) ||
    !Array.isArray(fields.resource_types ?? [])
  );
}

function proxies(fields: Record<string, unknown>): Partial<Worker> {
  const names = ['http_proxy_url', 'https_proxy_url', 'no_proxy'] as const;
  return Object.fromEntries(
    names.filter((name) => text(fields[name]) !== '').map((name) => [name, text(fields[name])]),
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isAbsentOr(type: string, value: unknown): boolean {
  return value === undefined || value === null || typeof value === type;
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
