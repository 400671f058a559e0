import {writeFile} from 'node:fs/promises';
import process from 'node:process';
import type {Log} from './log.js';

/** Asks Linux to end other processes first when memory runs out; failing is no more than a line on the log. */
export async function disableOomKiller(pid: number, what: string, log: Log): Promise<void> {
  if (process.platform !== 'linux') {
    return;
  }

  try {
    await writeFile(`/proc/${pid}/oom_score_adj`, '-1000');
  } catch (error) {
    log.line(`Error disabling OOM killer for ${what}: ${(error as Error).message}`);
  }
}
