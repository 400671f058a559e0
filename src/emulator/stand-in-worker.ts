import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {setTimeout as delay} from 'node:timers/promises';
import {claimWork, type WorkerCredentials} from './boot/claim.js';

/**
 * Stands in for generic-worker on an emulated droplet: it speaks the protocol of workers, asks the queue for work with
 * the credentials that it is given, and does none.
 */
const [, , command, flag, file = ''] = process.argv;
if (command !== 'run' || flag !== '--config') {
  throw new Error('started in another way than generic-worker is');
}

const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
const worker = {
  rootUrl: config.rootURL ?? '',
  workerPoolId: `${config.provisionerId}/${config.workerType}`,
  workerGroup: config.workerGroup ?? '',
  workerId: config.workerId ?? '',
};
let credentials: WorkerCredentials = {
  clientId: config.clientId ?? '',
  accessToken: config.accessToken ?? '',
  certificate: config.certificate ?? '',
};

function say(message: Record<string, unknown>): void {
  process.stdout.write(`~${JSON.stringify(message)}\n`);
}

function log(textPayload: string): void {
  say({type: 'log', body: {textPayload}});
}

async function claim(): Promise<void> {
  try {
    log(`asked the queue for work: ${await claimWork(worker, credentials)}`);
  } catch {
    log('the queue does not answer');
  }
}

const asking = new AbortController();

/** What generic-worker does on the messages of start-worker. */
const reactions: Record<string, (message: Record<string, string>) => void> = {
  welcome() {
    say({type: 'hello', capabilities: ['graceful-termination', 'new-credentials', 'log']});
  },
  'new-credentials'(message) {
    credentials = {
      clientId: message['client-id'] ?? '',
      accessToken: message['access-token'] ?? '',
      certificate: message.certificate ?? '',
    };
    log('got new credentials');
    void claim();
  },
  'graceful-termination'() {
    asking.abort();
    process.stdin.destroy();
  },
};

createInterface({input: process.stdin}).on('line', (line) => {
  if (!line.startsWith('~{')) {
    return;
  }

  const message = JSON.parse(line.slice(1)) as Record<string, string>;
  reactions[message.type ?? '']?.(message);
});

while (!asking.signal.aborted) {
  await claim();
  await delay(20_000, undefined, {signal: asking.signal}).catch(() => undefined);
}
