import type {World} from './world.js';

/**
 Brings the world up to the present: due heartbeats first, then a due GC pass. It runs on a timer and before every
 request, so what a client sees depends on emulated time alone and not on when a timer happened to fire.
 */
export function advance(world: World): void {
  const now = world.clock.now();
  for (const beat of world.beats) {
    if (beat.nextAt <= now) {
      beat.beat(now);
    }
  }

  if (!(world.nextGcAt <= now)) {
    return;
  }

  collect(world, now);
  world.nextGcAt = nextPass(world, now);
}

/** Advances the world on a timer of 10 to 250 real milliseconds; gives the function that stops it. */
export function startAdvancing(world: World): () => void {
  // One emulated second, but never so often that a fast clock keeps the processor busy.
  const everyMs = Math.min(250, Math.max(10, 1000 / world.clock.scale));
  const timer = setInterval(() => {
    advance(world);
  }, everyMs).unref();
  return () => {
    clearInterval(timer);
  };
}

function nextPass(world: World, now: number): number {
  const {gcMs, componentMs} = world.settings;
  const mostJitterMs = Math.min(1000, gcMs / 30);
  const earliestMs = gcMs - mostJitterMs;
  const jitterMs = Math.random() * mostJitterMs * 2;
  const everyMs = Math.min(componentMs, gcMs);
  const looks = Math.ceil((earliestMs + jitterMs) / everyMs);
  const waitMs = looks * everyMs;
  return now + waitMs;
}

function collect({rows}: World, now: number): void {
  const hasExpired = (expiresAt: number | undefined) => expiresAt !== undefined && expiresAt < now;

  for (const [name, {worker, expiresAt}] of rows) {
    if (worker.ephemeral && hasExpired(expiresAt)) {
      rows.delete(name);
    }
  }

  for (const row of rows.values()) {
    if (!(row.worker.state === 'running' && hasExpired(row.expiresAt))) {
      continue;
    }

    row.worker.state = 'stalled';
    row.expiresAt = undefined;
  }

  for (const [name, {worker, unfinishedContainers}] of rows) {
    if (unfinishedContainers === 0 && worker.state === 'retiring') {
      rows.delete(name);
    } else if (unfinishedContainers === 0 && worker.state === 'landing') {
      worker.state = 'landed';
      worker.addr = '';
      worker.baggageclaim_url = '';
    }
  }
}
