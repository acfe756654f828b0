import { readFile, statfs } from 'node:fs/promises'
import { arch, cpus, freemem, hostname, loadavg, release, totalmem, type, uptime, version } from 'node:os'
import type { FileSystemSpace } from './file-systems.ts'
import type { SystemNames } from './single-figures.ts'
import type { cpuSamples } from './stat.ts'

/** Where figures come from; passed in, so that tests own the host. */
export interface HostSources {
  /** A small text file; undefined where it is absent or not readable. */
  readText(path: string): Promise<string | undefined>
  /** Undefined where the place is gone or not readable. May hang with the device behind it. */
  space(mountPoint: string): Promise<FileSystemSpace | undefined>
  /** For systems without `/proc`. */
  cpus(): Parameters<typeof cpuSamples>[0]
  memory(): { readonly totalBytes: number; readonly freeBytes: number }
  loads(): readonly number[]
  uptimeSeconds(): number
  names(): SystemNames
}

/** What files that come and go, or are not for us, fail with. */
const ABSENT: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EOPNOTSUPP',
  'EINVAL',
  'EIO',
  'ESTALE',
  'ENOTCONN',
])

export const systemSources: HostSources = {
  readText: (path) => orAbsent(readFile(path, 'utf8')),
  space: (mountPoint) => orAbsent(statfs(mountPoint)),
  cpus,
  memory: () => ({ totalBytes: totalmem(), freeBytes: freemem() }),
  loads: loadavg,
  uptimeSeconds: uptime,
  names: () => ({ sysname: type(), release: release(), version: version(), machine: arch(), nodename: hostname() }),
}

async function orAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
