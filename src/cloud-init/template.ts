import {existsSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {UsageError} from '../errors.js';

export type Template = {name: string; text: string};

/** The folder that `templates`, `dist` and package.json are in, wherever this code was bundled to. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'templates')) && folder !== path.dirname(folder)) {
    folder = path.dirname(folder);
  }

  return folder;
}

/** The path of a template that comes with do-worker, such as `concourse-worker`. */
export function shippedTemplatePath(name: string): string {
  return path.join(packageFolder(), 'templates', `${name}.yaml.hbs`);
}

/** What any template may include with `{{> name}}`: the parts that all kinds of workers have in common. */
export async function readPartials(): Promise<Record<string, string>> {
  const folder = path.join(packageFolder(), 'templates/partials');
  const files = await readdir(folder);
  const partials = await Promise.all(
    files.map(async (file) => [
      file.replace(/\.yaml\.hbs$/v, ''),
      outdentBlocks(await readFile(path.join(folder, file), 'utf8')),
    ]),
  );
  return Object.fromEntries(partials) as Record<string, string>;
}

/** Reads the file of a template, shipped or of one's own; throws a usage error when it cannot be read. */
export async function readTemplate(file: string): Promise<Template> {
  try {
    return {name: file, text: await readFile(file, 'utf8')};
  } catch (error) {
    throw new UsageError([
      `Template ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    ]);
  }
}

/** Takes the common indentation off the lines of a `{{#yaml}}` block, before any value is in it. */
export function outdentBlocks(text: string): string {
  return text.replaceAll(
    /\{\{#yaml\}\}\n(?<body>.*?)\n[\t ]*\{\{\/yaml\}\}(?=\r?\n|$)/gsv,
    (_block, body: string) => `{{#yaml lines=true}}\n${outdent(body)}\n{{/yaml}}`,
  );
}

function outdent(body: string): string {
  const lines = body.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/[^ ]/v));
  const common = Math.min(...indents);
  return lines.map((line) => line.slice(common)).join('\n');
}
