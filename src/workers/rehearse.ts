import type {Context} from '../context.js';
import {planWorkers, type CreateRequest} from './plan.js';
import {preflight} from './preflight.js';
import {totalOf, worstCost} from './worker.js';

/** What a create would do. */
export type Rehearsal = {
  dryRun: true;
  run: string;
  /** How many droplets would be made, besides those adopted; the prices are for both. */
  count: number;
  adopted: string[];
  region: string;
  size: string;
  priceHourly: number;
  worstCost: number | null;
};

/** Plans and checks as `createWorkers` does, and writes nothing. */
export async function rehearseCreate(
  request: CreateRequest,
  context: Context,
  problems: string[] = [],
): Promise<Rehearsal> {
  const {ci, progress} = context;
  progress.phase('plan', `Planning ${request.count} worker(s) named ${request.workerName}`);
  const plan = await planWorkers(request, ci, problems);
  progress.phase('preflight', 'Checking the accounts, the keys and the CI server');
  const {adopted, missing: count, placements} = await preflight(plan, ci!, context);
  const {region, size, priceHourly} = placements[0]!;
  const all = adopted.length + count;
  return {
    dryRun: true,
    run: plan.runKey,
    count,
    adopted: adopted.map(({droplet}) => droplet.name),
    region,
    size,
    priceHourly: totalOf([all * priceHourly]),
    worstCost: worstCost(all * priceHourly, plan.ttlSeconds),
  };
}
