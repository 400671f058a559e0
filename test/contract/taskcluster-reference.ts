import {existsSync, readFileSync} from 'node:fs';
import {Ajv} from 'ajv';
import formats from 'ajv-formats';

export type Exchange = {method: string; path: string; body?: unknown; answer?: unknown};

type Scopes = undefined | string | {AllOf: string[]};
type Entry = {
  name: string;
  method: string;
  route: string;
  query?: string[];
  input?: string;
  output?: string;
  scopes?: Scopes;
};
type Reference = {serviceName: string; apiVersion: string; entries: Entry[]};
type Values = Record<string, string>;
type Found = {service: string; entry: Entry; values: Values};

export type Contract = {
  /** `worker-manager createWorker` for a request that the references know. */
  operationOf(exchange: Exchange): string | undefined;
  /** What references and schemas have against a request; nothing when it fits. */
  requestProblems(exchange: Exchange): string[];
  /** The same of the answer to a request that succeeded. */
  answerProblems(exchange: Exchange): string[];
  /** The scopes that a request needs, all of them. */
  scopesOf(exchange: Exchange): string[];
};

const file = new URL('../../../shared/specs/taskcluster.json', import.meta.url);

export const hasReference = existsSync(file);

/** Judges requests and answers by Taskcluster's published references and schemas. */
export function readContract(): Contract {
  const documents = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const references = Object.values(documents).filter(
    (document): document is Reference => (document as Partial<Reference>).entries !== undefined,
  );
  const fits = schemasIn(documents);
  const find = (exchange: Exchange) => findEntry(references, exchange);

  return {
    operationOf(exchange) {
      const found = find(exchange);
      return found && `${found.service} ${found.entry.name}`;
    },
    requestProblems(exchange) {
      const found = find(exchange);
      if (found === undefined) {
        return [`${exchange.method} ${exchange.path} is not an operation`];
      }

      const {query = [], input} = found.entry;
      const given = [...new URL(exchange.path, 'http://x').searchParams.keys()];
      return [
        ...given.filter((name) => !query.includes(name)).map((name) => `?${name} is not known`),
        ...(input === undefined
          ? emptyProblems(exchange.body)
          : fits(`${found.service}/${input}`, exchange.body)),
      ];
    },
    answerProblems(exchange) {
      const {service, entry} = find(exchange)!;
      return entry.output === undefined
        ? emptyProblems(exchange.answer)
        : fits(`${service}/${entry.output}`, exchange.answer);
    },
    scopesOf(exchange) {
      const {entry, values} = find(exchange)!;
      const all: Record<string, string> = {...(exchange.body as Values | undefined), ...values};
      const {scopes} = entry;
      const templates = typeof scopes === 'string' ? [scopes] : (scopes?.AllOf ?? []);
      return templates.map((template) =>
        template.replaceAll(/<(?<name>\w+)>/gv, (_whole, name: string) => all[name] ?? ''),
      );
    },
  };
}

function schemasIn(documents: Record<string, unknown>) {
  const ajv = new Ajv({allErrors: true, strict: false});
  formats.default(ajv);
  for (const [name, document] of Object.entries(documents)) {
    if (!name.startsWith('schemas/') || name.startsWith('schemas/common/')) {
      continue;
    }

    const {$schema: _, ...schema} = document as Record<string, unknown>;
    ajv.addSchema({...schema, $id: `https://x/${name}`});
  }

  return (name: string, value: unknown): string[] => {
    const validate = ajv.getSchema(`https://x/schemas/${name.replace(/#$/v, '')}`);
    if (validate === undefined) {
      return [`there is no schema ${name}`];
    }

    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          ({instancePath, message, params}) =>
            `${instancePath} ${message} ${JSON.stringify(params)}`,
        );
  };
}

function findEntry(references: Reference[], {method, path}: Exchange): Found | undefined {
  const [pathname = ''] = path.split('?', 1);
  const matches = references.flatMap(({serviceName, apiVersion, entries}) =>
    entries.flatMap((entry) => {
      const route = entry.route.replaceAll(/<(?<name>\w+)>/gv, String.raw`(?<$1>[^\/]+)`);
      const pattern = new RegExp(`^/api/${serviceName}/${apiVersion}${route}$`, 'v');
      const match = pattern.exec(pathname);
      if (match === null || entry.method.toUpperCase() !== method) {
        return [];
      }

      const values = Object.entries(match.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return [
        {
          service: serviceName,
          entry,
          values: Object.fromEntries(values) as Record<string, string>,
        },
      ];
    }),
  );
  return matches[0];
}

function emptyProblems(value: unknown): string[] {
  return value === undefined || JSON.stringify(value) === '{}' ? [] : ['must be empty'];
}
