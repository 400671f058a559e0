import {Args} from '@oclif/core';
import {WorkerCommand} from '../command.js';
import {
  ciFlags,
  digitalOceanFlags,
  dryRun,
  duration,
  kindFlag,
  secretsHelp,
  selectionFlags,
  variableOf,
} from '../flags.js';
import type {Destroyed} from '../workers/destroy.js';

export default class Destroy extends WorkerCommand {
  static override summary =
    'Destroy the droplets of a worker name and take the workers off the CI server';
  static override description = `Nothing found is success. Without a CI server only the droplets are destroyed; their workers leave the list later: Concourse's by themselves, Taskcluster's with a cleanup. ${secretsHelp}`;

  static override usage = '<%= command.id %> NAME [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-arm --target ci',
    '<%= config.bin %> <%= command.id %> build-arm --run nightly7 --drain 10m',
  ];

  static override args = {name: Args.string({description: 'worker name', required: true})};

  static override flags = {
    ...selectionFlags,
    drain: duration({
      summary: 'let running builds end first, for this long at most',
      env: variableOf('drain'),
      default: 0,
    }),
    'dry-run': dryRun,
    kind: kindFlag,
    ...ciFlags,
    ...digitalOceanFlags,
  };

  async run(): Promise<Destroyed> {
    const {args, flags} = await this.parse(Destroy);
    const {readCiId} = await import('../create-request.js');
    const {destroyWorkers} = await import('../workers/destroy.js');
    const {workerTable} = await import('../format.js');
    const inputs = this.inputs(flags);
    const context = await this.connect(inputs);
    const destroyed = await destroyWorkers(
      {
        workerName: args.name,
        runKey: flags.run,
        ciId: readCiId(inputs),
        drainSeconds: flags.drain,
        dryRun: flags['dry-run'],
      },
      context,
      inputs.problems,
    );
    (await this.reporter()).end(true);
    const {workers, removed, dryRun: isDryRun} = destroyed;
    this.log(
      workers.length === 0
        ? `No droplets of ${args.name}${flags.run === undefined ? '' : `, run ${flags.run}`}: nothing to destroy`
        : `${isDryRun ? 'Would destroy' : 'Destroyed'} ${workers.length} droplet(s)\n${workerTable(workers)}`,
    );
    if (removed !== null && removed.length > 0) {
      this.log(
        `${isDryRun ? 'Would take' : 'Taken'} off the CI server's list: ${removed.join(', ')}`,
      );
    }

    return destroyed;
  }
}
