import {UsageError} from '../errors.js';

// A lone surrogate cannot be in a value (they are refused), so it can stand for "a new line at the right indentation".
const foldMark = '\u{D800}';

const shortEscapes: Record<string, string> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
};

/** A double-quoted YAML scalar in pure ASCII, folded after every line break of the text. */
export function quoteYaml(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => quoteYaml(item)).join(', ')}]`;
  }

  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }

  const lines = plainText(value)
    .split(/(?<=\n)/v)
    .map((line, index) =>
      index > 0 && line.startsWith(' ') ? `\\${escapeYaml(line)}` : escapeYaml(line),
    );
  return `"${lines.join(`\\${foldMark}`)}"`;
}

/** Gives folded scalars the indentation of the line they begin on, as YAML demands. */
export function foldScalars(rendered: string): string {
  const fold = (line: string) => {
    const indent = ' '.repeat(line.search(/[^ \-]|$/v) + 2);
    return line.replaceAll('\u{D800}', () => `\n${indent}`);
  };

  return rendered
    .split('\n')
    .map((line) => fold(line))
    .join('\n');
}

/** A value of a systemd EnvironmentFile (and of sh); a list is joined with commas. */
export function quoteEnv(value: unknown): string {
  const text = Array.isArray(value) ? joinList(value) : plainText(value);
  if (text.includes('\0')) {
    throw new UsageError(['A NUL character cannot be in an environment variable']);
  }

  return `"${text.replaceAll(/["$\\`]/gv, String.raw`\$&`)}"`;
}

function escapeYaml(text: string): string {
  return text.replaceAll(/["\\[^\u{20}-\u{7E}]]/gv, (character) => {
    const code = character.codePointAt(0)!;
    return shortEscapes[character] ?? escapeCode(code);
  });
}

function escapeCode(code: number): string {
  const [letter, width] = code > 0xff_ff ? ['U', 8] : code > 0xff ? ['u', 4] : ['x', 2];
  return `\\${letter}${code.toString(16).toUpperCase().padStart(width, '0')}`;
}

function joinList(items: unknown[]): string {
  const texts = items.map((item) => plainText(item));
  if (texts.length === 0 || texts.some((text) => text === '' || text.includes(','))) {
    throw new UsageError(['A list in an environment variable needs items, each without a comma']);
  }

  return texts.join(',');
}

function plainText(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    const text = String(value);
    if (text.isWellFormed()) {
      return text;
    }

    throw new UsageError(['Half of a surrogate pair cannot be written as text']);
  }

  throw new UsageError(['Only a text, a number, true, false or a list of them can be quoted']);
}
