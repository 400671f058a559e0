type Cursor = {readonly text: string; at: number};

const blanks = new Set([' ', '\t', '\r', '\n']);
const comments = new Set(['#', ';']);
const quotes = new Set(['"', "'"]);
const escapedInQuotes = new Set(['"', '\\', '`', '$']);

/**
 The variables of an EnvironmentFile, read as systemd reads it: quotes only at the start of a value or right after
 another quoted part, backslashes outside single quotes, a backslash at the end of a line joins the next one.
 */
export function parseEnvironmentFile(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  const cursor = {text, at: 0};
  while (cursor.at < text.length) {
    const next = text[cursor.at]!;
    if (blanks.has(next)) {
      cursor.at++;
    } else if (comments.has(next)) {
      cursor.at = endOfLine(cursor);
    } else {
      const key = readKey(cursor);
      const value = key === undefined ? '' : readValue(cursor);
      if (key !== undefined && /^[A-Z_a-z]\w*$/v.test(key)) {
        variables.set(key, value);
      }
    }
  }

  return variables;
}

/** What stands before the `=`, or undefined for a line without one. */
function readKey(cursor: Cursor): string | undefined {
  const end = endOfLine(cursor);
  const line = cursor.text.slice(cursor.at, end);
  const equals = line.indexOf('=');
  cursor.at = equals === -1 ? end : cursor.at + equals + 1;
  return equals === -1 ? undefined : line.slice(0, equals).trim();
}

function readValue(cursor: Cursor): string {
  let value = '';
  // Unquoted blanks at the end are cut off.
  let keptLength = 0;
  let isPlain = false;
  const keep = (part: string) => {
    value += part;
    keptLength = value.length;
  };

  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '\n') {
    const next = cursor.text[cursor.at++]!;
    if (next === '\\') {
      const escaped = cursor.text[cursor.at++] ?? '\n';
      isPlain ||= escaped !== '\n';
      keep(escaped === '\n' ? '' : escaped);
    } else if (!isPlain && quotes.has(next)) {
      keep(readQuoted(cursor, next));
    } else if (blanks.has(next)) {
      value += isPlain ? next : '';
    } else {
      isPlain = true;
      keep(next);
    }
  }

  return value.slice(0, keptLength);
}

/** Up to and past the closing quote. */
function readQuoted(cursor: Cursor, quote: string): string {
  let value = '';
  while (cursor.at < cursor.text.length) {
    const next = cursor.text[cursor.at++]!;
    if (next === quote) {
      return value;
    }

    value += next === '\\' && quote === '"' ? readEscape(cursor) : next;
  }

  return value;
}

function readEscape(cursor: Cursor): string {
  const next = cursor.text[cursor.at++] ?? '';
  if (next === '\n') {
    return '';
  }

  return escapedInQuotes.has(next) ? next : `\\${next}`;
}

function endOfLine({text, at}: Cursor): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
