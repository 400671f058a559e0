import type {HttpBindings} from '@hono/node-server';
import type {Fault} from './ci-faults.js';
import type {Clock} from './clock.js';

const page =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

type Spoiled = Pick<HttpBindings, 'incoming'> & {
  /** Lets the route answer. */
  next: () => Promise<void>;
  clock: Clock;
};

/** Carries out a fault; without a response the route has answered as usual. */
export async function spoil(
  fault: Fault,
  {incoming, next, clock}: Spoiled,
): Promise<Response | undefined> {
  switch (fault.kind) {
    case 'status': {
      const status = fault.status ?? 500;
      return new Response(`status ${status}`, {status});
    }

    case 'html': {
      const headers = {'content-type': 'text/html'};
      return new Response(page, {status: fault.status ?? 502, headers});
    }

    case 'drop': {
      incoming.socket.destroy();
      return undefined;
    }

    case 'lost': {
      await next();
      incoming.socket.destroy();
      return undefined;
    }

    case 'slow': {
      await clock.sleep(fault.ms ?? 1000);
      await next();
      return undefined;
    }
  }
}
