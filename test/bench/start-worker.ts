import {spawnSync} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Row} from './start-up.js';

const executable = path.join(import.meta.dirname, '../bin/start-worker.js');
const rounds = 15;

/** The worker itself: says when it began, and how much memory start-worker has used until then. */
const worker = `#!/bin/sh
{ date +%s%N; grep VmHWM /proc/$PPID/status; } >&2
`;

/** What start-worker adds to a boot: from its exec to the worker's own, against a bare Node. */
export function startWorkerRows(): Row[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'do-worker-bench-'));
  const file = (name: string) => path.join(folder, name);
  writeFileSync(file('worker'), worker);
  chmodSync(file('worker'), 0o755);
  const provider = {
    providerType: 'standalone',
    rootURL: 'http://127.0.0.1:9',
    clientID: 'c',
    accessToken: 't',
    workerPoolID: 'a/b',
    workerGroup: 'g',
    workerID: 'w',
  };
  const config = {
    provider,
    worker: {
      implementation: 'generic-worker',
      path: file('worker'),
      configPath: file('config.json'),
    },
    getSecrets: false,
  };
  writeFileSync(file('runner.json'), JSON.stringify(config), {mode: 0o600});
  const bare: number[] = [];
  const started: number[] = [];
  let kilobytes = 0;
  for (let round = -2; round < rounds; round++) {
    const bareAt = Date.now();
    spawnSync(process.execPath, ['-e', '0'], {stdio: 'ignore'});
    const startedAt = Date.now();
    const {stderr} = spawnSync(process.execPath, [executable, file('runner.json')], {
      encoding: 'utf8',
    });
    const {at, peak} = /^(?<at>\d{19})\n[\s\S]*VmHWM:\s+(?<peak>\d+) kB/mv.exec(stderr)!.groups!;
    if (!(round >= 0)) {
      continue;
    }

    bare.push(startedAt - bareAt);
    started.push(Number(BigInt(at!) / 1_000_000n) - startedAt);
    kilobytes = Math.max(kilobytes, Number(peak));
  }

  rmSync(folder, {recursive: true});
  const [node, whole] = [median(bare), median(started)];
  return [
    {
      what: "start-worker to the worker's own start",
      measured: `${(whole / node).toFixed(2)} x (${whole} ms against ${node} ms)`,
      bar: '3.5 x a bare node',
      isHeld: whole / node <= 3.5,
    },
    {
      what: 'start-worker: memory until then',
      measured: `${Math.round(kilobytes / 1024)} MiB`,
      bar: '100 MiB',
      isHeld: kilobytes < 100 * 1024,
    },
  ];
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
