import {execute} from '@oclif/core';

/** Finds the command and runs it, or shows help; ends the process with its exit code when it fails. */
export async function runCommandLine(args: string[], dir: string): Promise<void> {
  await execute({args, dir});
}
