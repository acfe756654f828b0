/**
 * One question: how many nanoseconds does `apply` take per sample, 1,000 rows of 1 sample, in order or in a new order
 * each round, and what does a series cost in memory?
 * Run: node packages/store/bench/apply.bench.ts [series] [rounds] [shuffled]
 */
import { NativeBuffer } from '@vantage/bytes'
import { MetricBatch } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { applyBatch } from '../src/metrics/head/apply.ts'
import { DEFAULT_LIMITS } from '../src/metrics/head/head-limits.ts'
import { SeriesHint } from '../src/metrics/head/series-hint.ts'
import { TailPacker } from '../src/metrics/head/tail-packer.ts'
import { TenantHead } from '../src/metrics/head/tenant-head.ts'
import { PinBook } from '../src/metrics/pins.ts'

const ROWS = 1000
const seriesCount = Number(process.argv[2] ?? 10_000)
const rounds = Number(process.argv[3] ?? 300)
const isShuffled = process.argv[4] === 'shuffled'
/** Requests are made once, not for each round. */
const isKept = seriesCount <= 100_000 && !isShuffled
const reused = new NativeBuffer()
const random = seededRandom(testSeed())
/** Of the series, as requests of a round hold them. */
const order = Int32Array.from({ length: seriesCount }, (_, i) => i)

function labelsOf(series: number): string[] {
  const out = ['__name__', `http_requests_${series % 50}_total`]
  out.push('cluster', 'eu-west-1', 'container', 'app', 'env', 'production')
  out.push('instance', `10.0.${(series >> 8) % 256}.${series % 256}:9100`, 'job', 'api-gateway', 'method', 'GET')
  out.push('namespace', `team-${series % 20}`, 'pod', `api-${(series * 7919) % 100_000}-${series}`)
  out.push('status', String(200 + (series % 5)), 'zone', 'b')
  return out
}

function requestOf(from: number): MetricBatch {
  const batch = new MetricBatch()
  batch.reset()
  const parts: Buffer[] = []
  let at = 0
  for (let i = 0; i < ROWS; i++) {
    const alias = Buffer.from(labelsOf(order[(from + i) % seriesCount] as number).join('\n'))
    parts.push(alias)
    batch.pushSample(0, 0)
    batch.endRow(at, at + alias.length)
    at += alias.length
  }
  // As a body lies in memory.
  const body = isKept ? new NativeBuffer() : reused
  body.reserve(at)
  body.bytes.set(Buffer.concat(parts))
  batch.bytes = body.bytes
  batch.labelsOf = (row) => ({ ok: true, labels: labelsOf(order[(from + row) % seriesCount] as number) })
  return batch
}

function shuffle(): void {
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const kept = order[i] as number
    order[i] = order[other] as number
    order[other] = kept
  }
}

const head = new TenantHead(12_345, 1, new TailPacker(), new PinBook())
const rssBefore = process.memoryUsage.rss()
let creationMs = 0
const hint = new SeriesHint()
const requests: MetricBatch[] = []
if (isKept) for (let from = 0; from < seriesCount; from += ROWS) requests.push(requestOf(from))

let samples = 0
let ms = 0
const sizes: number[] = []
for (let round = 0; round < rounds; round++) {
  if (isShuffled) shuffle()
  for (let from = 0; from < seriesCount; from += ROWS) {
    const batch = isKept ? (requests[from / ROWS] as MetricBatch) : requestOf(from)
    batch.times.fill(1.7e12 + round * 15_000, 0, ROWS)
    for (let i = 0; i < ROWS; i++) batch.values[i] = round * 10 + (i % 7)
    const start = performance.now()
    const outcome = applyBatch(head, batch, DEFAULT_LIMITS, { nowMs: 1.7e12 + round * 15_000, hint })
    const took = performance.now() - start
    if (outcome.storedSamples !== ROWS) throw new Error('samples were not stored')
    if (round === 0) creationMs += took
    else {
      ms += took
      samples += ROWS
    }
  }
  sizes.push(head.current.byteLength)
}
const bytes = head.index.byteLength + head.aliases.byteLength + head.current.byteLength
const rss = process.memoryUsage.rss() - rssBefore
process.stdout.write(
  `${seriesCount} series × ${rounds} samples: ${((ms * 1e6) / samples).toFixed(0)} ns/sample ${isShuffled ? 'shuffled' : 'in order'}, ` +
    `${((creationMs * 1e3) / seriesCount).toFixed(2)} µs per new series; ` +
    `${(bytes / seriesCount).toFixed(0)} B/series (index ${(head.index.byteLength / seriesCount).toFixed(0)}, ` +
    `alias ${(head.aliases.byteLength / seriesCount).toFixed(0)}, samples ${(head.current.byteLength / seriesCount).toFixed(0)}), ` +
    `rss +${(rss / 1e6).toFixed(0)} MB = ${(rss / seriesCount).toFixed(0)} B/series\n`,
)
