import { type Labels, labelsFromRecord } from '@vantage/model'

/** A series that makes its next value, as one of a node exporter does. */
export interface ReferenceSeries {
  readonly labels: Labels
  next(step: number): number
}

const MODES = ['idle', 'user', 'system', 'iowait', 'irq', 'nice', 'softirq', 'steal']
const DISK_COUNTERS = ['reads_completed_total', 'writes_completed_total', 'read_bytes_total', 'written_bytes_total']
const NET_COUNTERS = ['receive_bytes_total', 'transmit_bytes_total', 'receive_packets_total', 'transmit_packets_total']

/**
 * 321 series of one host: cpu counters with 2 decimals, memory gauges in multiples of 4 KiB, disk and network integer
 * counters, constants, histograms, durations with 9 digits (6.5 %), full-entropy floats (1 %).
 */
export function referenceHost(host: number, random: () => number): ReferenceSeries[] {
  const out: ReferenceSeries[] = []
  const instance = `host-${host}.eu-west-1.example:9100`
  const add = (name: string, extra: Record<string, string>, next: (step: number) => number): void => {
    out.push({ labels: labelsFromRecord({ __name__: name, instance, job: 'node', ...extra }), next })
  }
  for (let cpu = 0; cpu < 8; cpu++) {
    for (const mode of MODES) add('node_cpu_seconds_total', { cpu: String(cpu), mode }, cpuCounter(mode, random))
  }
  for (let i = 0; i < 48; i++) add(`node_memory_area_${i}_bytes`, {}, memoryGauge(i, random))
  for (let device = 0; device < 8; device++) {
    for (const name of DISK_COUNTERS) add(`node_disk_${name}`, { device: `sd${device}` }, integerCounter(40, random))
    for (const name of NET_COUNTERS)
      add(`node_network_${name}`, { device: `eth${device}` }, integerCounter(9000, random))
  }
  for (let i = 0; i < 64; i++) {
    const value = Math.floor(random() * 1e6)
    add(`node_info_value_${i}`, {}, () => value)
  }
  const buckets = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']
  for (let handler = 0; handler < 4; handler++) {
    for (const le of buckets)
      add('http_duration_seconds_bucket', { handler: `/h${handler}`, le }, integerCounter(6, random))
  }
  for (let i = 0; i < 9; i++) add('node_load', { window: String(i) }, loadGauge(random))
  for (let i = 0; i < 21; i++)
    add('scrape_duration_seconds', { target: String(i) }, () => Math.round((0.01 + random() * 0.02) * 1e9) / 1e9)
  for (let i = 0; i < 3; i++) add('node_noise', { sensor: String(i) }, () => random() * 100)
  return out
}

function cpuCounter(mode: string, random: () => number): () => number {
  const rate = mode === 'idle' ? 1300 : mode === 'user' ? 120 : mode === 'system' ? 60 : 2
  let hundredths = Math.floor(random() * 1e8)
  return () => {
    hundredths += Math.floor(rate * (0.9 + random() * 0.2))
    return hundredths / 100
  }
}

function memoryGauge(index: number, random: () => number): () => number {
  let pages = Math.floor(random() * 4e6)
  return () => {
    if (index % 3 !== 0 || random() < 0.3) pages = Math.max(0, pages + Math.floor((random() - 0.5) * 600))
    return pages * 4096
  }
}

function integerCounter(rate: number, random: () => number): () => number {
  let value = Math.floor(random() * 1e9)
  const isQuiet = random() < 0.4
  return () => {
    if (!isQuiet || random() < 0.05) value += Math.floor(random() * rate)
    return value
  }
}

function loadGauge(random: () => number): () => number {
  let value = 100
  return () => {
    value = Math.max(0, value + Math.floor((random() - 0.5) * 12))
    return value / 100
  }
}
