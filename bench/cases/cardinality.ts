import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import { RequestTemplate } from '../load/remote-write-load.ts'
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
  const shards = Array.from({ length: count / SERIES_PER_REQUEST }, (_, shard) => {
    const first = shard * SERIES_PER_REQUEST
    return new RequestTemplate(Array.from({ length: SERIES_PER_REQUEST }, (_, i) => scrapeLabels(first + i)))
  })
  for (const peer of availablePeers(options)) {
    options.note(`${peer.name}: ${count} series × ${STEPS} samples`)
    const cost = await measure(peer, shards)
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

async function measure(peer: Peer, shards: readonly RequestTemplate[]): Promise<Cost> {
  const count = shards.length * SERIES_PER_REQUEST
  const running = await RunningPeer.start(peer)
  const sender = new Sender(`${running.url}${peer.writePath}`)
  try {
    const idleBytes = residentBytes(running.pid)
    const startMs = performance.now()
    const firstMs = Date.now() - STEPS * STEP_MS
    for (let step = 0; step < STEPS; step++) {
      for (let from = 0; from < shards.length; from += REQUESTS_PER_WAVE) {
        const to = Math.min(shards.length, from + REQUESTS_PER_WAVE)
        await sender.sendAll(wave(shards, from, to, firstMs + step * STEP_MS))
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

/** Requests [from, to) at one time; a shard keeps its connection. */
function* wave(shards: readonly RequestTemplate[], from: number, to: number, timeMs: number): Generator<LoadRequest> {
  for (let shard = from; shard < to; shard++) {
    const body = (shards[shard] as RequestTemplate).body(timeMs, (series) => (shard + series) * (timeMs % 1e6) * 0.25)
    yield { connection: shard % CONNECTIONS, samples: SERIES_PER_REQUEST, body }
  }
}
