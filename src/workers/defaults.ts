/** What a worker gets that nobody asked otherwise for, at a terminal and in a pipeline. */
export const defaults = {
  region: 'ams3',
  size: 's-2vcpu-2gb',
  image: 'ubuntu-24-04-x64',
  ttlSeconds: 4 * 3600,
  timeoutSeconds: 900,
};
