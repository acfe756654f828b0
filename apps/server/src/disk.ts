import { statfsSync } from 'node:fs'

const GIB = 1024 ** 3

/** `storage.minFree` of the volume that a folder lies on: min(max(512 MiB, 5 %), 10 GiB). */
export function defaultMinFree(directory: string): number {
  const volume = statfsSync(directory)
  return Math.min(Math.max(GIB / 2, volume.blocks * volume.bsize * 0.05), 10 * GIB)
}
