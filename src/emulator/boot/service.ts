import type {CloudConfig} from './cloud-config.js';
import {timeSpanMs} from './time-span.js';
import {type Unit, valueOf, valuesOf} from './units.js';

/** What systemd does when the process of a unit ends. */
export type Service = {
  isRestartedAfter(exit: number): boolean;
  readonly restartMs: number;
  /** So many starts within the interval are the limit. */
  readonly burst: number;
  readonly intervalMs: number;
  readonly powersOffAtLimit: boolean;
  readonly powersOffAfterSuccess: boolean;
};

const restarts: Record<string, (exit: number) => boolean> = {
  always: () => true,
  'on-success': (exit) => exit === 0,
  'on-failure': (exit) => exit !== 0,
};

/** When a unit restarts and when it switches off, by systemd's defaults; throws when a time is no time span. */
export function serviceOf(unit: Unit, {files}: CloudConfig): Service {
  const scripts = valuesOf(unit, 'Service.ExecStart').flatMap((line) =>
    line.split(/\s+/v).map((word) => files.get(word)?.content ?? ''),
  );
  const powersOffBy = (key: string) => (valueOf(unit, key) ?? '').startsWith('poweroff');
  return {
    isRestartedAfter: restarts[valueOf(unit, 'Service.Restart') ?? 'no'] ?? (() => false),
    restartMs: spanIn(unit, 'Service.RestartSec', '100ms'),
    burst: Number(valueOf(unit, 'Unit.StartLimitBurst') ?? 5),
    intervalMs: spanIn(unit, 'Unit.StartLimitIntervalSec', '10s'),
    powersOffAtLimit: powersOffBy('Unit.StartLimitAction'),
    powersOffAfterSuccess:
      powersOffBy('Unit.SuccessAction') ||
      scripts.some((script) => script.includes('systemctl poweroff')),
  };
}

function spanIn(unit: Unit, key: string, fallback: string): number {
  const ms = timeSpanMs(valueOf(unit, key) ?? fallback);
  if (ms === undefined) {
    throw new Error(`${key} of ${unit.name} is not a time span`);
  }

  return ms;
}
