import {createHmac, randomUUID} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {setTimeout as delay} from 'node:timers/promises';

/**
 * Stands in for generic-worker on an emulated droplet: it speaks the protocol of workers, asks the queue for work with
 * the credentials that it is given, and does none.
 */
type Credentials = {clientId: string; accessToken: string; certificate: string};

const [, , command, flag, file = ''] = process.argv;
if (command !== 'run' || flag !== '--config') {
  throw new Error('started in another way than generic-worker is');
}

const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
const {rootURL = '', provisionerId, workerType, workerGroup, workerId} = config;
const claimUrl = new URL(
  `/api/queue/v1/claim-work/${encodeURIComponent(`${provisionerId}/${workerType}`)}`,
  rootURL,
);
let credentials: Credentials = {
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

/** Hawk, by the facts of Taskcluster, section 13. */
function sign({pathname, hostname, port}: URL): string {
  const {clientId, accessToken, certificate} = credentials;
  const ts = Math.floor(Date.now() / 1000);
  const nonce = randomUUID();
  const ext = Buffer.from(`{"certificate":${certificate}}`).toString('base64');
  const text = `hawk.1.header\n${ts}\n${nonce}\nPOST\n${pathname}\n${hostname}\n${port || '80'}\n\n${ext}\n`;
  const mac = createHmac('sha256', accessToken).update(text).digest('base64');
  return `Hawk id="${clientId}", ts="${ts}", nonce="${nonce}", ext="${ext}", mac="${mac}"`;
}

async function claim(): Promise<void> {
  try {
    const {status} = await fetch(claimUrl, {
      method: 'POST',
      headers: {'content-type': 'application/json', authorization: sign(claimUrl)},
      body: JSON.stringify({workerGroup, workerId, tasks: 1}),
    });
    log(`asked the queue for work: ${status}`);
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
