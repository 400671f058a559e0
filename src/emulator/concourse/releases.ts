export type Release = {
  readonly version: string;
  /** What the release expects of its workers and its own workers report. */
  readonly workerVersion: string;
  readonly tokenPath: string;
  readonly tokensAreJwt: boolean;
  readonly hasFeatureFlags: boolean;
  /** 8.3 and later: land, retire and delete want a body whose team is the worker's. */
  readonly wantsBody: boolean;
  readonly defaultRuntime: 'guardian' | 'containerd';
  readonly knowsRuntimes: boolean;
  readonly offersPlainCurve25519: boolean;
  readonly offersSha1HostKey: boolean;
};

const workerVersions = [
  [8.03, '3.0'],
  [7.1, '2.5'],
  [7.07, '2.4'],
  [7, '2.3'],
  [5.04, '2.2'],
  [5, '2.1'],
] as const;

const profiles: Record<string, string> = {legacy: '8.2.5', current: '8.3.0'};

/** The release that `legacy` or `current` stands for; throws for any other name. */
export function profileVersion(profile: string): string {
  const version = profiles[profile];
  if (version === undefined) {
    throw new Error(`"${profile}" is not a profile: ${Object.keys(profiles).join(' or ')}`);
  }

  return version;
}

/** What changed when; a development build (0.0.0-dev) counts as the newest release. */
export function releaseOf(version: string): Release {
  const parts = /^v?(?<major>\d+)\.(?<minor>\d+)(?:\.\d+)?(?<suffix>-.+)?$/v.exec(version)?.groups;
  if (!parts) {
    throw new Error(`"${version}" is not a Concourse version such as 7.14.3`);
  }

  const {major, minor, suffix} = parts;
  const isDevelopment = Number(major) === 0 && suffix !== undefined;
  // One comparable number: 7.14 is 7.14, 7.4 is 7.04.
  const hundredths = Number(minor) / 100;
  const number = isDevelopment ? Infinity : Number(major) + hundredths;
  if (number < 4) {
    throw new Error(`Concourse ${version} is older than 4.0, the first that this emulator knows`);
  }

  return {
    version,
    workerVersion: workerVersions.find(([from]) => number >= from)?.[1] ?? '2.0',
    tokenPath: number >= 6.01 ? '/sky/issuer/token' : '/sky/token',
    tokensAreJwt: number < 6.05,
    hasFeatureFlags: number >= 7.04,
    wantsBody: number >= 8.03,
    defaultRuntime: number >= 8 ? 'containerd' : 'guardian',
    knowsRuntimes: number >= 6.05,
    offersPlainCurve25519: number >= 8,
    offersSha1HostKey: number < 7.14,
  };
}
