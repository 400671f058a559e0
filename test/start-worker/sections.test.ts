import {expect, test} from '@jest/globals';
import fc from 'fast-check';
import {ActionableError} from '../../src/errors.js';
import {deploymentSeconds} from '../../src/start-worker/deployment.js';
import type {FieldText} from '../../src/start-worker/field-texts.js';
import {implementations, makeImplementation} from '../../src/start-worker/implementations.js';
import {makeProvider, providers} from '../../src/start-worker/providers.js';
import {Section} from '../../src/start-worker/section.js';
import {checkRootUrl} from '../../src/start-worker/state.js';
import type {Json, JsonObject} from '../../src/start-worker/worker-config.js';
import {collectLog} from './collect.js';

const secret = 's3cret';
const junk = fc.constantFrom<Json>(
  null,
  '',
  `https://me:${secret}@example.com`,
  `https://example.com/?${secret}`,
  'https://tc.example.com',
  secret,
  7,
  true,
  [secret],
  {rack: secret},
  {cloud: [secret]},
);

/** A section in which each known field has something or other, or is not there. */
function sectionOf(fields: readonly FieldText[]): fc.Arbitrary<JsonObject> {
  const values = Object.fromEntries(fields.map(({name}) => [name, junk]));
  return fc.record(values, {requiredKeys: []}) as fc.Arbitrary<JsonObject>;
}

async function expectMessage(reading: () => unknown) {
  try {
    await reading();
  } catch (error) {
    expect(error).toBeInstanceOf(ActionableError);
    const {message, suggestions} = error as ActionableError;
    expect(message).toMatch(/\w/v);
    expect([message, ...suggestions].join('\n')).not.toContain(secret);
  }
}

// Those of the clouds ask their metadata service while they are made.
const still = ['standalone', 'static', 'digitalocean', 'azure', 'aws-provisioner'];

test.each(still)(
  'whatever is in the section of %s, it is read or refused in words',
  async (name) => {
    const context = {
      log: collectLog(),
      secondMs: 1,
      implementation: 'dummy',
      signal: AbortSignal.abort(),
    };
    await fc.assert(
      fc.asyncProperty(sectionOf(providers.get(name)!.fields), async (fields) => {
        await expectMessage(async () => {
          const provider = await makeProvider(name, new Section('provider', fields), context);
          if (name === 'standalone' || name === 'static') {
            checkRootUrl((await provider.identify(context.signal)).rootUrl);
          }
        });
      }),
      {numRuns: 300},
    );
  },
);

test.each([...implementations.keys()])(
  'whatever is in the section of %s, it is read or refused in words',
  async (name) => {
    const {fields} = implementations.get(name)!;
    const everySecs: FieldText = {
      name: 'checkForNewDeploymentEverySecs',
      type: 'number',
      isRequired: false,
      text: '',
    };
    await fc.assert(
      fc.asyncProperty(sectionOf([...fields, everySecs]), async (values) => {
        const section = new Section('worker', values);
        await expectMessage(() => deploymentSeconds(section));
        await expectMessage(() =>
          makeImplementation(name, section, {log: collectLog(), environment: {}, secondMs: 1}),
        );
      }),
      {numRuns: 300},
    );
  },
);
