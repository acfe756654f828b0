import { addSample, gauge, type HostSample, words } from './host-sample.ts'

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
