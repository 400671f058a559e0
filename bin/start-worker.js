#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`start-worker needs Node 24 or newer; this is ${process.version}`);
  process.exit(1);
}

process.getBuiltinModule('node:module').enableCompileCache();
const {main} = await import('../dist/start-worker/main.js');
await main(process.argv.slice(2));
