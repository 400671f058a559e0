import {Args} from '@oclif/core';
import {ResourceCommand} from '../../resource-command.js';

export default class ResourceIn extends ResourceCommand {
  static override summary = "The Concourse resource's in: files of a worker, or a new one";
  static override description =
    'Reads the request of a get step on standard input and answers on standard output.';

  static override usage = '<%= command.id %> DIRECTORY < REQUEST';
  static override args = {
    directory: Args.string({description: 'where the files go', required: true, ignoreStdin: true}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(ResourceIn);
    const {runIn} = await import('../../resource/in.js');
    this.answer(await runIn(await this.input(), args.directory, this.edge()));
  }
}
