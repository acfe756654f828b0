import { addSample, counter, gauge, type HostSample, words } from './host-sample.ts'

const LOADS = [
  gauge('node_load1', '1m load average.'),
  gauge('node_load5', '5m load average.'),
  gauge('node_load15', '15m load average.'),
]
const TIME = gauge('node_time_seconds', 'System time in seconds since epoch (1970).')
const BOOT = gauge('node_boot_time_seconds', 'Node boot time, in unixtime.')
const UNAME = gauge('node_uname_info', 'Labeled system information as provided by the uname system call.')
const FILES_ALLOCATED = gauge('node_filefd_allocated', 'File descriptor statistics: allocated.')
const FILES_MAXIMUM = gauge('node_filefd_maximum', 'File descriptor statistics: maximum.')

/** `/proc/loadavg`: `0.20 0.18 0.12 1/80 11206`, or `os.loadavg()`. */
export function loadSamples(loads: readonly (number | string)[]): HostSample[] {
  const out: HostSample[] = []
  LOADS.forEach((figure, i) => {
    addSample(out, figure, Number(loads[i]))
  })
  return out
}

export const parseLoadavg = (text: string): HostSample[] => loadSamples(words(text))

/** `/proc/sys/fs/file-nr`: allocated, unused, maximum. */
export function parseFileNr(text: string): HostSample[] {
  const [allocated, , maximum] = words(text)
  const out: HostSample[] = []
  addSample(out, FILES_ALLOCATED, Number(allocated))
  addSample(out, FILES_MAXIMUM, Number(maximum))
  return out
}

export function timeSamples(nowMs: number): HostSample[] {
  return [{ ...TIME, labels: {}, value: nowMs / 1_000 }]
}

export function bootSamples(nowMs: number, uptimeSeconds: number): HostSample[] {
  return [{ ...BOOT, labels: {}, value: Math.round(nowMs / 1_000 - uptimeSeconds) }]
}

export interface SystemNames {
  readonly sysname: string
  readonly release: string
  readonly version: string
  readonly machine: string
  readonly nodename: string
}

export function unameSamples(names: SystemNames): HostSample[] {
  return [{ ...UNAME, labels: { ...names }, value: 1 }]
}

const PROCESS = {
  openFiles: gauge('process_open_fds', 'Number of open file descriptors.'),
  maxFiles: gauge('process_max_fds', 'Maximum number of open file descriptors.'),
  virtual: gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.'),
  resident: gauge('process_resident_memory_bytes', 'Resident memory size in bytes.'),
  threads: gauge('process_threads', 'Number of threads of the process.'),
  cpu: counter('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
  start: gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.'),
}

/** What Node itself says of the process. */
export interface ProcessFigures {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly uptimeSeconds: number
}

export function processSamples(figures: ProcessFigures, nowMs: number): HostSample[] {
  const out: HostSample[] = []
  addSample(out, PROCESS.cpu, figures.cpuSeconds)
  addSample(out, PROCESS.resident, figures.residentBytes)
  addSample(out, PROCESS.start, nowMs / 1_000 - figures.uptimeSeconds)
  return out
}

/** `/proc/self/status` (size and threads), `/proc/self/limits` and the count of names in `/proc/self/fd`. */
export function procSelfSamples(status: string, limits: string, openFiles: number | undefined): HostSample[] {
  const out: HostSample[] = []
  addSample(out, PROCESS.virtual, Number(/^VmSize:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024)
  addSample(out, PROCESS.threads, Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1]))
  addSample(out, PROCESS.maxFiles, Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]))
  addSample(out, PROCESS.openFiles, openFiles ?? Number.NaN)
  return out
}
