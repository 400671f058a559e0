import {UsageError} from '../errors.js';
import {userDataProblems} from './check.js';
import {foldScalars, quoteEnv, quoteYaml} from './quote.js';
import {isSecret, maskedText, type Secret, showMasks} from './secret.js';
import {outdentBlocks, readPartials, type Template} from './template.js';

const ownPropertiesOnly = {
  allowProtoPropertiesByDefault: false,
  allowProtoMethodsByDefault: false,
};

type Values = Record<string, unknown>;
type Block = {fn: (context: unknown) => string; hash: {lines?: boolean}};
type Fill = (values: Values) => string;
type Open = (secret: Secret) => string;

/** The user-data a template makes of the values; with `redactSecrets` a form for people, with no secret in it. */
export async function renderUserData(
  template: Template,
  values: Values,
  {redactSecrets = false}: {redactSecrets?: boolean} = {},
): Promise<string> {
  const fill = await compile(template);
  const userData = fill(readable(values, (secret) => secret.reveal()));
  const problems = await userDataProblems(template.name, userData);
  if (problems.length > 0) {
    throw new UsageError(problems);
  }

  return redactSecrets ? showMasks(fill(readable(values, maskedText))) : userData;
}

async function compile({name, text}: Template): Promise<Fill> {
  const {default: Handlebars} = await import('handlebars');
  const handlebars = Handlebars.create();
  handlebars.registerHelper('log', () => {
    throw new UsageError(['there is no {{log}}']);
  });
  handlebars.registerHelper('yaml', inlineOrBlock(quoteYaml));
  handlebars.registerHelper('env', inlineOrBlock(quoteEnv));

  try {
    handlebars.parse(text);
  } catch (error) {
    const [firstLine] = (error as Error).message.split('\n', 1);
    throw new UsageError([`${name} is no valid template: ${firstLine!.replace(/:$/v, '')}`]);
  }

  handlebars.registerPartial(await readPartials());
  const fill = handlebars.compile(outdentBlocks(text), {
    noEscape: true,
    strict: true,
    // A partial has the indentation that it needs; more would tear the blocks in it apart.
    preventIndent: true,
  });
  return (values) => {
    try {
      return foldScalars(fill(values, ownPropertiesOnly));
    } catch (error) {
      throw new UsageError(problemsOf(error, text).map((problem) => `${name}: ${problem}`));
    }
  };
}

function inlineOrBlock(quote: (value: unknown) => string) {
  return function (this: unknown, ...given: unknown[]): string {
    const {fn, hash} = given.at(-1) as Block;
    if (given.length > 1) {
      return quote(given[0]);
    }

    const content = foldScalars(fn(this));
    // On lines of its own, a block begins after the line break and its end tag takes one with it.
    return hash.lines ? `${quote(content.slice(1))}\n` : quote(content);
  };
}

/** Plain values with the secrets opened; naming a value that is not there is an error, wherever it is named. */
function readable(values: Values, open: Open, path = ''): Values {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    readableValue(value, open, path + key),
  ]);
  const known = Object.assign(Object.create(null), Object.fromEntries(entries)) as Values;
  const check = (key: string | symbol) => {
    if (typeof key === 'string' && !Object.hasOwn(known, key)) {
      throw new UsageError([`there is no {{${path}${key}}}`]);
    }
  };

  return new Proxy(known, {
    has(target, key) {
      check(key);
      return Reflect.has(target, key);
    },
    get(target, key) {
      check(key);
      return Reflect.get(target, key) as unknown;
    },
  });
}

function readableValue(given: unknown, open: Open, path: string): unknown {
  const value = isSecret(given) ? open(given) : given;
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new UsageError([`{{${path}}} has half of a surrogate pair in it, which is no text`]);
  }

  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? readable(value as Values, open, `${path}.`)
    : value;
}

// Handlebars' own messages can quote a value, which may be a secret: only ours are passed on.
function problemsOf(error: unknown, template: string): string[] {
  if (error instanceof UsageError) {
    return error.problems;
  }

  // The name may also be made of a value: then the template does not spell it.
  const message = error instanceof Error ? error.message : '';
  const {partial} = /^The partial (?<partial>.+) could not be found$/v.exec(message)?.groups ?? {};
  return partial !== undefined && template.includes(`> ${partial}`)
    ? [`there is no {{> ${partial}}}`]
    : ['uses a value or a helper in a way that does not fit it'];
}
