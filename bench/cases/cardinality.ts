import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { buildBody, SeriesTemplate } from '../load/remote-write-load.ts'
import { type LoadRequest, scrapeLabels } from '../load/scrape-shape.ts'
import { CONNECTIONS, Sender } from '../load/sender.ts'
import { type Peer, type PeerName, RunningPeer, sleep } from '../peers/peer.ts'
import { availablePeers } from '../peers/peers.ts'
import { cpuSeconds, residentBytes } from '../peers/process-stats.ts'
import { figure, MIB } from '../statistics.ts'

const SERIES = 1_000_000
const QUICK_SERIES = 100_000
const STEPS = 5
const STEP_MS = 15_000
const SERIES_PER_REQUEST = 1_000
/** Garbage collections and flushes that the load put off are over by then. */
const SETTLE_MS = 12_000
/** Requests that are made at once: what the sender holds stays small. */
const REQUESTS_PER_WAVE = 40

interface Cost {
  readonly residentBytes: number
  readonly idleBytes: number
  readonly cpuSeconds: number
  readonly seconds: number
}

export const cardinality: BenchCase = {
  question: 'What does a series cost in memory when there are a million of them?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const count = options.isQuick ? QUICK_SERIES : SERIES
  const rows: string[][] = [['peer', 'RSS MiB', 'bytes / series', 'idle RSS MiB', 'CPU s', 'load s']]
  const bytesPerSeries: Partial<Record<PeerName, number>> = {}
  const resident: Partial<Record<PeerName, number>> = {}
  for (const peer of availablePeers(options)) {
    options.note(`${peer.name}: ${count} series × ${STEPS} samples`)
    const cost = await measure(peer, count)
    bytesPerSeries[peer.name] = Math.round(cost.residentBytes / count)
    resident[peer.name] = cost.residentBytes
    rows.push([
      peer.name,
      figure(cost.residentBytes / MIB),
      figure(cost.residentBytes / count),
      figure(cost.idleBytes / MIB),
      figure(cost.cpuSeconds),
      figure(cost.seconds),
    ])
  }
  return {
    tables: [{ title: `${count} series × ${STEPS} samples`, rows }],
    figures: { series: count, bytesPerSeries, residentBytes: resident },
    remarks: [
      `RSS of the whole process, ${SETTLE_MS / 1000} s after the last answer; bytes per series is all of it over the series.`,
    ],
  }
}

async function measure(peer: Peer, count: number): Promise<Cost> {
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    const idleBytes = residentBytes(running.pid)
    const startMs = performance.now()
    const firstMs = Date.now() - STEPS * STEP_MS
    for (let step = 0; step < STEPS; step++) {
      for (let from = 0; from < count; from += SERIES_PER_REQUEST * REQUESTS_PER_WAVE) {
        const to = Math.min(count, from + SERIES_PER_REQUEST * REQUESTS_PER_WAVE)
        await sender.sendAll(wave(from, to, firstMs + step * STEP_MS, step))
      }
    }
    const seconds = (performance.now() - startMs) / 1000
    await sleep(SETTLE_MS)
    const accepted = await running.acceptedSamples()
    if (accepted !== count * STEPS) throw new Error(`${peer.name} took ${accepted} of ${count * STEPS} samples`)
    return { residentBytes: residentBytes(running.pid), idleBytes, cpuSeconds: cpuSeconds(running.pid), seconds }
  } finally {
    sender.close()
    await running.remove()
  }
}

/** Requests of series [from, to) with one sample each; the shards of a wave keep their connections. */
function* wave(from: number, to: number, timeMs: number, step: number): Generator<LoadRequest> {
  for (let at = from; at < to; at += SERIES_PER_REQUEST) {
    const samples = Math.min(SERIES_PER_REQUEST, to - at)
    const templates = Array.from({ length: samples }, (_, i) => new SeriesTemplate(scrapeLabels(at + i), 1))
    const order = Int32Array.from({ length: samples }, (_, i) => i)
    const body = buildBody(templates, order, (series, patch) => patch(0, timeMs, (at + series) * (step + 1) * 0.25))
    yield { connection: (at / SERIES_PER_REQUEST) % CONNECTIONS, samples, body }
  }
}
