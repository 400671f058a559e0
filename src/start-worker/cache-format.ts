import {ActionableError} from '../errors.js';
import {isObject} from './pick.js';
import type {State, WorkerFile} from './state.js';
import type {Json, JsonObject} from './worker-config.js';

/** How the vendor's runner writes a time that is not set: never. */
const never = '0001-01-01T00:00:00.000Z';

/** The state as JSON, with the names that the vendor's runner gives its fields. */
export function formatState(state: State): string {
  const {credentials} = state;
  return JSON.stringify({
    RootURL: state.rootUrl,
    Credentials: {
      clientId: credentials.clientId,
      accessToken: credentials.accessToken,
      certificate: credentials.certificate ?? '',
    },
    CredentialsExpire: state.credentialsExpire?.toISOString() ?? never,
    RegistrationSecret: state.registrationSecret ?? '',
    WorkerPoolID: state.workerPoolId,
    WorkerGroup: state.workerGroup,
    WorkerID: state.workerId,
    ProviderID: state.providerId,
    ProviderMetadata: state.providerMetadata,
    WorkerConfig: state.workerConfig,
    Files: state.files,
    WorkerLocation: state.workerLocation,
  });
}

/** Reads what `formatState` or the vendor's runner has written. */
export function parseState(text: string): State {
  const root = parseJson(text);
  const credentials = objectIn(root, 'Credentials');
  return {
    rootUrl: textIn(root, 'RootURL'),
    credentials: {
      clientId: textIn(credentials, 'clientId'),
      accessToken: textIn(credentials, 'accessToken'),
      certificate: textIn(credentials, 'certificate') || undefined,
    },
    credentialsExpire: timeIn(root, 'CredentialsExpire'),
    registrationSecret: textIn(root, 'RegistrationSecret') || undefined,
    workerPoolId: textIn(root, 'WorkerPoolID'),
    workerGroup: textIn(root, 'WorkerGroup'),
    workerId: textIn(root, 'WorkerID'),
    providerId: textIn(root, 'ProviderID'),
    providerMetadata: objectIn(root, 'ProviderMetadata'),
    workerConfig: objectIn(root, 'WorkerConfig'),
    secretConfig: undefined,
    files: filesIn(root, 'Files'),
    workerLocation: textsIn(root, 'WorkerLocation'),
  };
}

function parseJson(text: string): JsonObject {
  let root: Json = null;
  try {
    root = JSON.parse(text) as Json;
  } catch {}

  if (!isObject(root)) {
    throw problem('it is not a JSON object');
  }

  return root;
}

function textIn(fields: JsonObject, name: string): string {
  const value = valueIn(fields, name) ?? '';
  if (typeof value !== 'string') {
    throw problem(`${name} is not a string`);
  }

  return value;
}

function objectIn(fields: JsonObject, name: string): JsonObject {
  const value = valueIn(fields, name) ?? {};
  if (!isObject(value)) {
    throw problem(`${name} is not an object`);
  }

  return value;
}

function textsIn(fields: JsonObject, name: string): Record<string, string> {
  const texts = objectIn(fields, name);
  return Object.fromEntries(Object.keys(texts).map((key) => [key, textIn(texts, key)]));
}

function timeIn(fields: JsonObject, name: string): Date | undefined {
  const time = new Date(textIn(fields, name) || never);
  if (Number.isNaN(time.getTime())) {
    throw problem(`${name} is not a time`);
  }

  return time.toISOString() === never ? undefined : time;
}

function filesIn(fields: JsonObject, name: string): WorkerFile[] {
  const files = valueIn(fields, name) ?? [];
  if (!Array.isArray(files)) {
    throw problem(`${name} is not an array`);
  }

  return files.map((file) => {
    if (!isObject(file)) {
      throw problem(`${name} has something that is not an object`);
    }

    return {
      description: textIn(file, 'description'),
      path: textIn(file, 'path'),
      content: textIn(file, 'content'),
      encoding: textIn(file, 'encoding'),
      format: textIn(file, 'format'),
    };
  });
}

function valueIn(fields: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Names the field only: the file is full of secrets. */
function problem(message: string): ActionableError {
  return new ActionableError('CACHE', message);
}
