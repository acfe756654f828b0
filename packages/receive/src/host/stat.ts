import { addSample, counter, gauge, type HostSample, words } from './host-sample.ts'

/** `USER_HZ` of every Linux that Node runs on: ticks a second in `/proc/stat`. */
const TICKS_PER_SECOND = 100
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
const CPUS_MAX = 1_024

const CPU = counter('node_cpu_seconds_total', 'Seconds the CPUs spent in each mode.')
const GUEST = counter('node_cpu_guest_seconds_total', 'Seconds the CPUs spent in guests (VMs) for each mode.')
const SINGLE = {
  intr: counter('node_intr_total', 'Total number of interrupts serviced.'),
  ctxt: counter('node_context_switches_total', 'Total number of context switches.'),
  btime: gauge('node_boot_time_seconds', 'Node boot time, in unixtime.'),
  processes: counter('node_forks_total', 'Total number of forks.'),
  procs_running: gauge('node_procs_running', 'Number of processes in runnable state.'),
  procs_blocked: gauge('node_procs_blocked', 'Number of processes blocked waiting for I/O to complete.'),
} as const

/** `/proc/stat`. Source: proc_stat(5). */
export function parseStat(text: string): HostSample[] {
  const out: HostSample[] = []
  let cpus = 0
  for (const line of text.split('\n')) {
    const [key = '', ...fields] = words(line)
    const cpu = /^cpu(\d+)$/.exec(key)?.[1]
    if (cpu !== undefined && cpus++ < CPUS_MAX) addCpu(out, cpu, fields)
    else if (Object.hasOwn(SINGLE, key)) addSample(out, SINGLE[key as keyof typeof SINGLE], Number(fields[0]))
  }
  return out
}

function addCpu(out: HostSample[], cpu: string, fields: readonly string[]): void {
  MODES.forEach((mode, i) => {
    addSample(out, CPU, Number(fields[i]) / TICKS_PER_SECOND, { cpu, mode })
  })
  addSample(out, GUEST, Number(fields[MODES.length]) / TICKS_PER_SECOND, { cpu, mode: 'user' })
  addSample(out, GUEST, Number(fields[MODES.length + 1]) / TICKS_PER_SECOND, { cpu, mode: 'nice' })
}

const CPU_TIMES = ['user', 'nice', 'sys', 'idle', 'irq'] as const
const MS_PER_SECOND = 1_000

/** The same from `os.cpus()`, for systems without `/proc`. */
export function cpuSamples(cpus: readonly { readonly times: Readonly<Record<(typeof CPU_TIMES)[number], number>> }[]) {
  const out: HostSample[] = []
  cpus.slice(0, CPUS_MAX).forEach(({ times }, cpu) => {
    for (const name of CPU_TIMES) {
      const mode = name === 'sys' ? 'system' : name
      addSample(out, CPU, times[name] / MS_PER_SECOND, { cpu: String(cpu), mode })
    }
  })
  return out
}
