const units: Record<string, number> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000};
const part = /(?<amount>\d+(?:\.\d+)?)(?<unit>ms|[hms])/gvy;

/** A Go duration such as `1m0s` in milliseconds; undefined when it is not one. */
export function goDurationMs(text: string): number | undefined {
  if (text === '0') {
    return 0;
  }

  let total = 0;
  let length = 0;
  for (const {0: matched, groups} of text.matchAll(part)) {
    total += Number(groups?.amount) * (units[groups?.unit ?? ''] ?? 0);
    length += matched.length;
  }

  return length > 0 && length === text.length ? total : undefined;
}
