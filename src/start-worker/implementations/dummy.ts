import {dump} from 'js-yaml';
import type {FieldText} from '../field-texts.js';
import type {MakeImplementation} from '../implementation.js';
import {isObject, pick} from '../pick.js';
import type {State} from '../state.js';
import type {Json, JsonObject} from '../worker-config.js';

export const dummyFields: FieldText[] = [];

const secretName =
  /secret|token|passw|passphrase|pwd|credential|certificate|private|keys?\d*$|auth|cookie|user_?data/iv;
/** A key, or an address with a password. */
const secretText = /PRIVATE KEY-----|:\/\/[^\s\/]*@/v;
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

/**
 * The state as it may be shown: what the secrets service gave is not, and a value with a telling name is taken for a
 * secret, too.
 */
function withoutSecrets(state: State): JsonObject {
  const {workerConfig, secretConfig = workerConfig} = state;
  const secretTexts = new Set(textsIn(secretConfig));
  return {
    rootUrl: state.rootUrl,
    credentials: {clientId: state.credentials.clientId, accessToken: hidden},
    credentialsExpire: state.credentialsExpire?.toISOString() ?? 'never',
    workerPoolId: state.workerPoolId,
    workerGroup: state.workerGroup,
    workerId: state.workerId,
    providerId: state.providerId,
    workerLocation: state.workerLocation,
    providerMetadata: redact(state.providerMetadata, undefined, new Set()),
    workerConfig: redact(workerConfig, secretConfig, secretTexts),
    files: state.files.map((file) => ({...file, content: hidden})),
  };
}

/** Hides what `secret` has in the same place, and its texts in every place. */
function redact(value: Json, secret: Json | undefined, texts: ReadonlySet<string>): Json {
  if (Array.isArray(value)) {
    // Arrays were joined: what is secret stands at the end.
    const start = value.length - (Array.isArray(secret) ? secret.length : 0);
    return value.map((each, index) => redact(each, index < start ? undefined : each, texts));
  }

  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        secretName.test(name) ? hidden : redact(each, pick(secret, name), texts),
      ]),
    );
  }

  const isSecret =
    secret !== undefined || (typeof value === 'string' && (texts.has(value) || looksSecret(value)));
  return isSecret ? hidden : value;
}

function textsIn(value: Json): string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.values(value).flatMap((each) => textsIn(each));
  }

  return typeof value === 'string' ? [value] : [];
}

/** By its form, or as `NAME=value` by its name. */
function looksSecret(text: string): boolean {
  const name = text.includes('=') ? text.split('=', 1)[0]! : '';
  return secretText.test(text) || secretName.test(name);
}
