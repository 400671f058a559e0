import {dump} from 'js-yaml';
import type {FieldText} from '../field-texts.js';
import type {MakeImplementation} from '../implementation.js';
import type {State} from '../state.js';
import type {Json, JsonObject} from '../worker-config.js';

export const dummyFields: FieldText[] = [];

const secretName = /secret|token|password|passphrase|credential|certificate|private|key$|auth/iv;
const hidden = '(hidden)';

/** Prints what a worker would be started with, and ends at once; for trying out a configuration. */
export const makeDummy: MakeImplementation = (_section, {log}) => ({
  configure: () => undefined,
  async start(state) {
    log.line('State information:');
    for (const line of dump(withoutSecrets(state)).trimEnd().split('\n')) {
      log.line(line);
    }

    return {transport: undefined, wait: async () => undefined, kill: () => undefined};
  },
});

/** The state as it may be shown: a value with a telling name is taken for a secret. */
function withoutSecrets({workerConfig, providerMetadata, ...state}: State): JsonObject {
  return {
    rootUrl: state.rootUrl,
    credentials: {clientId: state.credentials.clientId, accessToken: hidden},
    credentialsExpire: state.credentialsExpire?.toISOString() ?? 'never',
    workerPoolId: state.workerPoolId,
    workerGroup: state.workerGroup,
    workerId: state.workerId,
    providerId: state.providerId,
    workerLocation: state.workerLocation,
    providerMetadata: redact(providerMetadata),
    workerConfig: redact(workerConfig),
    files: state.files.map((file) => ({...file, content: hidden})),
  };
}

function redact(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map((each) => redact(each));
  }

  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' && value.includes('PRIVATE KEY-----') ? hidden : value;
  }

  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      secretName.test(name) ? hidden : redact(each),
    ]),
  );
}
