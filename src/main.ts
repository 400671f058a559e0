/** Runs the command line; `dir` is a file URL within the package. */
export async function main(argv: string[], dir: string): Promise<void> {
  // The answer needs nothing of oclif, which takes most of the time to load.
  if (argv.length === 1 && argv[0] === '--version') {
    const {readFileSync} = process.getBuiltinModule('node:fs');
    const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    const {name, version} = JSON.parse(text) as {name: string; version: string};
    process.stdout.write(
      `${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`,
    );
    return;
  }

  const {runCommandLine} = await import('./cli.js');
  await runCommandLine(argv, dir);
}
