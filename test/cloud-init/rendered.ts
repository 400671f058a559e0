import {
  type ConcourseTemplateValues,
  defaultDownloadUrl,
} from '../../src/cloud-init/concourse-values.js';
import {renderUserData} from '../../src/cloud-init/render.js';
import {secret} from '../../src/cloud-init/secret.js';
import {readTemplate, shippedTemplatePath} from '../../src/cloud-init/template.js';

type Given = Partial<Omit<ConcourseTemplateValues, 'workerKey'>> & {workerKey?: string};

// As long as a 4096-bit key is.
const longKey = `-----BEGIN RSA PRIVATE KEY-----\n${`${'A'.repeat(64)}\n`.repeat(50)}-----END RSA PRIVATE KEY-----\n`;

/** The user-data of the shipped template, with values of a usual size where none is given. */
export async function renderConcourse({
  workerKey = longKey,
  ...given
}: Given = {}): Promise<string> {
  const values: ConcourseTemplateValues = {
    name: 'build',
    tags: ['build'],
    team: 'main',
    tsaHosts: 'ci.example.com:2222',
    tsaPublicKey: `ssh-rsa ${'A'.repeat(716)}\n`,
    workerKey: secret(workerKey),
    concourseVersion: '7.14.3',
    downloadUrl: defaultDownloadUrl,
    ttlSeconds: 7200,
    ssh: false,
    containerd: true,
    vars: {},
    ...given,
  };
  return renderUserData(await readTemplate(shippedTemplatePath('concourse-worker')), values);
}
