/**
 * One question: how many bytes on disk does a sample take, everything included, on 16 hosts × 321 series × 15 s × 18 h?
 * Goal 1.08, floor 1.2. Also prints the rates of sealing and of scanning. Run: node packages/store/bench/density.bench.ts
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { MetricBatch, SampleColumns, systemClock } from '@vantage/model'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { SeriesHint } from '../src/metrics/head/series-hint.ts'
import { MetricStore } from '../src/metrics/store.ts'
import { channelHost } from '../src/metrics/testing/channel-host.ts'
import { type ReferenceSeries, referenceHost } from './reference-shape.ts'

const HOSTS = Number(process.argv[2] ?? 16)
const STEPS = Number(process.argv[3] ?? 4320)
const STEP_MS = 15_000
const SEAL_STEPS = 480
const startMs = 1_700_000_000_000

const directory = mkdtempSync(join(tmpdir(), 'vantage-density-'))
const files = new NodeFileSystem()
const store = await MetricStore.open({
  directory,
  files,
  clock: systemClock,
  workers: channelHost(files),
  onProblem: (message) => process.stderr.write(`${message}\n`),
})
const random = seededRandom(7)
const hosts: ReferenceSeries[][] = Array.from({ length: HOSTS }, (_, host) => referenceHost(host, random))
const hints = hosts.map(() => new SeriesHint())
const batches = hosts.map((series) => {
  const batch = new MetricBatch()
  const parts: Buffer[] = []
  let at = 0
  for (const one of series) {
    const alias = Buffer.from(one.labels.join('\n'))
    parts.push(alias)
    batch.pushSample(0, 0)
    batch.endRow(at, at + alias.length)
    at += alias.length
  }
  batch.bytes = Buffer.concat(parts)
  batch.labelsOf = (row) => ({ ok: true, labels: (series[row] as ReferenceSeries).labels })
  return batch
})

let offset = 0
let applyMs = 0
let sealMs = 0
for (let step = 0; step < STEPS; step++) {
  for (const [host, series] of hosts.entries()) {
    const batch = batches[host] as MetricBatch
    const jitter = random() < 0.03 ? 3 + Math.floor(-Math.log(random()) * 15) : 0
    const timeMs = startMs + step * STEP_MS + host * 911 + jitter
    for (const [row, one] of series.entries()) {
      batch.times[row] = timeMs
      batch.values[row] = one.next(step)
    }
    const start = performance.now()
    store.apply('default', batch, offset++, { nowMs: timeMs, hint: hints[host] as SeriesHint })
    applyMs += performance.now() - start
  }
  if (step % SEAL_STEPS === SEAL_STEPS - 1) {
    const start = performance.now()
    await store.seal()
    sealMs += performance.now() - start
  }
}
await store.seal()
const samples = HOSTS * STEPS * (hosts[0] as ReferenceSeries[]).length

function diskBytes(): number {
  let sum = 0
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    const stat = statSync(join(directory, name))
    if (stat.isFile() && !name.includes('-wal') && !name.includes('-shm')) sum += stat.size
  }
  return sum
}

function report(title: string): void {
  const stats = store.stats()
  process.stdout.write(
    `${title}: ${(diskBytes() / samples).toFixed(4)} B/sample in all (${(stats.partBytes / samples).toFixed(4)} in ${stats.parts} parts)\n`,
  )
}

function scan(title: string): void {
  const out = new SampleColumns()
  const range = { startMs, endMs: startMs + STEPS * STEP_MS + 60_000 }
  const start = performance.now()
  const selection = store.reader().select('default', { matchers: [], ...range }, unlimitedBudget)
  const selected = performance.now()
  let count = 0
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, range.startMs, range.endMs, out)
    count += out.count
  }
  if (count !== samples) throw new Error(`read ${count} of ${samples} samples`)
  const ms = performance.now() - selected
  process.stdout.write(
    `${title}: select ${(selected - start).toFixed(0)} ms, ${(count / ms / 1e3).toFixed(0)} M samples/s\n`,
  )
}

process.stdout.write(
  `${samples} samples: apply ${((applyMs * 1e6) / samples).toFixed(0)} ns/sample, seal ${(samples / sealMs / 1e3).toFixed(1)} M samples/s\n`,
)
report('after seals')
scan('scan, cold')
scan('scan, warm')
for (let i = 0; i < 12; i++) await store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
report('after merges')
scan('scan, cold')
scan('scan, warm')
await store.close()
rmSync(directory, { recursive: true })
