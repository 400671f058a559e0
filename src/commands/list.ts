import {Args} from '@oclif/core';
import {kinds} from '../ci-server.js';
import {WorkerCommand} from '../command.js';
import {UsageError} from '../errors.js';
import {ciFlags, digitalOceanFlags, anyKindFlag, secretsHelp} from '../flags.js';
import type {Worker} from '../workers/worker.js';

export default class List extends WorkerCommand {
  static override summary =
    'Show the droplets that are workers, what they cost, and what the CI server says of them';
  static override description = secretsHelp;

  static override usage = '<%= command.id %> [NAME] [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> build-arm --json',
  ];
  static override args = {name: Args.string({description: 'only this worker name'})};
  static override flags = {kind: anyKindFlag, ...ciFlags, ...digitalOceanFlags};

  async run(): Promise<Worker[]> {
    const {args, flags} = await this.parse(List);
    const {listWorkers} = await import('../workers/list.js');
    const {workerTable} = await import('../format.js');
    const inputs = this.inputs(flags);
    const wanted = kinds.filter((kind) => flags.kind === undefined || kind === flags.kind);
    const {context, servers} = await this.connectWithAll(wanted, inputs);
    if (inputs.problems.length > 0) {
      throw new UsageError(inputs.problems);
    }

    const workers = await listWorkers({workerName: args.name, kinds: wanted}, servers, context);
    this.log(workers.length === 0 ? 'No workers' : workerTable(workers));
    return workers;
  }
}
