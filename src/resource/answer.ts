import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {ActionableError} from '../errors.js';
import {money, timeline} from '../format.js';
import {fileProblem} from '../settings.js';
import type {Created} from '../workers/create.js';
import type {Destroyed} from '../workers/destroy.js';
import {linked, type Worker} from '../workers/worker.js';
import {nonEmpty} from './build.js';
import type {Version} from './request.js';

/** What a script writes to its standard output. */
export type Answer = {version: Version; metadata: Array<{name: string; value: string}>};

/** A worker as a version can tell of it, and as `worker.json` lists it. */
export type Listed = Pick<Worker, 'name' | 'workerName' | 'run' | 'id' | 'ip' | 'region' | 'size'>;

/** The Concourse tag of one build's workers: the worker name's is the same in every build. */
export function buildTag(tag: string, runKey: string): string {
  return `${tag}-${runKey}`;
}

/** A version is unique for each action: a known one would give the next `get` files of long ago (concourse 7). */
export function versionOf(
  action: 'create' | 'destroy' | 'none',
  {build, tag = '', workers = []}: {build: string; tag?: string; workers?: Listed[]},
): Version {
  const listed = (key: keyof Listed) => workers.map((worker) => worker[key] ?? '').join(',');
  return {
    action,
    build,
    at: new Date().toISOString(),
    ...(workers.length > 0 && {
      tag,
      run: workers[0]!.run,
      name: listed('name'),
      id: listed('id'),
      ip: listed('ip'),
      region: listed('region'),
      size: listed('size'),
    }),
  };
}

/** The workers that a version tells of: none, unless it is one that a create gave. */
export function workersIn(version: Version): Listed[] {
  if (version.action !== 'create') {
    return [];
  }

  const listed = (key: string) => (version[key] ?? '').split(',');
  const [names, ids] = [listed('name'), listed('id').map(Number)];
  // Not one of ours, then.
  if (names.length !== ids.length || ids.some((id) => !(Number.isSafeInteger(id) && id > 0))) {
    return [];
  }

  return names.map((name, index) => ({
    name,
    workerName: (version.tag ?? '').toLowerCase(),
    run: version.run ?? '',
    id: ids[index]!,
    ip: nonEmpty(listed('ip')[index]) ?? null,
    region: listed('region')[index] ?? '',
    size: listed('size')[index] ?? '',
  }));
}

/** The files that later steps read: a line for each worker, and all of them in `worker.json`. */
export async function writeFiles(directory: string, workers: Listed[], tag: string): Promise<void> {
  const lines = (key: 'name' | 'id' | 'ip') =>
    workers.map((worker) => worker[key] ?? '').join('\n');
  const listed = workers.map(({name, workerName, run, id, ip, region, size}): Listed => ({
    name,
    workerName,
    run,
    id,
    ip,
    region,
    size,
  }));
  const files = {
    name: lines('name'),
    tag,
    build_tag: workers.length === 0 ? '' : buildTag(tag, workers[0]!.run),
    id: lines('id'),
    ip: lines('ip'),
    'worker.json': `${JSON.stringify(listed, undefined, 2)}\n`,
  };
  try {
    await mkdir(directory, {recursive: true});
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(directory, name), text);
    }
  } catch (error) {
    const names = workers.map((worker) => linked(worker)).join(', ');
    throw new ActionableError(
      'FILES',
      `The files in ${directory} could not be written (${fileProblem(error)})${names && `; running, and billed: ${names}`}`,
    );
  }
}

/** What the build page shows of a create. */
export function createdMetadata({
  workers,
  priceHourly,
  worstCost,
  seconds,
}: Created): Answer['metadata'] {
  return rows({
    status: 'registered',
    ...ofWorkers(workers),
    link: workers.map(({id}) => `https://cloud.digitalocean.com/droplets/${id}`).join(' '),
    price: `${money(priceHourly)} an hour, ${money(worstCost)} at most`,
    seconds: timeline(seconds),
  });
}

/** What the build page shows of a destroy. */
export function destroyedMetadata({
  workers,
  removed,
}: Pick<Destroyed, 'workers' | 'removed'>): Answer['metadata'] {
  return rows({
    status: workers.length === 0 ? 'nothing to destroy' : 'destroyed',
    ...ofWorkers(workers),
    'off the list': removed?.join(', ') ?? '',
  });
}

/** What the build page shows of a step that did nothing. */
export function idleMetadata(why: string, workers: Listed[] = []): Answer['metadata'] {
  return rows({status: why, ...ofWorkers(workers)});
}

function ofWorkers(workers: Listed[]): Record<string, string> {
  const unique = (key: 'region' | 'size') =>
    [...new Set(workers.map((worker) => worker[key]))].join(', ');
  return {
    worker: workers.map(({name}) => name).join(', '),
    'droplet id': workers.map(({id}) => id).join(', '),
    address: workers.map(({ip}) => ip ?? '').join(', '),
    region: unique('region'),
    size: unique('size'),
  };
}

function rows(values: Record<string, string>): Answer['metadata'] {
  return Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ({name, value}));
}
