import {configFields} from './config.js';
import {deploymentField} from './deployment.js';
import type {FieldText} from './field-texts.js';
import {implementations} from './implementations.js';
import {loggings} from './log.js';
import {providers} from './providers.js';

type Documented = {summary: string; fields: readonly FieldText[]};

/** The sections of the runner configuration whose fields depend on what they choose. */
const parts: Array<{section: string; title: string; kinds: ReadonlyMap<string, Documented>}> = [
  {section: 'provider', title: 'Provider', kinds: providers},
  {section: 'worker', title: 'Worker', kinds: implementations},
  {section: 'logging', title: 'Logging', kinds: loggings},
];

const commandLine = `Usage: start-worker <runnerConfig>
       start-worker --help | --version | --short-version`;

const introduction = `Starts a Taskcluster worker: finds out who it is, registers it, gets its secrets, writes its configuration,
starts it, and renews its credentials while it runs. <runnerConfig> is a YAML file, which is made readable for its owner
only.`;

const ending = `SIGTERM, SIGINT and SIGHUP end the worker without waiting for its tasks: by a graceful-termination message if it
knows that one, after 45 seconds by SIGTERM, after 15 more by SIGKILL. The worker is then not removed from the worker
manager, and the machine stays up.

Exit status: 0 when the worker has ended well or was ended by such a signal, and with provider digitalocean also when
it has asked for a shutdown before it ended; else 1.`;

/** What a wrong command line is answered with. */
export function shortUsage(): string {
  return `${commandLine}\n`;
}

/** The manual: the command line and every field of the runner configuration. */
export function usageText(): string {
  const blocks = chapters().map(({title, kind, summary, fields}) => {
    const heading = kind === undefined ? title : `${title} ${kind}: ${summary}`;
    const lines = fields.map(
      ({name, type, isRequired, text}) =>
        `  ${name}  (${type}${isRequired ? ', required' : ''})\n${wrap(text, ' '.repeat(6))}`,
    );
    return [wrap(heading, ''), ...lines].join('\n');
  });

  return `${[commandLine, introduction, ...blocks, ending].join('\n\n')}\n`;
}

/** The fields of the runner configuration as Markdown tables. */
export function usageMarkdown(): string {
  return chapters()
    .map(({title, kind, summary, fields}) => {
      const rows = fields.map(
        ({name, type, isRequired, text}) =>
          `| \`${name}\` | ${type} | ${isRequired ? 'yes' : 'no'} | ${text.replaceAll('|', String.raw`\|`)} |`,
      );
      const table = ['| Field | Type | Required | Meaning |', '| --- | --- | --- | --- |', ...rows];
      return [
        `#### ${title}${kind === undefined ? '' : ` \`${kind}\``}`,
        ...(summary === '' ? [] : [summary]),
        ...(rows.length === 0 ? [] : [table.join('\n')]),
      ].join('\n\n');
    })
    .join('\n\n');
}

type Chapter = {title: string; kind: string | undefined; summary: string; fields: FieldText[]};

function chapters(): Chapter[] {
  const everyWorker = [inSection('worker', deploymentField)];
  return [
    {title: 'Top level', kind: undefined, summary: '', fields: configFields},
    {title: 'Every worker', kind: undefined, summary: '', fields: everyWorker},
    ...parts.flatMap(({section, title, kinds}) =>
      Array.from(kinds, ([kind, {summary, fields}]) => ({
        title,
        kind,
        summary,
        fields: fields.map((field) => inSection(section, field)),
      })),
    ),
  ];
}

function inSection(section: string, field: FieldText): FieldText {
  return {...field, name: `${section}.${field.name}`};
}

function wrap(text: string, indent: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.pop()!;
    if (line !== '' && indent.length + line.length + word.length >= 100) {
      lines.push(line, word);
    } else {
      lines.push(line === '' ? word : `${line} ${word}`);
    }
  }

  return lines.map((line) => `${indent}${line}`).join('\n');
}
