/**
 * One question: what do tiers cost on disk and save a read, on one host × 321 series × 15 s × 10 days? Prints bytes per
 * sample of raw, the time of building, and 64 counters read as samples and as buckets.
 * Run: node packages/store/bench/tiers.bench.ts [days]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { BUCKET_COLUMNS, BucketColumns, type Clock, MetricBatch, SampleColumns } from '@vantage/model'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { SeriesHint } from '../src/metrics/head/series-hint.ts'
import { MetricStore } from '../src/metrics/store.ts'
import { channelHost } from '../src/metrics/testing/channel-host.ts'
import { type ReferenceSeries, referenceHost } from './reference-shape.ts'

const DAYS = Number(process.argv[2] ?? 10)
const STEP_MS = 15_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SEAL_STEPS = (6 * HOUR_MS) / STEP_MS
const startMs = 19_700 * DAY_MS
const endMs = startMs + DAYS * DAY_MS

/** Samples carry the bench's own time, so upkeep must believe it too. */
let nowMs = startMs
const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs - startMs }
const directory = mkdtempSync(join(tmpdir(), 'vantage-tiers-'))
const files = new NodeFileSystem()
const onProblem = (message: string) => process.stderr.write(`${message}\n`)
const store = await MetricStore.open({ directory, files, clock, workers: channelHost(files), onProblem })

const series = referenceHost(0, seededRandom(7))
const hint = new SeriesHint()
const batch = new MetricBatch()
const aliases: Buffer[] = []
for (const { labels } of series) {
  const at = aliases.reduce((sum, one) => sum + one.length, 0)
  aliases.push(Buffer.from(labels.join('\n')))
  batch.pushSample(0, 0)
  batch.endRow(at, at + (aliases.at(-1) as Buffer).length)
}
batch.bytes = Buffer.concat(aliases)
batch.labelsOf = (row) => ({ ok: true, labels: (series[row] as ReferenceSeries).labels })

const steps = (DAYS * DAY_MS) / STEP_MS
let buildMs = 0
for (let step = 0; step < steps; step++) {
  nowMs = startMs + step * STEP_MS + 1_000
  for (const [row, one] of series.entries()) {
    batch.times[row] = nowMs
    batch.values[row] = one.next(step)
  }
  store.apply('default', batch, step, { nowMs, hint })
  if (step % SEAL_STEPS === SEAL_STEPS - 1) await upkeep()
}
nowMs = endMs + DAY_MS + HOUR_MS
await upkeep()

async function upkeep(): Promise<void> {
  await store.seal()
  const start = performance.now()
  for (let i = 0; i < 6; i++) await store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  buildMs += performance.now() - start
}

const { partSamples, partBytes, tierBytes, tierBuckets, tiers } = store.stats()
const perSample = (bytes: number) => (bytes / partSamples).toFixed(4)
const bytesOf = (tier: number) => store.tiers().reduce((sum, one) => sum + (one.tier === tier ? one.bytes : 0), 0)
process.stdout.write(
  `${partSamples} samples: parts ${perSample(partBytes)} B/sample; ${tiers} tiers ${perSample(tierBytes)} ` +
    `(5 min ${perSample(bytesOf(0))}, 1 h ${perSample(bytesOf(1))}), ${(tierBytes / tierBuckets).toFixed(1)} B a bucket; ` +
    `merged and built in ${(buildMs / 1000).toFixed(1)} s\n`,
)

const matchers = [{ name: '__name__', op: '=', value: 'node_cpu_seconds_total' }] as const
const samples = new SampleColumns()
const buckets = new BucketColumns()
const wanted = (1 << BUCKET_COLUMNS) - 1

function measure(title: string, read: (selection: ReturnType<typeof select>, index: number) => number): void {
  const times: number[] = []
  let count = 0
  for (let run = 0; run < 9; run++) {
    const start = performance.now()
    const selection = select()
    count = 0
    for (let i = 0; i < selection.count; i++) count += read(selection, i)
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  process.stdout.write(`${title}: ${count} read, ${(times[4] as number).toFixed(1)} ms\n`)
}

function select() {
  return store.reader().select('default', { matchers, startMs: startMs + 1, endMs }, unlimitedBudget)
}

measure('samples', (selection, i) => {
  selection.read(i, startMs + 1, endMs, samples)
  return samples.count
})
for (const bucketMs of [300_000, HOUR_MS]) {
  measure(`buckets of ${bucketMs / 60_000} min`, (selection, i) => {
    if (selection.readBuckets?.(i, bucketMs, startMs, endMs, wanted, buckets) !== true) throw new Error('no buckets')
    return buckets.work
  })
}
await store.close()
rmSync(directory, { recursive: true })
