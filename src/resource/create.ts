import {parsePrivateKey} from '../cloud-init/keys.js';
import {readTemplate, shippedTemplatePath} from '../cloud-init/template.js';
import {numeric} from '../create-request.js';
import {orProblems} from '../settings.js';
import {createWorkers, type Created} from '../workers/create.js';
import {defaults} from '../workers/defaults.js';
import type {CreateRequest} from '../workers/plan.js';
import {buildTag} from './answer.js';
import type {Step} from './step.js';

/** Makes this build's workers, or adopts those that an earlier run of the same step made. */
export async function createForBuild(step: Step): Promise<Created> {
  const {context, problems} = step;
  return createWorkers(await createRequest(step), context, {problems});
}

async function createRequest({
  request: {source, params},
  build,
  workerName,
  ciId,
  context,
  problems,
}: Step): Promise<CreateRequest> {
  const dropletKey = source.dropletKey ?? source.misspelltDropletKey;
  return {
    workerName,
    runKey: build.runKey,
    ciId,
    count: params.count ?? 1,
    regions: source.regions ?? [source.region ?? defaults.region],
    sizes: source.sizes ?? [source.size ?? defaults.size],
    image: numeric(source.image ?? defaults.image),
    sshKeys: (source.sshKeys ?? []).map((key) => numeric(key)),
    dropletKey:
      dropletKey === undefined
        ? undefined
        : await orProblems(parsePrivateKey(dropletKey, 'source: droplet_key'), problems),
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
  };
}
