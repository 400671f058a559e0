import {spawnSync} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

export type Row = {what: string; measured: string; bar: string; isHeld: boolean};

const executable = path.join(import.meta.dirname, '../bin/do-worker.js');
const rounds = 21;

/** Start-up against a bare Node, in turn, so that a slow moment of the machine hits all alike. */
export function startUpRows(): Row[] {
  const commands = {
    bare: ['-e', '0'],
    version: [executable, '--version'],
    help: [executable, 'create', '--help'],
  };
  const times: Record<keyof typeof commands, number[]> = {bare: [], version: [], help: []};
  for (let round = -2; round < rounds; round++) {
    for (const [name, args] of Object.entries(commands)) {
      const startedAt = performance.now();
      spawnSync(process.execPath, args, {stdio: 'ignore'});
      if (round >= 0) {
        times[name as keyof typeof commands].push(performance.now() - startedAt);
      }
    }
  }

  const bare = median(times.bare);
  return [
    ratioRow('do-worker --version', median(times.version), bare, 2.5),
    ratioRow('do-worker create --help', median(times.help), bare, 3.5),
  ];
}

function ratioRow(what: string, ms: number, bare: number, bar: number): Row {
  return {
    what,
    measured: `${(ms / bare).toFixed(2)} x (${ms.toFixed(0)} ms against ${bare.toFixed(0)} ms)`,
    bar: `${bar} x a bare node`,
    isHeld: ms / bare <= bar,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
