import process from 'node:process';
import {parseArgs} from 'node:util';
import {describeResult} from './describe.js';
import {playMany, summary} from './play.js';

const {values} = parseArgs({
  options: {
    runs: {type: 'string', default: '300'},
    seed: {type: 'string', default: String(Math.floor(Math.random() * 1_000_000) * 1000)},
    processes: {type: 'boolean', default: false},
    seconds: {type: 'string'},
    concurrency: {type: 'string'},
    'time-scale': {type: 'string'},
    verbose: {type: 'boolean', default: false},
  },
});
const command = `npm run chaos --${values.processes ? ' --processes' : ''}`;
process.stdout.write(`Seed ${values.seed}\n`);
const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
const total = await playMany({
  seed: Number(values.seed),
  runs: Number(values.runs),
  hasProcesses: values.processes,
  seconds: number(values.seconds),
  concurrency: number(values.concurrency),
  timeScale: number(values['time-scale']),
  onResult(result) {
    if (values.verbose || result.violations.length > 0) {
      process.stdout.write(`${describeResult(result, command)}\n\n`);
    }
  },
});
process.stdout.write(`${summary(total)}\n`);
process.exitCode = total.failures.length > 0 ? 1 : 0;
