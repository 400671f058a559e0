import {renderUserData} from '../../src/cloud-init/render.js';
import {secret} from '../../src/cloud-init/secret.js';
import {readTemplate, shippedTemplatePath} from '../../src/cloud-init/template.js';
import {
  genericWorkerFrom,
  type TaskclusterTemplateValues,
} from '../../src/taskcluster/template-values.js';

export type GivenTaskcluster = Partial<Omit<TaskclusterTemplateValues, 'staticSecret'>> & {
  staticSecret?: string;
};

/** The user-data of the shipped template for Taskcluster, with usual values where none is given. */
export async function renderTaskcluster({
  staticSecret = 'S'.repeat(44),
  ...given
}: GivenTaskcluster = {}): Promise<string> {
  const values: TaskclusterTemplateValues = {
    name: 'build',
    rootUrl: 'https://tc.example.com',
    providerId: 'static',
    workerPoolId: 'proj/linux',
    workerGroup: 'ams3',
    workerId: 'build-r1-abcdefgh',
    instanceType: 's-2vcpu-2gb',
    staticSecret: secret(staticSecret),
    genericWorker: genericWorkerFrom('106.0.0', undefined),
    dockerWorker: undefined,
    runner: {url: 'https://example.com/start-worker.tar.zst', sha256: ''},
    caCerts: [],
    ttlSeconds: 7200,
    ssh: false,
    vars: {},
    ...given,
  };
  return renderUserData(await readTemplate(shippedTemplatePath('taskcluster-worker')), values);
}
