import {Args, Flags} from '@oclif/core';
import {WorkerCommand} from '../command.js';
import {
  ciFlags,
  digitalOceanFlags,
  dryRun,
  duration,
  kindFlag,
  placeFlags,
  secretsHelp,
  selectionFlags,
  variableOf,
  workerFlags,
} from '../flags.js';
import {defaults} from '../workers/defaults.js';
import type {Created} from '../workers/create.js';
import type {Rehearsal} from '../workers/rehearse.js';

const env = variableOf;

export default class Create extends WorkerCommand {
  static override summary = 'Create workers and wait until the CI server lists them';
  static override description = secretsHelp;

  static override usage = '<%= command.id %> NAME [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-arm --target ci --tsa-public-key tsa.pub --worker-key worker_key',
    '<%= config.bin %> <%= command.id %> nightly --count 4 --size s-4vcpu-8gb,c-4 --region ams3,fra1 --ttl 2h',
    '<%= config.bin %> <%= command.id %> linux --kind taskcluster --worker-pool proj/linux',
  ];

  static override args = {
    name: Args.string({
      description: 'worker name: the tag that pipeline steps use',
      required: true,
    }),
  };

  static override flags = {
    count: Flags.integer({summary: 'how many', env: env('count'), default: 1}),
    min: Flags.integer({
      summary: 'how many are enough when not all can be had; default: all',
      env: env('min'),
    }),
    ...selectionFlags,
    run: Flags.string({
      summary: 'run key; asking again with the same one adopts what is there; default: random',
      env: env('run'),
    }),
    ...placeFlags,
    image: Flags.string({
      summary: 'slug of a public image, or the id of your own',
      env: env('image'),
      default: defaults.image,
    }),
    vpc: Flags.string({summary: "UUID of a VPC; default: the region's own", env: env('vpc')}),
    timeout: duration({
      summary: 'how long it may take until the workers are registered',
      env: env('timeout'),
      default: defaults.timeoutSeconds,
    }),
    ...workerFlags,
    'keep-on-failure': Flags.boolean({
      summary: 'leave droplets that failed, to look into them (they are billed)',
      env: env('keep-on-failure'),
    }),
    'dry-run': dryRun,
    kind: kindFlag,
    ...ciFlags,
    ...digitalOceanFlags,
  };

  async run(): Promise<Created | Rehearsal> {
    const {args, flags} = await this.parse(Create);
    const {readCreateRequest} = await import('../create-request.js');
    const {money, timeline, workerTable} = await import('../format.js');
    const inputs = this.inputs(flags);
    const context = await this.connectWithCi(inputs);
    const request = await readCreateRequest(args.name, inputs, context.ci);
    if (flags['dry-run']) {
      const {rehearseCreate} = await import('../workers/rehearse.js');
      const rehearsal = await rehearseCreate(request, context, inputs.problems);
      this.log(
        `Would create ${rehearsal.count} and adopt ${rehearsal.adopted.length} worker(s): ${rehearsal.size} in ${rehearsal.region}, ${money(rehearsal.priceHourly)} an hour, ${money(rehearsal.worstCost)} at most`,
      );
      return rehearsal;
    }

    const {createWorkers} = await import('../workers/create.js');
    const created = await createWorkers(request, context, {problems: inputs.problems});
    const reporter = await this.reporter();
    reporter.phase('registered', timeline(created.seconds));
    reporter.end(true);
    this.log(workerTable(created.workers));
    this.log(
      `${money(created.priceHourly)} an hour, ${money(created.worstCost)} at most until the ttl ends`,
    );
    return created;
  }
}
