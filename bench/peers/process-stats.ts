import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

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

const IDLE_LOOK_MS = 500
/** Of a core: what a server does of its own accord. */
const IDLE_SHARE = 0.05
const IDLE_LOOKS = 4
const IDLE_WAIT_MS = 15_000
/** Of a quick run, before what is measured. */
export const QUICK_IDLE_MS = 3_000

/** Waits until a process has done next to nothing for two seconds: what it prepares after its start is not what is asked. */
export async function untilIdle(pid: number, waitMs: number = IDLE_WAIT_MS): Promise<void> {
  const deadlineMs = performance.now() + waitMs
  let idleLooks = 0
  let before = cpuSeconds(pid)
  while (idleLooks < IDLE_LOOKS && performance.now() < deadlineMs) {
    await sleep(IDLE_LOOK_MS)
    const now = cpuSeconds(pid)
    idleLooks = now - before <= (IDLE_SHARE * IDLE_LOOK_MS) / 1000 ? idleLooks + 1 : 0
    before = now
  }
}

/** Resident bytes now. Source: proc(5), /proc/PID/status. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, /^VmRSS:\s+(\d+) kB/m)
}

/** The most it ever was. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, /^VmHWM:\s+(\d+) kB/m)
}

function statusBytes(pid: number, line: RegExp): number {
  const [, kibibytes] = line.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
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
