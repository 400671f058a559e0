/** The tags of a droplet of ours for Concourse. */
export function ourTags(ciId: string, workerName = 'build-arm', ttlSeconds = 3600): string[] {
  return [
    'do-worker',
    'do-worker:kind:concourse',
    `do-worker:ci:${ciId}`,
    `do-worker:name:${workerName}`,
    `do-worker:ttl:${ttlSeconds}`,
  ];
}
