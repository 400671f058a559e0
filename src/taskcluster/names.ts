/** `<provisionerId>/<workerType>` (facts 13). */
export const poolPattern = /^[\w\-]{1,38}\/[a-z](?:[\-a-z0-9]{0,36}[a-z0-9])?$/v;

/** Worker groups and worker ids have at most so many characters: letters, digits, `-` and `_` (facts 13). */
export const longestName = 38;

/** What stands before the run key and the nonce in the name of a droplet: the worker name, or as much of it as fits. */
export function workerNamesIn(workerId: string): string[] {
  const {workerName} = /^(?<workerName>.+)-[a-z0-9]+-[a-z0-9]{8}$/v.exec(workerId)?.groups ?? {};
  return workerName === undefined ? [] : [workerName];
}

/** DigitalOcean's regions, as the groups of our workers are called: `ams3`, `nyc1`. */
export function isRegion(workerGroup: string): boolean {
  return /^[a-z]{3}\d{1,2}$/v.test(workerGroup);
}
