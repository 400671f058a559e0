import {describe, expect, test} from '@jest/globals';
import {connect, request, startQuick} from '../support/connect.js';
import {parsePrivateKey} from '../../src/cloud-init/keys.js';
import {createWorkers} from '../../src/workers/create.js';
import {destroyWorkers} from '../../src/workers/destroy.js';
import {listWorkers} from '../../src/workers/list.js';
import {createContract, hasOpenApi, readOpenApi} from './openapi.js';
import {amended, amendments} from './amendments.js';

const suite = hasOpenApi ? describe : describe.skip;

suite(
  hasOpenApi ? 'what the client sends' : 'skipped: the published schema is not in ../shared/specs',
  () => {
    test('fits the published schema, whatever the options', async () => {
      await using emulator = await startQuick({dropletLimit: 100});
      emulator.digitalOcean.add({name: 'a'}, {name: 'b'}, {name: 'c'});
      const {context} = await connect(emulator);
      const dropletKey = await parsePrivateKey(emulator.concourse.workerKey, 'The droplet key');
      const image = emulator.digitalOcean.images().find(({public: isPublic}) => !isPublic);

      await createWorkers(
        await request({
          count: 12,
          dropletKey,
          image: image!.id,
          sizes: ['s-4vcpu-8gb'],
          regions: ['nyc3'],
        }),
        context,
      );
      await listWorkers({kinds: ['concourse']}, [context.ci!], context);
      await destroyWorkers({workerName: 'build-arm', drainSeconds: 0, dryRun: false}, context);

      const contract = createContract(amended(readOpenApi(), amendments));
      const {requests} = emulator.digitalOcean;
      expect(requests.flatMap((sent) => contract.requestProblems(sent))).toEqual([]);
      expect(new Set(requests.map((sent) => contract.operationOf(sent)))).toEqual(
        new Set([
          'GET /v2/droplets',
          'GET /v2/sizes',
          'GET /v2/account',
          'GET /v2/images/{image_id}',
          'GET /v2/account/keys/{ssh_key_identifier}',
          'POST /v2/account/keys',
          'POST /v2/droplets',
          'DELETE /v2/droplets/{droplet_id}',
        ]),
      );
    });
  },
);
