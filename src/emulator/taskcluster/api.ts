import type {HttpBindings} from '@hono/node-server';
import type {Context, Hono} from 'hono';
import {ApiError} from './api-error.js';
import {authenticate} from './hawk.js';
import {namePattern, poolPattern} from './payloads.js';
import {type Check, validate} from './schema.js';
import {demand} from './scopes.js';
import type {WorkerName, World} from './world.js';

export type Env = {
  Bindings: HttpBindings;
  Variables: {
    /** The name of the endpoint, for errors. */
    endpoint: string;
    /** Who signed, once that has been checked. */
    clientId: string | undefined;
    payload: unknown;
  };
};
export type App = Hono<Env>;
export type Call = Context<Env>;

/** Adds an endpoint; what `handle` returns is answered as JSON. */
export type AddRoute = (
  method: 'GET' | 'PUT' | 'POST' | 'DELETE',
  path: string,
  name: string,
  handle: (call: Call) => unknown,
) => void;

/** Throws unless the request is signed by somebody who has these scopes. */
export function authorize(
  call: Call,
  {clients, clock, settings}: World,
  ...scopes: string[]
): void {
  const {method = 'GET', url: path = '/', headers} = call.env.incoming;
  const {host = '', authorization} = headers;
  const caller = authenticate({method, path, host, authorization}, clients, {
    real: Date.now() + settings.clockAheadSeconds * 1000,
    emulated: clock.now(),
  });
  call.set('clientId', caller.clientId);
  demand(caller, ...scopes);
}

/** The body of a request; throws the 400 that lists all that does not fit. */
export function payloadOf<Payload>(call: Call, check: Check): Payload {
  return validate<Payload>(call.get('payload'), check, call.get('endpoint'));
}

/** The pool of a path; some old clients put a colon behind it, which a few endpoints still take. */
export function poolIn(call: Call, {mayHaveColon = false} = {}): string {
  const given = call.req.param('workerPoolId') ?? '';
  return matching(mayHaveColon ? given.replace(/:$/v, '') : given, poolPattern, 'workerPoolId');
}

/** The worker group of a path; throws the 400 when it cannot be one. */
export function groupIn(call: Call): string {
  return matching(call.req.param('workerGroup') ?? '', namePattern, 'workerGroup');
}

/** The worker of a path, known or not; throws the 400 for the first part that cannot be one. */
export function workerIn(call: Call, {mayHaveColon = false} = {}): WorkerName {
  return {
    workerPoolId: poolIn(call, {mayHaveColon}),
    workerGroup: groupIn(call),
    workerId: matching(call.req.param('workerId') ?? '', namePattern, 'workerId'),
  };
}

function matching(value: string, pattern: RegExp, name: string): string {
  if (!pattern.test(value)) {
    throw new ApiError(
      'InvalidRequestArguments',
      `Invalid URL patterns:\nURL parameter '${name}' given as "${value}" must match regular expression: "${pattern.source}"`,
    );
  }

  return value;
}
