import type {CloudConfig} from './cloud-config.js';
import {timeSpanMs} from './time-span.js';
import {isStarted, type Unit, unitsIn, valueOf, valuesOf} from './units.js';

const powersOff = /\b(?:poweroff|shutdown|halt)\b/v;

/** Milliseconds after power-on at which a started timer switches the machine off; undefined when none does. */
export function powerOffMs(config: CloudConfig): number | undefined {
  const units = unitsIn(config);
  const spans = units
    .filter((unit) => unit.name.endsWith('.timer') && isStarted(unit, units, config))
    .filter((timer) => isSwitchingOff(serviceOf(timer, units), config))
    .flatMap((timer) => valuesOf(timer, 'Timer.OnBootSec').map((span) => timeSpanMs(span)))
    .filter((span) => span !== undefined);
  return spans.length === 0 ? undefined : Math.min(...spans);
}

function serviceOf(timer: Unit, units: readonly Unit[]): Unit | undefined {
  const name = valueOf(timer, 'Timer.Unit') ?? timer.name.replace(/\.timer$/v, '.service');
  return units.find((unit) => unit.name === name);
}

function isSwitchingOff(service: Unit | undefined, {files}: CloudConfig): boolean {
  if (!service) {
    return false;
  }

  const commands = valuesOf(service, 'Service.ExecStart');
  const scripts = commands.flatMap((line) =>
    line.split(/\s+/v).map((word) => files.get(word)?.content ?? ''),
  );
  return (
    [...commands, ...scripts].some((text) => powersOff.test(text)) ||
    (valueOf(service, 'Unit.SuccessAction') ?? '').startsWith('poweroff')
  );
}
