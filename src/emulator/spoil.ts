import type {HttpBindings} from '@hono/node-server';
import {hasEffect, isCut, type Fault} from './ci-faults.js';
import type {Clock} from './clock.js';
import {untilGivenUp} from './given-up.js';

const page =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';

type Spoiled = Pick<HttpBindings, 'incoming'> & {
  /** Lets the route answer. */
  next: () => Promise<void>;
  /** The service's own answer of this status, where it has one. */
  refuse: (status: number) => Response | undefined;
  clock: Clock;
};

/** Carries out a fault; without a response the route has answered as usual. */
export async function spoil(
  fault: Fault,
  {incoming, next, refuse, clock}: Spoiled,
): Promise<Response | undefined> {
  const {kind} = fault;
  if (kind === 'status') {
    const {status = 500} = fault;
    return refuse(status) ?? new Response(`status ${status}`, {status});
  }

  if (kind === 'html') {
    const headers = {'content-type': 'text/html'};
    return new Response(page, {status: fault.status ?? 502, headers});
  }

  if (kind === 'slow') {
    await clock.sleep(fault.ms ?? 1000);
  }

  if (hasEffect(fault)) {
    await next();
  }

  if (kind === 'hang' || kind === 'hang-after') {
    await untilGivenUp(incoming);
  }

  if (isCut(fault)) {
    incoming.socket.destroy();
  }

  return undefined;
}
