/** Negative when `a` is older than `b`; development builds (0.0.0-dev) are the newest of all. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }

  return 0;
}

/** A web gives work to workers of its own worker version, or of the same major and a higher one. */
export function isCompatible(workerVersion: string, webVersion: string): boolean {
  return (
    workerVersion === webVersion ||
    (numbers(workerVersion)[0] === numbers(webVersion)[0] &&
      compareVersions(workerVersion, webVersion) > 0)
  );
}

/** Releases since which workers have these versions (facts/concourse 0). */
const workerVersions = [
  ['8.3.0', '3.0'],
  ['7.10.0', '2.5'],
  ['7.7.0', '2.4'],
  ['7.0.0', '2.3'],
  ['5.4.0', '2.2'],
  ['5.0.0', '2.1'],
] as const;

/** The worker version of a release; undefined for one that is newer than what is known here. */
export function workerVersionOf(release: string): string | undefined {
  const isKnown = numbers(release)[0]! <= 8;
  return isKnown
    ? workerVersions.find(([since]) => compareVersions(release, since) >= 0)?.[1]
    : undefined;
}

/** Whether a web was built from source: then its 0.0.0-dev stands for no release. */
export function isDevelopmentBuild(version: string): boolean {
  return version.startsWith('0.0.0');
}

function numbers(version: string): number[] {
  return isDevelopmentBuild(version) ? [Infinity] : version.split('-')[0]!.split('.').map(Number);
}
