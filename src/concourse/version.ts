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

export function isDevelopmentBuild(version: string): boolean {
  return version.startsWith('0.0.0');
}

function numbers(version: string): number[] {
  return isDevelopmentBuild(version) ? [Infinity] : version.split('-')[0]!.split('.').map(Number);
}
