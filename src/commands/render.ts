import {Args, Flags} from '@oclif/core';
import {WorkerCommand} from '../command.js';
import {
  ciFlags,
  digitalOceanFlags,
  kindFlag,
  placeFlags,
  secretsHelp,
  variableOf,
  workerFlags,
} from '../flags.js';
import type {Rendered} from '../workers/render.js';

export default class Render extends WorkerCommand {
  static override summary = 'Print the user-data that create would give to the droplets';
  static override description = `Asks Concourse for its release unless --concourse-version names one, and Taskcluster for the pool's provider; DigitalOcean is not asked at all. ${secretsHelp}`;

  static override usage = '<%= command.id %> NAME [FLAGS]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> build-arm --target ci',
    '<%= config.bin %> <%= command.id %> build-arm --concourse-version 8.2.5 --show-secrets > user-data.yaml',
  ];

  static override args = {name: Args.string({description: 'worker name', required: true})};

  static override flags = {
    ...placeFlags,
    ...workerFlags,
    'show-secrets': Flags.boolean({
      summary: 'print the keys instead of ‹redacted›',
      env: variableOf('show-secrets'),
    }),
    kind: kindFlag,
    ...ciFlags,
    ...digitalOceanFlags,
  };

  async run(): Promise<Rendered> {
    const {args, flags} = await this.parse(Render);
    const {readCreateRequest} = await import('../create-request.js');
    const {renderWorker} = await import('../workers/render.js');
    const inputs = this.inputs(flags);
    const ci = await this.connectCi(inputs);
    const request = await readCreateRequest(args.name, inputs, ci);
    const rendered = await renderWorker(
      request,
      {ci, signal: this.signal},
      {
        problems: inputs.problems,
        showSecrets: flags['show-secrets'],
      },
    );
    this.log(rendered.userData.trimEnd());
    (await this.reporter()).note(`${rendered.bytes} bytes of at most 65536`);
    return rendered;
  }
}
