/** Seconds, or a number with a unit: 90m, 4h, 1d; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const {amount, unit} =
    /^(?<amount>\d+(?:\.\d+)?)(?<unit>[smhd]?)$/v.exec(text.trim())?.groups ?? {};
  const seconds = {'': 1, s: 1, m: 60, h: 3600, d: 86_400}[unit ?? ''];
  return amount === undefined || seconds === undefined
    ? undefined
    : Math.round(Number(amount) * seconds);
}
