/** Whether a droplet of one of these sizes has GPUs: such droplets are missing from most lists (facts 5). */
export function hasGpus(...sizes: readonly string[]): boolean {
  return sizes.some((size) => size.startsWith('gpu-'));
}
