import process from 'node:process';
import Table from 'cli-table3';
import {callRows} from './calls.js';
import {fleetRows} from './fleet.js';
import {memoryRows} from './memory.js';
import {startUpRows} from './start-up.js';
import {startWorkerRows} from './start-worker.js';

/** Prints figures and their bars. Never a test: a busy machine is no defect. */
const table = new Table({head: ['', 'measured', 'bar', ''], style: {head: [], border: []}});
for (const {what, measured, bar, isHeld} of [
  ...startUpRows(),
  ...startWorkerRows(),
  ...(await callRows()),
  ...(await fleetRows()),
  ...(await memoryRows()),
]) {
  table.push([what, measured, bar, isHeld ? '' : 'missed']);
}

process.stdout.write(`${table.toString()}\n`);
