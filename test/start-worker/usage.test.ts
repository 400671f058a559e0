import {expect, test} from '@jest/globals';
import {configFields} from '../../src/start-worker/config.js';
import {implementations} from '../../src/start-worker/implementations.js';
import {loggings} from '../../src/start-worker/log.js';
import {providers} from '../../src/start-worker/providers.js';
import {usageMarkdown, usageText} from '../../src/start-worker/usage.js';

const tables = [
  ['provider', 'Provider', providers],
  ['worker', 'Worker', implementations],
  ['logging', 'Logging', loggings],
] as const;

const forms = [
  {
    title: 'usage text',
    chapters: usageText().split('\n\n'),
    heading: (title: string, kind: string) => `${title} ${kind}: `,
    field: (name: string) => `\n  ${name}  (`,
  },
  {
    title: 'Markdown',
    chapters: usageMarkdown().split('#### '),
    heading: (title: string, kind: string) => `${title} \`${kind}\`\n`,
    field: (name: string) => `\n| \`${name}\` |`,
  },
];

test.each(forms)(
  'the $title tells of every field of every provider, worker and logging',
  (form) => {
    const chapter = (start: string) => form.chapters.find((each) => each.startsWith(start));

    for (const {name} of configFields) {
      expect(chapter('Top level')).toContain(form.field(name));
    }

    for (const [section, title, kinds] of tables) {
      for (const [kind, {fields, summary}] of kinds) {
        const part = chapter(form.heading(title, kind));

        expect(part).toContain(summary.split(' ', 1)[0]);
        for (const {name} of fields) {
          expect(part).toContain(form.field(`${section}.${name}`));
        }
      }
    }

    expect(chapter('Every worker')).toContain(form.field('worker.checkForNewDeploymentEverySecs'));
  },
);

test('the usage text fits into 120 columns, the Markdown has whole rows', () => {
  expect(
    usageText()
      .split('\n')
      .filter((line) => line.length > 120),
  ).toEqual([]);
  for (const row of usageMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('|'))) {
    expect(row).toMatch(/^\|(?:[^\n\|]|\\\|)+(?:\|(?:[^\n\|]|\\\|)+){3}\|$/v);
  }
});
