/**
 * A worker as the runner sees it: speaks the protocol from the other side, badly when asked to.
 * The plan comes in WORKER_PLAN, because the arguments are those of the worker that it stands for.
 */
import {appendFileSync, writeSync} from 'node:fs';
import process from 'node:process';
import {createInterface} from 'node:readline';

const {
  /** Capabilities, or anything else for a malformed hello; null for none. */
  hello = null,
  /** Bytes written at once. */
  chunkBytes = 65_536,
  /** Written after the hello, as they are, each with a newline. */
  lines = [],
  /** Written last, without newline. */
  tail = '',
  /** So many bytes of lines are written after that. */
  floodBytes = 0,
  ignoresStdin = false,
  ignoresSigterm = false,
  /** Type of the message to end on; null: at once; 'stdin': at the end of stdin. */
  endsOn = null,
  exitStatus = 0,
  endsBySignal = null,
  /** File that takes a JSON line for the start and one for each message. */
  record = null,
} = JSON.parse(process.env.WORKER_PLAN ?? '{}');

function note(entry) {
  if (record !== null) {
    appendFileSync(record, `${JSON.stringify(entry)}\n`);
  }
}

function write(text) {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length;) {
    try {
      start += writeSync(1, bytes, start, Math.min(chunkBytes, bytes.length - start));
    } catch (error) {
      if (error.code !== 'EAGAIN') {
        throw error;
      }
    }
  }
}

function end() {
  if (tail !== '') {
    write(tail);
  }

  if (endsBySignal !== null) {
    process.kill(process.pid, endsBySignal);
    return;
  }

  // eslint-disable-next-line unicorn/no-process-exit -- it is a program
  process.exit(exitStatus);
}

function play() {
  if (hello !== null) {
    write(`~${JSON.stringify({type: 'hello', capabilities: hello})}\n`);
  }

  for (const line of lines) {
    write(`${line}\n`);
  }

  const line = `${'x'.repeat(99)}\n`;
  for (let written = 0; written < floodBytes; written += line.length) {
    write(line);
  }

  if (endsOn === null) {
    end();
  }
}

note({
  start: {
    pid: process.pid,
    argv: process.argv.slice(1),
    config: process.env.DOCKER_WORKER_CONFIG,
    path: process.env.PATH,
  },
});
process.on('SIGTERM', () => {
  note({signal: 'SIGTERM'});
  if (!ignoresSigterm) {
    end();
  }
});

if (ignoresStdin) {
  setInterval(() => undefined, 1000);
  play();
} else {
  const input = createInterface({input: process.stdin});
  input.on('line', (line) => {
    const message = JSON.parse(line.slice(1));
    note(message);
    if (message.type === 'welcome') {
      play();
    }

    if (message.type === endsOn) {
      end();
    }
  });
  input.on('close', () => {
    if (endsOn === 'stdin') {
      end();
    }
  });
}
