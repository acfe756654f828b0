import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { FaultError, type Histogram, HistogramColumns, labelsKey, SampleColumns } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReadScratch } from '../head/generation-reader.ts'
import { labels, type TestRow } from '../testing/batches.ts'
import { halvesText, histogramText, row, StoreHarness } from '../testing/store-harness.ts'
import { PageCache } from './page-cache.ts'
import { PartReader } from './part-reader.ts'

let directory: string
let harness: StoreHarness
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-part-'))
  harness = new StoreHarness(directory)
  await harness.open()
})
afterEach(async () => {
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
})

const SEED = 99

/** Ten histograms between the floats, of two layouts. */
function histogramRow(series: number, now: number): [number, Histogram][] {
  return Array.from({ length: 10 }, (_, i) => [
    now + i * 1000 + 500,
    randomHistogram(seededRandom(series + Math.floor(i / 5)), seededRandom(series * 100 + i)),
  ])
}

/** One part of a few series, and its path. */
async function writePart(): Promise<string> {
  const now = harness.clock.nowMs()
  const random = seededRandom(5)
  const rows: TestRow[] = []
  for (let series = 0; series < 12; series++) {
    const samples = Array.from({ length: 40 }, (_, i): [number, number] => [
      now + i * 1000,
      series % 3 === 0 ? random() : Math.floor(random() * 100),
    ])
    const exemplars = [{ labels: ['trace_id', `t${series}`], value: 1, timeMs: now }]
    const histograms = series % 4 === 1 ? histogramRow(series, now) : []
    rows.push({ ...row(labels({ __name__: `m${series % 4}`, host: `h${series}` }), ...samples), exemplars, histograms })
  }
  harness.apply(rows)
  await harness.store.seal()
  const [name] = readdirSync(join(directory, 'parts'))
  return join(directory, 'parts', name as string)
}

/** All that a part says, as text. @throws FaultError where it is refused */
function readWhole(path: string): string {
  const part = PartReader.open(new NodeFileSystem(), path, 1, SEED, new PageCache(1 << 20))
  try {
    part.verify()
    const out = new SampleColumns()
    const histograms = new HistogramColumns()
    const scratch = new ReadScratch()
    const lines: string[] = [
      JSON.stringify(part.totals),
      JSON.stringify(part.metadata()),
      JSON.stringify(part.deltaSums()),
    ]
    for (let series = 0; series < part.index.seriesCount; series++) {
      out.reset()
      part.read(series, -Infinity, Infinity, out, scratch)
      const samples = Array.from(
        { length: out.count },
        (_, i) => `${out.times[i]}=${halvesText(out.halves[i * 2 + 1] as number, out.halves[i * 2] as number)}`,
      )
      histograms.reset()
      part.readHistograms(series, -Infinity, Infinity, histograms, scratch)
      samples.push(...histograms.histograms.map((one, i) => `${histograms.times[i]}=${histogramText(one)}`))
      const exemplars = JSON.stringify(part.exemplars(series, -Infinity, Infinity))
      lines.push(`${labelsKey(part.index.labels(series))} ${samples.join()} ${exemplars}`)
    }
    return lines.join('\n')
  } finally {
    part.close()
  }
}

test('a flipped bit anywhere in a part is refused and never changes a value', async () => {
  const path = await writePart()
  const original = readFileSync(path)
  const whole = readWhole(path)
  const random = seededRandom(11)
  for (let at = 0; at < original.length; at++) {
    const broken = Buffer.from(original)
    broken[at] = (broken[at] as number) ^ (1 << Math.floor(random() * 8))
    writeFileSync(path, broken)
    let read: string | undefined
    try {
      read = readWhole(path)
    } catch (error) {
      if (!(error instanceof FaultError)) throw new Error(`byte ${at}: ${(error as Error).message}`, { cause: error })
    }
    if (read !== undefined) throw new Error(`byte ${at} of ${original.length}: ${read === whole ? 'unseen' : 'WRONG'}`)
  }
})

test('a part that was cut short is refused', async () => {
  const path = await writePart()
  const original = readFileSync(path)
  for (let length = 0; length < original.length; length += 1 + (length % 7)) {
    writeFileSync(path, original.subarray(0, length))
    expect(() => readWhole(path), `cut at ${length}`).toThrow(FaultError)
  }
  writeFileSync(path, Buffer.concat([original, Buffer.from([0])]))
  expect(() => readWhole(path)).toThrow(FaultError)
})

test('a query that needs a refused part fails and says so; others are answered', async () => {
  const now = harness.clock.nowMs()
  const path = await writePart()
  const bytes = readFileSync(path)
  bytes.fill(0, bytes.length - 200, bytes.length - 100)
  writeFileSync(path, bytes)
  await harness.reopen()
  expect(harness.problems.length).toBe(1)
  harness.apply([row(labels({ __name__: 'm0', host: 'h0' }), [now + 500_000, 1])])
  const select = (startMs: number, endMs: number) =>
    harness.store.reader().select('default', { matchers: [], startMs, endMs }, unlimitedBudget).count
  expect(() => select(now, now + 1000)).toThrow(/checksum differs/)
  expect(select(now + 400_000, now + 600_000)).toBe(1)
})

test('a refused part keeps nothing else from being merged, sealed or dropped', async () => {
  const now = harness.clock.nowMs()
  const path = await writePart()
  const bytes = readFileSync(path)
  bytes.fill(0, bytes.length - 200, bytes.length - 100)
  writeFileSync(path, bytes)
  await harness.reopen()
  for (let seal = 0; seal < 9; seal++) {
    harness.apply([row(labels({ __name__: 'whole' }), [now + 500_000 + seal, 1])])
    await harness.store.seal()
  }
  for (let i = 0; i < 4; i++) {
    harness.clock.advance(60_000)
    await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  }
  expect(harness.store.stats()).toMatchObject({ failures: 1, merges: 1, parts: 2 })
  const range = { startMs: now + 400_000, endMs: now + 600_000 }
  const all = harness.store.reader().select('default', { matchers: [], ...range }, unlimitedBudget)
  expect(all.count).toBe(1)
})

test('a newer version is refused by name', async () => {
  const path = await writePart()
  const bytes = readFileSync(path)
  bytes[4] = 4
  bytes[bytes.length - 8] = 4
  writeFileSync(path, bytes)
  expect(() => readWhole(path)).toThrow(/version 4: want at most 3/)
})

test('only parts with histograms or start times need a reader that knows them', async () => {
  const now = harness.clock.nowMs()
  const versions = (): number[] =>
    harness.store.parts().map((part) => readFileSync(join(directory, 'parts', part.fileName))[4] as number)
  const floats = row(labels({ __name__: 'm', host: 'a' }), [now, 1])
  harness.apply([floats])
  await harness.store.seal()
  harness.apply([{ ...floats, samples: [], histograms: histogramRow(1, now + 1000) }])
  await harness.store.seal()
  harness.apply([{ ...floats, samples: [[now + 2000, 1]], startTimes: [now] }])
  await harness.store.seal()
  harness.apply([{ ...floats, samples: [[now + 3000, 1]] }])
  await harness.store.seal()
  expect(versions()).toEqual([1, 2, 3, 1])
})

test('histograms of any size come back: thousands of one layout, each of another, as many buckets as there may be', async () => {
  const now = harness.clock.nowMs()
  const wide = (i: number): Histogram => ({
    ...randomHistogram(seededRandom(1), seededRandom(i)),
    positive: {
      indexes: Int32Array.from({ length: 320 }, (_, bucket) => bucket * 2 - 300),
      counts: Float64Array.from({ length: 320 }, (_, bucket) => bucket * Math.PI * i),
    },
  })
  const cases: Record<string, (i: number) => Histogram> = {
    same: (i) => randomHistogram(seededRandom(9), seededRandom(i)),
    others: (i) => randomHistogram(seededRandom(i), seededRandom(i)),
    wide,
  }
  const rows = Object.entries(cases).map(([name, at]) => ({
    ...row(labels({ __name__: name })),
    histograms: Array.from({ length: name === 'wide' ? 300 : 2000 }, (_, i): [number, Histogram] => [
      now + i * 15_000,
      at(i),
    ]),
  }))
  harness.clock.advance(2000 * 15_000)
  expect(harness.apply(rows)).toMatchObject({ storedHistograms: 4300, refused: [] })
  const before = harness.dump()
  await harness.store.seal()
  expect(harness.problems).toEqual([])
  expect(harness.dump()).toEqual(before)
  const expected = rows.map((one) => one.histograms.map(([time, value]) => [time, histogramText(value)]))
  expect([...before.values()].map((samples) => [...samples])).toEqual([expected[1], expected[0], expected[2]])
})
