import {readFile, writeFile} from 'node:fs/promises';
import {usageMarkdown} from './start-worker/usage.js';

/** Writes the fields of the runner configuration into README.md, between two comments. */
const begin = '<!-- fields of the runner configuration: npm run readme -->\n';
const end = '<!-- end of the fields -->\n';
const readme = await readFile('README.md', 'utf8');
const [before, rest] = readme.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) {
  throw new Error('README.md has no place for the fields');
}

await writeFile('README.md', `${before}${begin}\n${usageMarkdown()}\n\n${end}${after}`);
