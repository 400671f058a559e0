import type {Progress} from './context.js';

/** Progress that is told how it ends. */
export type Reporter = Progress & {end(isSuccess: boolean): void};

/** Phases on stderr: a live line on a terminal, plain lines elsewhere. */
export async function createReporter(out: NodeJS.WriteStream): Promise<Reporter> {
  return out.isTTY ? liveReporter(out) : plainReporter(out);
}

function plainReporter(out: NodeJS.WriteStream): Reporter {
  const startedAt = performance.now();
  let last: string | undefined;
  const line = (name: string, message: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(6);
    out.write(`${seconds}s  ${name.padEnd(10)} ${message}\n`);
  };

  return {
    phase(name, message) {
      last = undefined;
      line(name, message);
    },
    note(message) {
      line('', message);
    },
    update(message) {
      if (message === last) {
        return;
      }

      last = message;
      line('', message);
    },
    end() {
      last = undefined;
    },
  };
}

async function liveReporter(out: NodeJS.WriteStream): Promise<Reporter> {
  const {default: yoctoSpinner} = await import('yocto-spinner');
  // Its own handlers would end the process before anything is undone.
  const spinner = yoctoSpinner({stream: out, handleSignals: false});
  let phase: {name: string; message: string; startedAt: number} | undefined;
  let detail = '';
  const text = () => {
    const seconds = ((performance.now() - phase!.startedAt) / 1000).toFixed(1);
    return `${phase!.name.padEnd(10)} ${phase!.message}${detail && ` (${detail})`} ${seconds}s`;
  };

  const ticking = setInterval(() => {
    if (phase !== undefined && spinner.isSpinning) {
      spinner.text = text();
    }
  }, 100).unref();

  const close = (isSuccess: boolean) => {
    if (phase === undefined) {
      return;
    }

    spinner[isSuccess ? 'success' : 'error'](text());
    phase = undefined;
  };

  return {
    phase(name, message) {
      close(true);
      detail = '';
      phase = {name, message, startedAt: performance.now()};
      spinner.start(text());
    },
    note(message) {
      const {isSpinning} = spinner;
      spinner.info(message);
      if (isSpinning && phase !== undefined) {
        spinner.start(text());
      }
    },
    update(message) {
      detail = message;
    },
    end(isSuccess) {
      clearInterval(ticking);
      close(isSuccess);
    },
  };
}
