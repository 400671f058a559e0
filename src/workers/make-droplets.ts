import type {CiServer} from '../ci-server.js';
import {renderUserData} from '../cloud-init/render.js';
import type {Context} from '../context.js';
import type {NewDroplets} from '../digitalocean/types.js';
import {ActionableError} from '../errors.js';
import {accountKeys} from './account-keys.js';
import {identify, tagsFor} from './identity.js';
import {newDropletNames, type Plan} from './plan.js';
import {postDroplets, type Ledger} from './post-droplets.js';
import type {Placement} from './account-checks.js';
import type {Preflight} from './preflight.js';
import {explainRefusal, isNoRoom} from './refusals.js';
import {forgetUnmade} from './undo.js';

/** DigitalOcean takes this many names in one POST, and makes all of them or none. */
const namesPerPost = 10;

type Making = Pick<Preflight, 'ciId' | 'placements'> & {
  plan: Plan;
  ci: CiServer;
  ledger: Ledger;
};

type Using = Pick<Context, 'digitalOcean' | 'progress' | 'signal' | 'time'>;

/** What all droplets of a create have in common. */
type Common = Omit<NewDroplets, 'names' | 'region' | 'size' | 'user_data'>;

/** Makes so many droplets, each in the first placement that has room; `min` of them, maybe none, are enough. */
export async function makeDroplets(
  {count, min}: {count: number; min: number},
  making: Making,
  context: Using,
): Promise<void> {
  const {plan, ci, ciId, placements, ledger} = making;
  const sshKeys = await accountKeys(plan, context);
  const tags = tagsFor({
    kind: ci.kind,
    ciId,
    workerName: plan.workerName,
    ttlSeconds: plan.ttlSeconds,
  });
  const common: Common = {
    image: plan.image,
    tags,
    with_droplet_agent: false,
    ...(sshKeys.length > 0 && {ssh_keys: sshKeys}),
    ...(plan.vpc !== undefined && {vpc_uuid: plan.vpc}),
  };
  const open = [...placements];
  try {
    for (let begun = 0; begun < count; begun += namesPerPost) {
      await makeBatch(Math.min(namesPerPost, count - begun), {...making, common, open}, context);
    }
  } catch (error) {
    // What a POST without an answer may have made is looked for again, and destroyed, once the rest has registered.
    const isEnough = ledger.created.length >= min;
    if (!(error instanceof ActionableError) || context.signal.aborted || !isEnough) {
      throw error;
    }

    context.progress.note(`Going on with the droplets that are there: ${error.message}`);
    await forgetUnmade(ledger, ci, context);
  }

  const unmarked = ledger.created.find((droplet) => identify(droplet) === undefined);
  if (unmarked !== undefined) {
    throw new ActionableError(
      'TAGS_LOST',
      `DigitalOcean made droplet ${unmarked.name} (${unmarked.id}) without its tags, so no later command would know it as ours`,
      ['Give the token the scopes tag:create and tag:read'],
    );
  }
}

/**
 * A batch is prepared right before its POST, so that no record is old before it has a droplet. `open` loses its first
 * placement each time DigitalOcean has no room there; records may say where their droplets are, so new names are
 * prepared for the next one.
 */
async function makeBatch(
  count: number,
  {common, open, plan, ci, ledger}: Making & {common: Common; open: Placement[]},
  context: Using,
): Promise<void> {
  const {progress, signal} = context;
  for (let missing = count; missing > 0;) {
    signal.throwIfAborted();
    const place = open[0]!;
    const {region, size} = place;
    const names = newDropletNames(plan, missing);
    ledger.prepared.push(...names);
    const bootstraps = await ci.prepare(names, plan.workerRequest, place, signal);
    const refusals = await Promise.allSettled(
      bootstraps.map(async ({names: sharing, values}) => {
        const userData = await renderUserData(plan.template, values);
        const droplets = {...common, names: sharing, region, size, user_data: userData};
        return postDroplets(droplets, ledger, context);
      }),
    );
    const refusal = worst(refusals);
    if (refusal === undefined) {
      return;
    }

    if (!isNoRoom(refusal) || open.length === 1) {
      throw explainRefusal(refusal, place, ci);
    }

    missing = names.filter((name) => ledger.created.every((made) => made.name !== name)).length;
    await forgetUnmade(ledger, ci, {progress, signal});
    open.shift();
    progress.note(
      `${size} in ${region} cannot be had (${refusal.detail}); trying ${open[0]!.size} in ${open[0]!.region}`,
    );
  }
}

/** What ends a batch: an error before a refusal, and one for good before one for want of room. */
function worst(
  outcomes: Array<PromiseSettledResult<ActionableError | undefined>>,
): ActionableError | undefined {
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    throw failure.reason as Error;
  }

  const refusals = outcomes
    .map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined))
    .filter((refusal) => refusal !== undefined);
  return refusals.find((refusal) => !isNoRoom(refusal)) ?? refusals[0];
}
