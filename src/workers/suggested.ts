import type {Kind} from '../ci-server.js';
import type {Selection} from './select.js';

/** The command that destroys just these, to be typed as it is: without its flags it would mean others, or none. */
export function destroyCommand({workerName, runKey, ciId, kind}: Selection & {kind: Kind}): string {
  return `do-worker destroy ${workerName}${given({kind, run: runKey, 'ci-id': ciId})}`;
}

/** The command that cleans up after this kind of CI server, to be typed as it is; `ciId` picks one of several. */
export function cleanupCommand({ciId, kind}: {ciId?: string | undefined; kind: Kind}): string {
  return `do-worker cleanup${given({kind, 'ci-id': ciId})}`;
}

function given(flags: Record<string, string | undefined>): string {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => ` --${flag} ${value}`)
    .join('');
}
