import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** USER_HZ of every Linux that we meet: `getconf CLK_TCK`. */
const TICKS_PER_SECOND = 100

/**
 * CPU seconds that a process and all its threads, ended ones too, have used. Source: proc(5), /proc/PID/stat,
 * fields 14 (utime) and 15 (stime).
 */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in brackets may hold spaces: fields are counted from behind it, the first there is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident bytes now. Source: proc(5), /proc/PID/status, VmRSS. */
export function residentBytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}

/** Sizes of all files below `directory` whose path from there passes the test. */
export function fileBytes(directory: string, takes: (path: string) => boolean = () => true): number {
  let sum = 0
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!takes(name)) continue
    const stat = statSync(join(directory, name), { throwIfNoEntry: false })
    if (stat?.isFile() === true) sum += stat.size
  }
  return sum
}
