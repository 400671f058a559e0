import {expect, test} from '@jest/globals';
import {readCloudConfig} from '../../../src/emulator/boot/cloud-config.js';
import {runnerProcessIn} from '../../../src/emulator/boot/runner-process.js';
import {renderTaskcluster} from '../../cloud-init/rendered-taskcluster.js';

test('finds start-worker in what the default template renders', async () => {
  const {config} = runnerProcessIn(readCloudConfig(await renderTaskcluster(), 'droplet'))!;

  expect(config.provider).toMatchObject({
    providerType: 'digitalocean',
    workerID: 'build-r1-abcdefgh',
  });
});

test('a worker that fails each time after a minute comes to the end of its starts', async () => {
  const {service} = runnerProcessIn(readCloudConfig(await renderTaskcluster(), 'droplet'))!;
  const {burst, restartMs, intervalMs, powersOffAtLimit} = service;

  expect(intervalMs).toBeGreaterThan(burst * (65_000 + restartMs));
  expect(powersOffAtLimit).toBe(true);
});

test('a file with metadata that nothing on the droplet writes is a fault of the template', async () => {
  const userData = (await renderTaskcluster()).replace('metadata=/run/', 'metadata=/tmp/');

  expect(() => runnerProcessIn(readCloudConfig(userData, 'droplet'))).toThrow(
    'nothing writes /run/start-worker/metadata.json, which taskcluster-worker.service needs',
  );
});
