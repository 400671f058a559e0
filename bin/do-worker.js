#!/usr/bin/env node
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`do-worker needs Node 24 or newer; this is ${process.version}`);
  process.exit(1);
}

// Imported as an ES module, a built-in loads all that it could ever need: a tenth of the start-up time.
// The cache lies beside the program: who may write there may change the program too. In the folder for temporary files
// anybody could plant code.
const cache = process.getBuiltinModule('node:path').join(import.meta.dirname, '../.cache');
process.getBuiltinModule('node:module').enableCompileCache(cache);
const {main} = await import('../dist/main.js');
// Not awaited: a reader that goes away early (| head) leaves it unsettled, which Node would complain about.
main(process.argv.slice(2), import.meta.url);
