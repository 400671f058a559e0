import {readdir, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {Plugin} from '@oclif/core';
import {build} from 'esbuild';

/**
 * Bundles the CLI into dist/ and writes oclif's manifest: reading one file instead of some hundred is most of what
 * makes a command start quickly. ssh2 stays outside, because it looks for native parts beside itself.
 */
const root = path.join(import.meta.dirname, '..');
const commands = await readdir(path.join(root, 'src/commands'), {recursive: true});

await rm(path.join(root, 'dist'), {recursive: true, force: true});
await rm(path.join(root, 'oclif.manifest.json'), {force: true});
await build({
  absWorkingDir: root,
  entryPoints: [
    'src/main.ts',
    ...commands.filter((file) => file.endsWith('.ts')).map((file) => `src/commands/${file}`),
  ],
  outdir: 'dist',
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Oclif loads TypeScript in development only.
  external: ['ssh2', 'typescript'],
  banner: {
    js: "import {createRequire as createRequire_} from 'node:module'; const require = createRequire_(import.meta.url);",
  },
  legalComments: 'none',
  logLevel: 'warning',
});

const plugin = new Plugin({root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true});
await plugin.load();
await writeFile(path.join(root, 'oclif.manifest.json'), JSON.stringify(plugin.manifest));
