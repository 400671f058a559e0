#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`start-worker needs Node 24 or newer; this is ${process.version}`);
  process.exit(1);
}

// The cache lies beside the program: who may write there may change the program too. In the folder for temporary files
// anybody could plant code, a task's user among them.
const cache = process.getBuiltinModule('node:path').join(import.meta.dirname, '../.cache');
process.getBuiltinModule('node:module').enableCompileCache(cache);
const {main} = await import('../dist/start-worker/main.js');
await main(process.argv.slice(2));
