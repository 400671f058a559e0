import type {Clock} from '../clock.js';
import type {Boot} from '../machine.js';
import {ApiError} from './api-error.js';
import type {DigitalOceanSettings} from './options.js';
import type {Store} from './store.js';

export type World = {
  /** May be changed while the emulator runs. */
  readonly settings: DigitalOceanSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly boot: Boot;
  readonly closing: AbortSignal;
  /** The service's own idea of the time, skewed if so asked. */
  now(): number;
};

/** The form of time in answers: whole seconds. */
export function timestamp(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Has the effect after this much emulated time; never, once the emulator is closing. */
export function later({clock, closing}: World, ms: number, effect: () => void): void {
  void afterwards(clock.sleep(ms, closing), effect);
}

async function afterwards(sleep: Promise<void>, effect: () => void): Promise<void> {
  try {
    await sleep;
  } catch {
    return;
  }

  effect();
}

/** Whether the token has a scope, itself or as `droplet:*`; without any listed it has all. */
export function isAllowed({settings: {scopes}}: World, scope: string): boolean {
  const [resource] = scope.split(':', 1);
  return scopes.length === 0 || scopes.includes(scope) || scopes.includes(`${resource}:*`);
}

/** Throws the 403 unless the token has all of these scopes. */
export function demand(world: World, ...scopes: string[]): void {
  if (scopes.some((scope) => !isAllowed(world, scope))) {
    throw new ApiError(403, 'You are not authorized to perform this operation');
  }
}
