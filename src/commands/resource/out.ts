import {Args} from '@oclif/core';
import {ResourceCommand} from '../../resource-command.js';

export default class ResourceOut extends ResourceCommand {
  static override summary = "The Concourse resource's out: creates or destroys a build's workers";
  static override description =
    'Reads the request of a put step on standard input and answers on standard output.';

  static override usage = '<%= command.id %> DIRECTORY < REQUEST';
  static override args = {
    directory: Args.string({
      description: "the build's artifacts; not used",
      required: true,
      ignoreStdin: true,
    }),
  };

  async run(): Promise<void> {
    await this.parse(ResourceOut);
    const {runOut} = await import('../../resource/out.js');
    this.answer(await runOut(await this.input(), this.edge()));
  }
}
