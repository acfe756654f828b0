import { addSample, counter, type Figure, gauge, type HostSample, words } from './host-sample.ts'

const FIELDS_MAX = 128
const KIB = 1_024

/** `/proc/meminfo`: `Active(anon): 12 kB` → `node_memory_Active_anon_bytes`. Source: proc_meminfo(5). */
export function parseMeminfo(text: string): HostSample[] {
  const out: HostSample[] = []
  for (const line of text.split('\n').slice(0, FIELDS_MAX)) {
    const match = /^([A-Za-z0-9_()]+):\s+(\d+)(?: (kB))?$/.exec(line.trimEnd())
    if (match === null) continue
    const [, field, value, unit] = match as unknown as [string, string, string, string | undefined]
    const isBytes = unit !== undefined
    const name = `node_memory_${field.replace(/\((.*)\)/, '_$1')}${isBytes ? '_bytes' : ''}`
    addSample(out, memoryFigure(name, field), Number(value) * (isBytes ? KIB : 1))
  }
  return out
}

function memoryFigure(name: string, field: string): Figure {
  return gauge(name, `Memory information field ${field.replace(/[()]/g, '_')}.`)
}

/** The two that every dashboard needs, from `os`, for systems without `/proc`. */
export function memorySamples(totalBytes: number, freeBytes: number): HostSample[] {
  const out: HostSample[] = []
  addSample(out, memoryFigure('node_memory_MemTotal_bytes', 'MemTotal'), totalBytes)
  addSample(out, memoryFigure('node_memory_MemFree_bytes', 'MemFree'), freeBytes)
  addSample(out, memoryFigure('node_memory_MemAvailable_bytes', 'MemAvailable'), freeBytes)
  return out
}

const VMSTAT_FIELDS = ['oom_kill', 'pgpgin', 'pgpgout', 'pswpin', 'pswpout', 'pgfault', 'pgmajfault'] as const

/** The few of `/proc/vmstat` that node_exporter shows. */
export function parseVmstat(text: string): HostSample[] {
  const out: HostSample[] = []
  for (const line of text.split('\n')) {
    const [field = '', value] = words(line)
    if (!VMSTAT_FIELDS.includes(field as (typeof VMSTAT_FIELDS)[number])) continue
    addSample(
      out,
      { name: `node_vmstat_${field}`, type: 'unknown', help: `/proc/vmstat information field ${field}.` },
      Number(value),
    )
  }
  return out
}

const US_PER_SECOND = 1e6
const STALLS: Readonly<Record<string, readonly (readonly [line: string, figure: Figure])[]>> = {
  cpu: [
    ['some', counter('node_pressure_cpu_waiting_seconds_total', 'Seconds that processes have waited for CPU time.')],
  ],
  io: [
    ['some', counter('node_pressure_io_waiting_seconds_total', 'Seconds that processes have waited due to IO.')],
    ['full', counter('node_pressure_io_stalled_seconds_total', 'Seconds no process could make progress due to IO.')],
  ],
  memory: [
    ['some', counter('node_pressure_memory_waiting_seconds_total', 'Seconds that processes have waited for memory.')],
    [
      'full',
      counter('node_pressure_memory_stalled_seconds_total', 'Seconds no process could make progress due to memory.'),
    ],
  ],
}

export const PRESSURE_RESOURCES = ['cpu', 'io', 'memory'] as const

/** `/proc/pressure/*`: `some avg10=0.00 … total=173240521` (µs). Source: kernel.org "PSI". */
export function parsePressure(resource: (typeof PRESSURE_RESOURCES)[number], text: string): HostSample[] {
  const out: HostSample[] = []
  for (const [kind, figure] of STALLS[resource] ?? []) {
    const total = new RegExp(`^${kind} .*total=(\\d+)`, 'm').exec(text)?.[1]
    addSample(out, figure, Number(total) / US_PER_SECOND)
  }
  return out
}
