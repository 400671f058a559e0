import {existsSync, readFileSync} from 'node:fs';
import {Ajv, type ErrorObject, type ValidateFunction} from 'ajv';
import formats from 'ajv-formats';

/** A request as an emulator logs it: the path has its query. */
export type SentRequest = {method: string; path: string; body?: unknown};
export type GivenAnswer = SentRequest & {status: number; body?: unknown; answer?: unknown};

type Schema = {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
};
type Content = Record<string, {schema: Schema}>;
type Answering = {content?: Content};
type Parameter = {name: string; in: string; required?: boolean; schema: Schema};
type Reference = {$ref: string};
type Operation = {
  parameters?: Array<Parameter | Reference>;
  requestBody?: {required?: boolean; content: Content};
  responses: Record<string, Answering | Reference>;
};
export type OpenApi = {
  paths: Record<string, Record<string, Operation>>;
  components: {schemas: Record<string, Schema>};
};

export type Contract = {
  /** `GET /v2/droplets/{droplet_id}` for a path that the schema knows. */
  operationOf(request: SentRequest): string | undefined;
  /** What the published schema has against a request; nothing when it fits. */
  requestProblems(request: SentRequest): string[];
  answerProblems(answer: GivenAnswer): string[];
};

const file = new URL('../../../shared/specs/digitalocean-openapi.json', import.meta.url);

/** The published schema where the checkout has it beside itself. */
export const hasOpenApi = existsSync(file);

export function readOpenApi(): OpenApi {
  return JSON.parse(readFileSync(file, 'utf8')) as OpenApi;
}

export function createContract(document: OpenApi): Contract {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    unicodeRegExp: false,
    validateSchema: false,
  });
  formats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const compiled = new WeakMap<Schema, ValidateFunction>();

  const errors = (schema: Schema, value: unknown): string[] => {
    const validate = compiled.get(schema) ?? ajv.compile(rebased(schema));
    compiled.set(schema, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => sentence(error));
  };

  const resolve = <T>(item: T | Reference): T =>
    isReference(item) ? (lookUp(document, item.$ref) as T) : item;

  return {
    operationOf(request) {
      const found = find(document, request);
      return found && `${request.method} ${found.template}`;
    },
    requestProblems(request) {
      const found = find(document, request);
      if (!found) {
        return [`${request.method} ${request.path} is not an operation`];
      }

      const parameters = (found.operation.parameters ?? []).map((item) => resolve<Parameter>(item));
      return [
        ...pathProblems(parameters, found.values, errors),
        ...queryProblems(parameters, new URL(request.path, 'http://x').searchParams, errors),
        ...bodyProblems(document, found.operation, request.body, errors),
      ];
    },
    answerProblems({status, answer, ...request}) {
      const found = find(document, request);
      if (!found) {
        return [`${request.method} ${request.path} is not an operation`];
      }

      const {responses} = found.operation;
      const response = resolve<Answering>(responses[String(status)] ?? responses.default ?? {});
      const schema = response.content?.['application/json']?.schema;
      if (schema) {
        return errors(schema, answer);
      }

      return answer === undefined ? [] : ['must have no body'];
    },
  };
}

type Errors = (schema: Schema, value: unknown) => string[];

function pathProblems(parameters: Parameter[], values: Record<string, string>, errors: Errors) {
  return parameters
    .filter((parameter) => parameter.in === 'path')
    .flatMap(({name, schema}) => mismatch(`{${name}}`, schema, values[name] ?? '', errors));
}

function queryProblems(parameters: Parameter[], query: URLSearchParams, errors: Errors) {
  const known = parameters.filter((parameter) => parameter.in === 'query');
  const missing = known.filter(
    ({name, required}) => required === true && (query.get(name) ?? '') === '',
  );
  const given = [...query].flatMap(([name, value]) => {
    const schema = known.find((parameter) => parameter.name === name)?.schema;
    return schema ? mismatch(`?${name}`, schema, value, errors) : [`?${name} is not a parameter`];
  });
  return [...missing.map(({name}) => `?${name} is missing`), ...given];
}

/** A parameter is text: it fits when the text or what it spells fits. */
function mismatch(name: string, schema: Schema, text: string, errors: Errors): string[] {
  const readings: unknown[] = [text, Number(text), text === 'true' ? true : text];
  const isFits = readings.some((reading) => errors(schema, reading).length === 0);
  return isFits ? [] : [`${name} does not fit: ${text}`];
}

function bodyProblems(document: OpenApi, operation: Operation, body: unknown, errors: Errors) {
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (!schema) {
    return body === undefined ? [] : ['a body is not expected'];
  }

  if (body === undefined) {
    return operation.requestBody?.required ? ['a body is missing'] : [];
  }

  const known = propertiesOf(document, schema);
  const unknown = Object.keys(new Object(body)).filter((name) => !known.has(name));
  return [...errors(schema, body), ...unknown.map((name) => `/${name} is not a field`)];
}

function propertiesOf(document: OpenApi, schema: Schema): Set<string> {
  const {$ref, properties = {}, allOf = [], oneOf = [], anyOf = []} = schema;
  const target = $ref === undefined ? [] : [lookUp(document, $ref) as Schema];
  const parts = [...allOf, ...oneOf, ...anyOf, ...target];
  const inner = parts.flatMap((part) => [...propertiesOf(document, part)]);
  return new Set([...Object.keys(properties), ...inner]);
}

function find({paths}: OpenApi, {method, path}: SentRequest) {
  const [pathname = ''] = path.split('?', 1);
  const matches = Object.entries(paths).flatMap(([template, operations]) => {
    const names = [...template.matchAll(/\{\w+\}/gv)].map(([name]) => name.slice(1, -1));
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/gv, String.raw`([^\/]+)`)}$`, 'v');
    const match = pattern.exec(pathname);
    const operation = operations[method.toLowerCase()];
    if (!match || !operation) {
      return [];
    }

    const values = names.map((name, index) => [name, decodeURIComponent(match[index + 1]!)]);
    return [{template, operation, values: Object.fromEntries(values) as Record<string, string>}];
  });
  return matches.toSorted((a, b) => Object.keys(a.values).length - Object.keys(b.values).length)[0];
}

const rebased = (schema: Schema) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"openapi#/')) as Schema;

function isReference(item: unknown): item is Reference {
  return typeof item === 'object' && item !== null && '$ref' in item;
}

function lookUp(document: OpenApi, pointer: string): unknown {
  let node: unknown = document;
  for (const name of pointer.slice(2).split('/')) {
    node = (node as Record<string, unknown>)[name];
  }

  return node;
}

const sentence = ({instancePath, message = '', params}: ErrorObject) =>
  `${instancePath === '' ? '/' : instancePath} ${message} ${JSON.stringify(params)}`;
