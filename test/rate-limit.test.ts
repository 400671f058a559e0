import {expect, test} from '@jest/globals';
import {DigitalOcean} from '../src/digitalocean/client.js';
import {startEmulator, type Emulator} from '../src/emulator/server.js';
import {createRateLimit} from '../src/rate-limit.js';

function client({digitalOcean: {url, token}, clock}: Emulator): DigitalOcean {
  return new DigitalOcean({url, token, secondMs: 1000 / clock.scale});
}

test('paces requests so that a burst never hears a 429', async () => {
  await using emulator = await startEmulator({timeScale: 10});
  const digitalOcean = client(emulator);
  // The first requests are slow to arrive, by more than the limit's margin in scaled time.
  for (let id = 0; id < 5; id++) {
    await digitalOcean.deleteDroplet(id);
  }

  await Promise.all(Array.from({length: 295}, async (_, id) => digitalOcean.deleteDroplet(id)));

  const {requests} = emulator.digitalOcean;
  expect(requests.filter(({status}) => status === 429)).toEqual([]);
  expect(requests).toHaveLength(300);
  expect(requests.at(-1)!.time - requests[0]!.time).toBeGreaterThan(55_000);
});

test('deletes come before what waits with them', async () => {
  const limit = createRateLimit({service: 'It', secondMs: 1, perMinute: 1});
  const order: string[] = [];
  const turn = async (method: string) =>
    limit.run(method, async () => {
      order.push(method);
    });

  await Promise.all([turn('GET'), turn('GET'), turn('DELETE'), turn('DELETE')]);

  expect(order).toEqual(['GET', 'DELETE', 'DELETE', 'GET']);
});

test('a burst 429 is waited out as announced, by all requests', async () => {
  await using emulator = await startEmulator({timeScale: 25, burstLimit: 20});
  const digitalOcean = client(emulator);

  await Promise.all(Array.from({length: 60}, async (_, id) => digitalOcean.deleteDroplet(id)));

  const {requests} = emulator.digitalOcean;
  expect(requests.filter(({status}) => status !== 429)).toHaveLength(60);
  const {time: firstRefusal} = requests.find(({status}) => status === 429)!;
  const lifted = requests[0]!.time + 60_000;
  const inVain = requests.filter(({time}) => time > firstRefusal && time < lifted);
  // On their way when the first answer came, of 16 at a time.
  expect(inVain.length).toBeLessThanOrEqual(32);
});

test('an hourly 429 is waited out until the reset', async () => {
  await using emulator = await startEmulator({timeScale: 2000, hourlyLimit: 5, burstLimit: 0});
  const digitalOcean = client(emulator);
  const {requests} = emulator.digitalOcean;
  await Promise.all(Array.from({length: 5}, async (_, id) => digitalOcean.deleteDroplet(id)));
  await emulator.clock.sleep(3_400_000);

  await digitalOcean.deleteDroplet(6);

  expect(requests.at(-1)!.time - requests[0]!.time).toBeGreaterThanOrEqual(3_599_000);
  expect(requests.filter(({status}) => status === 429).length).toBeLessThanOrEqual(3);
});

test('an hour without budget is told, not waited for', async () => {
  await using emulator = await startEmulator({timeScale: 2000, hourlyLimit: 3, burstLimit: 0});
  const digitalOcean = client(emulator);
  await Promise.all(Array.from({length: 3}, async (_, id) => digitalOcean.deleteDroplet(id)));

  await expect(digitalOcean.sizes()).rejects.toMatchObject({code: 'RATE_LIMITED'});
});

test('the last of the budget is kept for deletes', async () => {
  await using emulator = await startEmulator({timeScale: 2000, hourlyLimit: 103, burstLimit: 0});
  const digitalOcean = client(emulator);
  for (let call = 0; call < 3; call++) {
    await digitalOcean.sizes();
  }

  await expect(digitalOcean.sizes()).rejects.toMatchObject({code: 'RATE_LIMITED'});
  await expect(digitalOcean.deleteDroplet(1)).resolves.toBe(false);
});

test('what is kept for deletes is for their lists too, once costs are to end', async () => {
  await using emulator = await startEmulator({timeScale: 2000, hourlyLimit: 103, burstLimit: 0});
  const digitalOcean = client(emulator);
  for (let call = 0; call < 3; call++) {
    await digitalOcean.sizes();
  }

  digitalOcean.openReserve();

  await expect(digitalOcean.dropletsTagged('do-worker')).resolves.toEqual([]);
});
