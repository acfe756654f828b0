import { readdirSync, readFileSync } from 'node:fs'
import type { SegmentLog } from '@vantage/log'
import type { Registry } from '@vantage/observe'
import type { MetricStore } from '@vantage/store/metrics'
import type { LiveHub } from './live/hub.ts'

const LOOP_LOOK_MS = 10
const LOOP_DELAY_BOUNDS_SECONDS = [0.001, 0.002, 0.005, 0.008, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 1]

/** `process_*`, as Prometheus clients name them; what `/proc` alone knows is NaN elsewhere. */
function registerOwnProcess(registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number): void => registry.computed(name, help, 'gauge', read)
  registry.computed('process_cpu_seconds_total', 'Processor time of this process.', 'counter', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_resident_memory_bytes', 'Resident memory of this process.', () => process.memoryUsage.rss())
  const startSeconds = (Date.now() - process.uptime() * 1000) / 1000
  gauge('process_start_time_seconds', 'Start of this process, unix time.', () => startSeconds)
  gauge('process_virtual_memory_bytes', 'Virtual memory of this process.', () => {
    return Number(/^VmSize:\s+(\d+) kB$/m.exec(ownText('status'))?.[1]) * 1024
  })
  gauge('process_threads', 'Threads of this process.', () => {
    return Number(/^Threads:\s+(\d+)$/m.exec(ownText('status'))?.[1])
  })
  gauge(
    'process_open_fds',
    'Open file descriptors of this process.',
    () => fromProc(() => readdirSync('/proc/self/fd').length) ?? Number.NaN,
  )
  gauge('process_max_fds', 'File descriptors that this process may open.', () => {
    return Number(/^Max open files\s+(\d+)/m.exec(ownText('limits'))?.[1])
  })
}

function ownText(name: string): string {
  return fromProc(() => readFileSync(`/proc/self/${name}`, 'utf8')) ?? ''
}

/** These are reads of the kernel's memory, microseconds each. Undefined on systems without `/proc`. */
function fromProc<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}

/** How late a timer of the main loop rings: what anything that comes in then waits. @returns the timer, to be cleared */
export function registerLoopDelay(registry: Registry): NodeJS.Timeout {
  const help = 'How late a timer of 10 ms rang on the main loop.'
  const delays = registry.histogram('vantage_event_loop_delay_seconds', help, [], LOOP_DELAY_BOUNDS_SECONDS)
  let lastMs = performance.now()
  return setInterval(() => {
    const nowMs = performance.now()
    delays.observe(Math.max(0, nowMs - lastMs - LOOP_LOOK_MS) / 1000)
    lastMs = nowMs
  }, LOOP_LOOK_MS).unref()
}

/** Figures of the process, the log and the store, read when someone looks. */
export function registerProcessMetrics(
  registry: Registry,
  parts: { store: MetricStore; log: SegmentLog; hub: LiveHub; version: string; freeBytes: () => number },
): void {
  const { store, log, hub } = parts
  const gauge = (name: string, help: string, read: () => number): void => registry.computed(name, help, 'gauge', read)
  const counter = (name: string, help: string, read: () => number): void =>
    registry.computed(name, help, 'counter', read)
  registry.gauge('vantage_build_info', 'Version of the product; always 1.', ['version']).set(1, parts.version)
  registerOwnProcess(registry)
  gauge('vantage_disk_free_bytes', 'Free space of the data volume.', parts.freeBytes)
  gauge('vantage_store_series', 'Series in the head.', () => store.stats().series)
  gauge('vantage_store_head_samples', 'Samples in memory.', () => store.stats().samples)
  gauge('vantage_store_head_bytes', 'Memory of samples, index and aliases.', () => {
    const { headBytes, indexBytes, aliasBytes } = store.stats()
    return headBytes + indexBytes + aliasBytes
  })
  gauge('vantage_store_parts', 'Sealed parts.', () => store.stats().parts)
  gauge('vantage_store_part_bytes', 'Bytes of sealed parts.', () => store.stats().partBytes)
  gauge('vantage_store_part_samples', 'Samples in sealed parts.', () => store.stats().partSamples)
  gauge('vantage_store_tiers', 'Tier files: buckets of a part, beside it or left of it.', () => store.stats().tiers)
  gauge('vantage_store_tier_bytes', 'Bytes of tiers.', () => store.stats().tierBytes)
  gauge('vantage_store_tier_buckets', 'Buckets in tiers.', () => store.stats().tierBuckets)
  counter('vantage_store_seals_total', 'Seals done.', () => store.stats().seals)
  counter('vantage_store_merges_total', 'Merges done.', () => store.stats().merges)
  counter('vantage_store_failures_total', 'Upkeep that failed and was tried again.', () => store.stats().failures)
  gauge('vantage_wal_bytes', 'Bytes of the metrics log on disk.', () => log.stats('metrics-raw').bytesOnDisk)
  gauge(
    'vantage_wal_unsealed_bytes',
    'Bytes that a restart would replay.',
    () => log.stats('metrics-raw').unsealedBytes,
  )
  counter(
    'vantage_wal_corruptions_total',
    'Damaged places found in the log.',
    () => log.stats('metrics-raw').corruptions,
  )
  gauge('vantage_live_clients', 'Live sockets.', () => hub.clientCount)
  counter('vantage_live_frames_total', 'Live frames sent.', () => hub.framesSent)
  counter('vantage_live_dropped_samples_total', 'Samples that slow live clients missed.', () => hub.samplesDropped)
}
