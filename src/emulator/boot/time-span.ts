const units: Record<string, number> = {
  us: 0.001,
  usec: 0.001,
  ms: 1,
  msec: 1,
  '': 1000,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

const part = /\s*(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]*)\s*/gvy;

/** A systemd time span such as `90`, `2h 30min` or `1d` in milliseconds; undefined when it is not one. */
export function timeSpanMs(text: string): number | undefined {
  let total = 0;
  let length = 0;
  for (const {0: matched, groups} of text.matchAll(part)) {
    const unit = units[groups?.unit ?? ''] ?? NaN;
    total += Number(groups?.amount) * unit;
    length += matched.length;
  }

  return length > 0 && length === text.length && !Number.isNaN(total) ? total : undefined;
}
