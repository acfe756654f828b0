import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { SegmentLog } from '@vantage/log'
import type { Registry } from '@vantage/observe'
import type { MetricStore } from '@vantage/store/metrics'
import type { LiveHub } from './live/hub.ts'

const LOOP_RESOLUTION_MS = 10
const NS_PER_SECOND = 1e9

/** Figures of the process, the log and the store, read when someone looks. */
export function registerProcessMetrics(
  registry: Registry,
  parts: { store: MetricStore; log: SegmentLog; hub: LiveHub; version: string; freeBytes: () => number },
): void {
  const { store, log, hub } = parts
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  delay.enable()
  const gauge = (name: string, help: string, read: () => number): void => registry.computed(name, help, 'gauge', read)
  const counter = (name: string, help: string, read: () => number): void =>
    registry.computed(name, help, 'counter', read)
  registry.gauge('vantage_build_info', 'Version of the product; always 1.', ['version']).set(1, parts.version)
  counter('process_cpu_seconds_total', 'Processor time of this process.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_resident_memory_bytes', 'Resident memory of this process.', () => process.memoryUsage.rss())
  gauge('process_start_time_seconds', 'Start of this process, unix time.', () => Date.now() / 1000 - process.uptime())
  gauge('vantage_event_loop_delay_seconds', 'Delay of the main loop since the last look, p99.', () => {
    const seconds = delay.percentile(99) / NS_PER_SECOND
    delay.reset()
    return seconds
  })
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
