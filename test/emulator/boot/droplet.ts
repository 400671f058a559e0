import type {ConcourseEmulator} from '../../../src/emulator/concourse/server.js';
import type {Machine} from '../../../src/emulator/machine.js';

export type Droplet = Machine & {powerCut(): void};

export function droplet(text: string, name = 'ci-b1-x'): Droplet {
  const power = new AbortController();
  const powerCut = () => {
    power.abort();
  };

  return {
    id: 1,
    name,
    region: 'nyc3',
    publicAddress: '203.0.113.9',
    userData: text,
    off: power.signal,
    powerOff: powerCut,
    powerCut,
  };
}

export type Parts = {
  environment?: Record<string, string | undefined>;
  release?: string;
  unit?: string[];
  timer?: string;
  keyMode?: string;
  key?: string;
  runcmd?: string[];
};

/** A small user-data of our own: nothing in it but what a worker cannot do without. */
export function userData(emulator: ConcourseEmulator, parts: Parts = {}): string {
  const environment = {
    CONCOURSE_TAG: 't1,t2',
    CONCOURSE_TSA_HOST: `${emulator.tsaHost}:${emulator.tsaPort}`,
    CONCOURSE_TSA_PUBLIC_KEY: '/etc/worker/host.pub',
    CONCOURSE_TSA_WORKER_PRIVATE_KEY: '/etc/worker/key',
    CONCOURSE_WORK_DIR: '/var/lib/worker',
    CONCOURSE_EPHEMERAL: 'true',
    ...parts.environment,
  };
  const lines = Object.entries(environment)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}="${value}"`);
  const unit = [
    '[Service]',
    'EnvironmentFile=/etc/worker/worker.env',
    'ExecStart=/usr/local/concourse/bin/concourse worker',
    ...(parts.unit ?? []),
  ];
  const files = [
    file('/etc/worker/worker.env', lines.join('\n')),
    file('/etc/worker/host.pub', emulator.tsaPublicKey),
    file('/etc/worker/key', parts.key ?? emulator.workerKey, parts.keyMode ?? '0600'),
    file('/etc/worker/release.env', `RELEASE_VERSION=${parts.release ?? '8.3.0'}`),
    file('/etc/systemd/system/w.service', unit.join('\n')),
    ...(parts.timer === undefined ? [] : timerFiles(parts.timer)),
  ];
  const runcmd = parts.runcmd ?? ['systemctl start --no-block w.service end.timer'];
  return `#cloud-config\n${JSON.stringify({write_files: files, runcmd})}\n`;
}

function timerFiles(onBoot: string) {
  return [
    file('/etc/systemd/system/end.timer', `[Timer]\nOnBootSec=${onBoot}`),
    file('/etc/systemd/system/end.service', '[Service]\nExecStart=/usr/bin/systemctl poweroff'),
  ];
}

function file(path: string, content: string, permissions = '0644') {
  return {path, content: `${content}\n`, permissions};
}
