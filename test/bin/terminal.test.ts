import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import process from 'node:process';
import {expect, test} from '@jest/globals';
import {environmentOf} from '../support/run.js';
import {startEmulator} from '../../src/emulator/server.js';

const hasScript = spawnSync('script', ['--version']).status === 0;
const onTerminal = hasScript ? test : test.skip;
const executable = path.join(import.meta.dirname, '../../bin/do-worker.js');

onTerminal(
  `Ctrl-C on a terminal destroys what was made${hasScript ? '' : ' (skipped: no script command to make a terminal)'}`,
  async () => {
    await using emulator = await startEmulator({createMs: 10, bootMs: 600_000});
    const child = spawn(
      'script',
      ['-qefc', `exec ${process.execPath} ${executable} create build-arm`, '/dev/null'],
      {
        env: {PATH: process.env.PATH, ...(await environmentOf(emulator))},
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    while (!shown.includes('booting') && !shown.includes('registered')) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }

    child.stdin.write('\u{3}');
    const [code] = (await once(child, 'close')) as [number];

    expect(code).toBe(130);
    expect(shown).toContain('Destroyed again');
    expect(emulator.digitalOcean.everyDroplet()).toHaveLength(1);
    expect(emulator.digitalOcean.droplets()).toEqual([]);
  },
);
