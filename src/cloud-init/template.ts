import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {UsageError} from '../errors.js';

export type Template = {name: string; text: string};

/** The path of a template that comes with do-worker, such as `concourse-worker`. */
export function shippedTemplatePath(name: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, 'templates')) && folder !== path.dirname(folder)) {
    folder = path.dirname(folder);
  }

  return path.join(folder, 'templates', `${name}.yaml.hbs`);
}

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
