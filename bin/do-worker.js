#!/usr/bin/env node
import module from 'node:module';
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`do-worker needs Node 24 or newer; this is ${process.version}`);
  process.exit(1);
}

module.enableCompileCache?.();
const {main} = await import('../dist/main.js');
await main(process.argv.slice(2), import.meta.url);
