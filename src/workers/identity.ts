import {createHash, randomInt} from 'node:crypto';
import type {Droplet} from '../digitalocean/types.js';

/** What a droplet's tags and name say of it: our only record. */
export type Identity = {
  kind: string;
  ciId: string;
  /** Lower case. */
  workerName: string;
  runKey: string;
  /** Undefined when its tag is missing or broken: then nothing may be concluded from its age. */
  ttlSeconds: number | undefined;
};

export const markerTag = 'do-worker';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const nonceLength = 8;
const randomRunKeyLength = 6;
/** DigitalOcean's limit, and that of a host name's label. */
export const longestDropletName = 63;
/** What stands for the end of a worker name that is cut: two hyphens and six digits of its hash. */
const markLength = 8;
const mark = /--[0-9a-f]{6}$/v;
/** So much of a worker name is in every droplet name at least: four letters and the mark. */
const shortestStem = markLength + 4;

/** Tags for the create call. They say what the worker is for, never which run, so their number stays small. */
export function tagsFor(identity: Omit<Identity, 'runKey'> & {ttlSeconds: number}): string[] {
  return [
    markerTag,
    `${markerTag}:kind:${identity.kind}`,
    `${markerTag}:ci:${identity.ciId}`,
    nameTag(identity.workerName),
    `${markerTag}:ttl:${identity.ttlSeconds}`,
  ];
}

/** The tag, in lower case, that all droplets of a worker name carry. */
export function nameTag(workerName: string): string {
  return `${markerTag}:name:${workerName.toLowerCase()}`;
}

/**
 * A name never used before, of at most `longest` characters: Concourse breaks when a worker's name comes back with an
 * empty disk.
 */
export function newDropletName(workerName: string, runKey: string, longest: number): string {
  const rest = `-${runKey}-${randomText(nonceLength)}`;
  return `${stemOf(workerName, longest - rest.length)}${rest}`;
}

/** Six random letters and digits for a run that was given no key of its own. */
export function newRunKey(): string {
  return randomText(randomRunKeyLength);
}

/** The longest run key that leaves enough of a droplet name of at most `longest` characters to the worker name. */
export function longestRunKey(workerName: string, longest: number): number {
  return longest - nonceLength - 2 - Math.min(workerName.length, shortestStem);
}

/** Undefined for a droplet that is not ours: a marker, kind, CI id and name tag are missing, or the name has not our form. */
export function identify({name, tags = []}: Pick<Droplet, 'name' | 'tags'>): Identity | undefined {
  const lowered = new Set(tags.map((tag) => tag.toLowerCase()));
  const valueOf = (key: string) => {
    const prefix = `${markerTag}:${key}:`;
    const values = [...lowered].filter((tag) => tag.startsWith(prefix));
    return values.length === 1 ? values[0]!.slice(prefix.length) : undefined;
  };

  const kind = valueOf('kind');
  const ciId = valueOf('ci');
  const workerName = valueOf('name');
  if (
    !lowered.has(markerTag) ||
    kind === undefined ||
    ciId === undefined ||
    workerName === undefined
  ) {
    return undefined;
  }

  const runKey = runKeyIn(name, workerName);
  const ttl = Number(valueOf('ttl'));
  return runKey === undefined
    ? undefined
    : {
        kind,
        ciId,
        workerName,
        runKey,
        ttlSeconds: Number.isSafeInteger(ttl) && ttl > 0 ? ttl : undefined,
      };
}

/** Whether a droplet still says of itself what it said. */
export function isSame(before: Identity, now: Identity | undefined): boolean {
  return (
    now !== undefined &&
    (['kind', 'ciId', 'workerName', 'runKey'] as const).every((key) => now[key] === before[key])
  );
}

/** The run key in a droplet's or worker's name of our form, read from the right; undefined for another form. */
export function runKeyIn(name: string, workerName: string): string | undefined {
  const {stem = '', runKey} = partsOf(name);
  return stem === stemOf(workerName, stem.length) ? runKey : undefined;
}

/** Whether a name has our form, with just this for the worker name, which may be cut. */
export function hasStem(name: string, stem: string): boolean {
  return partsOf(name).stem === stem.toLowerCase();
}

function partsOf(name: string): {stem?: string; runKey?: string} {
  const form = new RegExp(`^(?<stem>.+)-(?<runKey>[a-z0-9]+)-[a-z0-9]{${nonceLength}}$`, 'v');
  return {...form.exec(name.toLowerCase())?.groups};
}

/**
 * What a droplet name has of a worker name, in so many characters: all, or its beginning and a mark that no other name
 * of this beginning has. So nobody's droplet is taken for that of a longer name; nor for that of a name which looks like
 * one that is cut, for such a name always gets a mark of its own.
 */
function stemOf(workerName: string, length: number): string {
  const name = workerName.toLowerCase();
  if (name.length <= length && !mark.test(name)) {
    return name;
  }

  const hash = createHash('sha256')
    .update(name)
    .digest('hex')
    .slice(0, markLength - 2);
  return `${name.slice(0, Math.max(1, length - markLength))}--${hash}`;
}

/** 8 hex digits of a CI server's external URL: keeps clusters apart that share a DigitalOcean account. */
export function ciIdOf(externalUrl: string): string {
  const {protocol, host, pathname} = new URL(externalUrl);
  const normalised = `${protocol}//${host}${pathname.replace(/\/+$/v, '')}`;
  return createHash('sha256').update(normalised).digest('hex').slice(0, 8);
}

function randomText(length: number): string {
  return Array.from({length}, () => alphabet[randomInt(alphabet.length)]).join('');
}
