import type {CiServer, CiWorker} from '../ci-server.js';
import type {Context} from '../context.js';
import {allChecks} from '../errors.js';
import {deleteDroplets, type Leftover} from './delete.js';
import {drain} from './drain.js';
import {stillOwned} from './select.js';
import type {Owned} from './worker.js';

export type Ended = {
  /** Those whose deletion was asked for. */
  owned: Owned[];
  /** Those that are ours, for all that is known, and whose deletion was not asked for. */
  untouched: Owned[];
  leftovers: Leftover[];
};

type Draining = {
  seconds: number;
  /** What the CI server listed before; undefined when it did not answer. */
  listed: CiWorker[] | undefined;
  /** Whether that is the workers' own CI server. */
  isOwnCi: boolean;
};

/**
 * Destroys each droplet when its worker has no more work, and all others when time is up: those that are still ours by
 * then. An interrupt ends it where it is.
 */
export async function destroyDrained(
  selected: Owned[],
  {ci, ...draining}: Draining & {ci: CiServer},
  context: Context,
): Promise<Ended> {
  const {progress, signal} = context;
  // Two droplets may have one name.
  const busy = Map.groupBy(selected, ({droplet}) => droplet.name);
  const untouched = new Set(selected);
  const owned: Owned[] = [];
  const leftovers: Leftover[] = [];
  const deleting: Array<Promise<void>> = [];

  const end = async (idle: Owned[]) => {
    const {kept, unclear} = await stillOwned(idle, context);
    const unclearIds = new Set(unclear.map(({id}) => id));
    for (const each of idle.filter(({droplet}) => !unclearIds.has(droplet.id))) {
      untouched.delete(each);
    }

    owned.push(...kept);
    const deleted = await deleteDroplets(kept, context);
    leftovers.push(...unclear, ...deleted.leftovers);
  };

  const begin = (names: string[]) => {
    const idle = names.flatMap((name) => busy.get(name)!);
    for (const name of names) {
      busy.delete(name);
    }

    const ending = end(idle);
    // Looked at when all have begun.
    ending.catch(() => undefined);
    deleting.push(ending);
  };

  const onIdle = (names: string[]) => {
    progress.note(`No builds left: deleting ${names.join(', ')}`);
    begin(names);
  };

  await drain({...draining, names: [...busy.keys()], onIdle}, ci, context);
  if (!signal.aborted && busy.size > 0) {
    progress.phase('delete', `Deleting ${busy.size} droplet(s)`);
    begin([...busy.keys()]);
  }

  try {
    await allChecks(deleting);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }

  return {owned, untouched: [...untouched], leftovers};
}
