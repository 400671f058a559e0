import {readFile} from 'node:fs/promises';
import path from 'node:path';
import {packageFolder} from '../cloud-init/template.js';
import type {TaskclusterTemplateValues} from './template-values.js';

const releases = 'https://github.com/do-worker/do-worker/releases/download';

/** The archive of start-worker that belongs to this very version, as `npm run runner` makes it. */
export async function runnerFrom(base = releases): Promise<TaskclusterTemplateValues['runner']> {
  const {version} = JSON.parse(
    await readFile(path.join(packageFolder(), 'package.json'), 'utf8'),
  ) as {version: string};
  return {
    url: `${base.replace(/\/+$/v, '')}/v${version}/start-worker-${version}-linux-x64.tar.zst`,
    sha256: await checksum(version),
  };
}

/** Known to a package that was released together with its archive; '' in a checkout. */
async function checksum(version: string): Promise<string> {
  try {
    const file = path.join(
      packageFolder(),
      `dist/start-worker-${version}-linux-x64.tar.zst.sha256`,
    );
    const text = await readFile(file, 'utf8');
    return text.split(' ', 1)[0]!;
  } catch {
    return '';
  }
}
