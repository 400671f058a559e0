import type {Context} from '../context.js';
import type {Selection} from './select.js';

/** Whose workers are meant. */
export type Meant = Pick<Context, 'kind' | 'ci'>;

/** The command that destroys just these, to be typed as it is: without its flags it would mean others, or none. */
export function destroyCommand({workerName, runKey, ...meant}: Selection & Meant): string {
  return `do-worker destroy ${workerName}${given({kind: meant.kind, run: runKey, ...ciFlags(meant)})}`;
}

/** The command that cleans up after this CI server, to be typed as it is; `ciId` picks one of several. */
export function cleanupCommand(meant: Pick<Selection, 'ciId'> & Meant): string {
  return `do-worker cleanup${given({kind: meant.kind, ...ciFlags(meant)})}`;
}

/** Of a CI server that the environment alone names, whoever types the command may have none. */
function ciFlags({ci, ciId}: Pick<Selection, 'ciId'> & Meant): Record<string, string | undefined> {
  return {'ci-id': ciId, ...ci?.flags};
}

function given(flags: Record<string, string | undefined>): string {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => ` --${flag} ${value}`)
    .join('');
}
