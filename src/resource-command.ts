import {text} from 'node:stream/consumers';
import {WorkerCommand} from './command.js';
import type {Answer} from './resource/answer.js';
import type {Edge} from './resource/step.js';

/** The edge of a Concourse resource's script: a request on standard input, nothing but the answer on standard output. */
export abstract class ResourceCommand extends WorkerCommand {
  static override enableJsonFlag = false;

  protected async input(): Promise<string> {
    return text(process.stdin);
  }

  protected edge(): Edge {
    const {environment} = this.inputs({});
    return {
      environment,
      connect: async (settings, problems) => this.connectTo(settings, problems),
    };
  }

  protected answer(answer: Answer): void {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
