import {readdir, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {Plugin} from '@oclif/core';
import {build, type Plugin as BuildPlugin} from 'esbuild';

/**
 * Bundles the CLI into dist/ and writes oclif's manifest: reading one file instead of some hundred is most of what
 * makes a command start quickly. ssh2 stays outside, because it looks for native parts beside itself.
 */
const root = path.join(import.meta.dirname, '..');
const commands = await readdir(path.join(root, 'src/commands'), {recursive: true});

// eslint-disable-next-line require-unicode-regexp -- esbuild reads it as a Go expression
const builtin = /^node:/;
// eslint-disable-next-line require-unicode-regexp -- the same
const neverUsed = /^(?:minimatch|semver|tinyglobby|wsl-utils)$/;

/** Imported as an ES module, a built-in loads all that it could ever need; required, only itself. */
const requiredBuiltins: BuildPlugin = {
  name: 'required-builtins',
  setup({onLoad, onResolve}) {
    onResolve({filter: builtin}, ({path: name, kind}) =>
      kind === 'require-call' ? undefined : {path: name, namespace: 'builtin'},
    );
    onLoad({filter: builtin, namespace: 'builtin'}, ({path: name}) => ({
      contents: `module.exports = process.getBuiltinModule('${name}')`,
    }));
  },
};

/**
 * What oclif loads at every start, but uses only to find commands without a manifest, for plugins, on WSL, or to
 * check the version of Node, as bin/do-worker.js does before.
 */
const unused: BuildPlugin = {
  name: 'unused',
  setup({onLoad, onResolve}) {
    onResolve({filter: neverUsed}, ({path: name}) => ({path: name, namespace: 'unused'}));
    onLoad({filter: neverUsed, namespace: 'unused'}, () => ({
      contents: 'exports.isWsl = false; exports.satisfies = () => true',
    }));
  },
};

await rm(path.join(root, 'dist'), {recursive: true, force: true});
await rm(path.join(root, 'oclif.manifest.json'), {force: true});
await build({
  absWorkingDir: root,
  entryPoints: [
    'src/main.ts',
    'src/help.ts',
    'src/command-not-found.ts',
    'src/start-worker/main.ts',
    'src/emulator/stand-in-worker.ts',
    ...commands.filter((file) => file.endsWith('.ts')).map((file) => `src/commands/${file}`),
  ],
  outdir: 'dist',
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Oclif loads TypeScript in development only.
  external: ['ssh2', 'typescript'],
  plugins: [requiredBuiltins, unused],
  banner: {
    js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
});

const plugin = new Plugin({root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true});
await plugin.load();
await writeFile(path.join(root, 'oclif.manifest.json'), JSON.stringify(plugin.manifest));
