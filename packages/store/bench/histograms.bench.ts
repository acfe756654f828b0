/**
 * One question: what does a native histogram cost, in nanoseconds and bytes, in the head, in a part and to read? Series
 * of 2 h at 15 s, about 60 buckets that count like a latency. Run: node packages/store/bench/histograms.bench.ts [series]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import {
  encodeHistogram,
  HistogramColumns,
  MetricBatch,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  systemClock,
} from '@vantage/model'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { MetricStore } from '../src/metrics/store.ts'
import { channelHost } from '../src/metrics/testing/channel-host.ts'

const seriesCount = Number(process.argv[2] ?? 100)
const SAMPLES = 480
const BUCKETS = 60
const STEP_MS = 15_000
const START_MS = Date.now() - SAMPLES * STEP_MS

/** Counts of a service that answers some hundred requests between two scrapes, most of them around the middle bucket. */
function countUp(counts: Float64Array, random: () => number): void {
  for (let request = 0; request < 200; request++) {
    const spread = random() + random() + random() + random() - 2
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.round(BUCKETS / 2 + spread * 15)))
    counts[bucket] = (counts[bucket] as number) + 1
  }
}

function batchOf(states: readonly { readonly counts: Float64Array; sum: number }[], timeMs: number): MetricBatch {
  const batch = new MetricBatch()
  batch.reset()
  const names = states.map((_, i) => Buffer.from(`series ${i}`))
  const indexes = Int32Array.from({ length: BUCKETS }, (_, i) => i - 100)
  let at = 0
  states.forEach((state, i) => {
    let count = 0
    for (const one of state.counts) count += one
    const positive = { indexes, counts: state.counts }
    const rest = {
      schema: 3,
      resetHint: 0,
      zeroCount: 0,
      zeroThreshold: 2 ** -128,
      customValues: NO_CUSTOM_VALUES,
    } as const
    batch.pushHistogram(timeMs, encodeHistogram({ ...rest, count, sum: state.sum, positive, negative: NO_BUCKETS }))
    const length = (names[i] as Buffer).length
    batch.endRow(at, at + length)
    at += length
  })
  batch.bytes = Buffer.concat(names)
  batch.labelsOf = (row) => ({ ok: true, labels: ['__name__', 'latency', 'i', String(row).padStart(6, '0')] })
  return batch
}

function readAll(store: MetricStore): { ms: number; count: number } {
  const out = new HistogramColumns()
  const range = { startMs: 0, endMs: 1e14 }
  const start = performance.now()
  const selection = store.reader().select('default', { matchers: [], ...range }, unlimitedBudget)
  let count = 0
  for (let i = 0; i < selection.count; i++) {
    selection.readHistograms(i, range.startMs, range.endMs, out)
    count += out.count
  }
  return { ms: performance.now() - start, count }
}

const directory = mkdtempSync(join(tmpdir(), 'vantage-histograms-'))
const files = new NodeFileSystem()
const store = await MetricStore.open({
  directory,
  files,
  clock: systemClock,
  workers: channelHost(files),
  onProblem: (message) => process.stderr.write(`${message}\n`),
})
const random = seededRandom(1)
const states = Array.from({ length: seriesCount }, () => ({ counts: new Float64Array(BUCKETS), sum: 0 }))
let applyMs = 0
for (let sample = 0; sample < SAMPLES; sample++) {
  for (const state of states) {
    countUp(state.counts, random)
    state.sum += random() * 100
  }
  const batch = batchOf(states, START_MS + sample * STEP_MS)
  const start = performance.now()
  store.apply('default', batch, sample, { nowMs: Date.now() })
  applyMs += performance.now() - start
}
const total = seriesCount * SAMPLES
const perHistogram = (ms: number): string => ((ms * 1e6) / total).toFixed(0)
const headBytes = store.stats().headBytes / total
const head = readAll(store)
const sealStart = performance.now()
await store.seal()
const sealMs = performance.now() - sealStart
const cold = readAll(store)
const warm = readAll(store)
if (head.count !== total || warm.count !== total) throw new Error('histograms are missing')
process.stdout.write(
  `${seriesCount} series × ${SAMPLES} histograms of ${BUCKETS} buckets: apply ${perHistogram(applyMs)} ns, ` +
    `head ${headBytes.toFixed(0)} B, read there ${perHistogram(head.ms)} ns; seal ${perHistogram(sealMs)} ns, ` +
    `part ${(store.stats().partBytes / total).toFixed(1)} B, read there cold ${perHistogram(cold.ms)} ns, ` +
    `warm ${perHistogram(warm.ms)} ns, each per histogram\n`,
)
await store.close()
rmSync(directory, { recursive: true, force: true })
