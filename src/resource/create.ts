import {parsePrivateKey} from '../cloud-init/keys.js';
import {readTemplate, shippedTemplatePath} from '../cloud-init/template.js';
import {numeric} from '../create-request.js';
import {ActionableError} from '../errors.js';
import {orProblems} from '../settings.js';
import {createWorkers, type Created} from '../workers/create.js';
import {defaults} from '../workers/defaults.js';
import {ciIdOf} from '../workers/identity.js';
import type {CreateRequest} from '../workers/plan.js';
import {isAskedFor, othersThere} from '../workers/preflight.js';
import {linked} from '../workers/worker.js';
import {buildTag} from './answer.js';
import type {Source} from './request.js';
import {isLoopback} from './settings.js';
import type {Step} from './step.js';

/** Makes this build's workers, or adopts those that an earlier run of the same step made. */
export async function createForBuild(step: Step): Promise<Created> {
  const {context, problems, request} = step;
  if (request.source.username === undefined) {
    problems.push(
      'source: fly_username and fly_password are missing: without them nobody can tell when the worker is there',
    );
  }

  const wanted = await createRequest(step);
  const created = await createWorkers(wanted, context, {problems});
  refuseOthers(created, wanted);
  await warnOfCiId(step);
  return created;
}

/** Of two puts side by side neither sees the other's droplets before it makes its own, and one gives its own up. */
function refuseOthers({workers}: Created, wanted: CreateRequest): void {
  const {sizes, regions} = wanted;
  const others = workers.filter((worker) => !isAskedFor(worker, wanted));
  if (others.length === 0) {
    return;
  }

  const there = others.map((each) => `${linked(each)}, ${each.size} in ${each.region}`);
  const own = workers.filter((each) => !others.includes(each)).map((each) => linked(each));
  const rest =
    own.length === 0 ? '' : `; running, and billed until the build's destroy: ${own.join(', ')}`;
  throw new ActionableError(
    othersThere,
    `${sizes.join(' or ')} in ${regions.join(' or ')} is asked for, but at the same time another step of this build made, under the same name, ${there.join('; ')}${rest}`,
  );
}

/**
 * Droplets carry an id made of this build's URL for Concourse; a cleanup elsewhere asks Concourse for its own. The
 * create has asked for it too, so this waits for nobody.
 */
async function warnOfCiId({build, ciId, context: {ci, progress, signal}}: Step): Promise<void> {
  const own = await ci?.externalUrl(signal).catch(() => undefined);
  if (ciId !== undefined && own !== undefined && ciIdOf(own) !== ciId) {
    progress.note(
      `Concourse calls itself ${own}, this build calls it ${build.externalUrl}: cleanup from elsewhere needs --ci-id ${ciId}`,
    );
  }

  if (build.externalUrl !== undefined && isLoopback(build.externalUrl)) {
    progress.note(
      `ATC_EXTERNAL_URL is ${build.externalUrl}: two clusters that call themselves so cannot share a DigitalOcean account. Set --external-url on the web`,
    );
  }
}

async function createRequest({
  request: {source, params},
  build,
  workerName,
  ciId,
  context,
  problems,
}: Step): Promise<CreateRequest> {
  return {
    workerName,
    runKey: build.runKey,
    ciId,
    count: params.count ?? 1,
    regions: source.regions ?? [source.region ?? defaults.region],
    sizes: source.sizes ?? [source.size ?? defaults.size],
    image: numeric(source.image ?? defaults.image),
    sshKeys: (source.sshKeys ?? []).map((key) => numeric(key)),
    dropletKey: await readDropletKey(source, problems),
    vpc: source.vpc,
    ttlSeconds: source.ttlSeconds ?? defaults.ttlSeconds,
    timeoutSeconds: source.timeoutSeconds ?? defaults.timeoutSeconds,
    tags: [...(params.tags ?? []), buildTag(workerName, build.runKey ?? '')],
    variables: source.variables ?? {},
    template:
      source.template === undefined
        ? await readTemplate(shippedTemplatePath(context.ci?.template ?? 'concourse-worker'))
        : {name: 'source.template', text: source.template},
    keepOnFailure: false,
    // A step that asks for another size is another put, not this one run again.
    refusesOthers: true,
  };
}

/** A source of old may hold a key of any kind, and nobody needs it. */
async function readDropletKey(
  {dropletKey, misspelltDropletKey}: Source,
  problems: string[],
): Promise<CreateRequest['dropletKey']> {
  const text = dropletKey ?? misspelltDropletKey;
  const found: string[] = [];
  const key =
    text === undefined
      ? undefined
      : await orProblems(parsePrivateKey(text, 'source: droplet_key'), found);
  problems.push(...found.map((problem) => `${problem}; or leave it out`));
  return key;
}
