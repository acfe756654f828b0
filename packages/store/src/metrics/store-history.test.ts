import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Histogram, type Labels, labelsKey, type Matcher } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, testSeed, testSet } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { labels, type TestRow, type TestValue } from './testing/batches.ts'
import { bitsOf, histogramText, StoreHarness, startText } from './testing/store-harness.ts'

/** The simplest store: label key → time → bits. */
type Expected = Map<string, Map<number, string>>

const HISTORIES = { test: 4, wide: 12, long: 500 }[testSet()]
const STEPS = 60
const BASE_MS = 1_700_000_000_000

const SPECIAL: readonly TestValue[] = [
  { high: 0x7ff00000, low: 2 },
  { high: 0x7ff80000, low: 1 },
  { high: 0xfff12345, low: 0x6789abcd },
  -0,
  Number.POSITIVE_INFINITY,
]

/** One value per series and time, so that "which of two wins" cannot differ from the simple store. */
function valueAt(series: number, timeMs: number): TestValue {
  const hash = (Math.imul(series + 1, 0x9e3779b1) ^ Math.imul(timeMs % 1e9, 0x85ebca6b)) >>> 0
  if (hash % 97 === 0) return SPECIAL[hash % 5] as TestValue
  switch (series % 4) {
    case 0:
      return Math.floor((timeMs - BASE_MS) / 100) + (hash % 3)
    case 1:
      return (hash % 10_000) / 100
    case 2:
      return hash / 0xffffffff
    default:
      return 7
  }
}

/** Whether the series holds a histogram at this time: never, always, or now and then. */
function isHistogramAt(series: number, timeMs: number): boolean {
  if (series % 7 < 4) return false
  return series % 7 < 6 || (Math.imul(series, 0x27d4eb2f) ^ Math.imul(timeMs % 1e9, 0x165667b1)) >>> 30 > 0
}

/** Like `valueAt`; the buckets change every ten minutes of a series' time, and for one in forty alone. */
function histogramAt(series: number, timeMs: number): Histogram {
  const hash = (Math.imul(series + 7, 0x9e3779b1) ^ Math.imul(timeMs % 1e9, 0x85ebca6b)) >>> 0
  const layout = hash % 40 === 0 ? hash : Math.floor(timeMs / 600_000) * 64 + series
  return randomHistogram(seededRandom(layout), seededRandom(hash))
}

/** Since when the series counts at this time: never said, changing with each hour, or said for some samples only. */
function startAt(series: number, timeMs: number): number {
  if (series % 3 === 0) return 0
  if (series % 3 === 1) return Math.floor(timeMs / 3_600_000) * 3_600_000
  const hash = (Math.imul(series + 3, 0x9e3779b1) ^ Math.imul(Math.floor(timeMs / 3_000) % 1e9, 0x85ebca6b)) >>> 0
  return hash % 3 === 0 ? 0 : timeMs - (hash % 100_000)
}

function seriesLabels(series: number): Labels {
  return labels({ __name__: `metric_${series % 5}`, instance: `host-${series}`, ünï: `ß${series}` })
}

class History {
  readonly random: () => number
  readonly harness: StoreHarness
  readonly expected: Expected = new Map()
  nowMs = BASE_MS
  merges = 0
  readonly #seriesMax: number

  constructor(directory: string, seed: number) {
    this.random = seededRandom(seed)
    this.harness = new StoreHarness(directory)
    this.#seriesMax = 1 + Math.floor(this.random() * 60)
  }

  pick(count: number): number {
    return Math.floor(this.random() * count)
  }

  batch(): void {
    const rows: TestRow[] = []
    const count = 1 + this.pick(40)
    this.nowMs += this.pick(20_000)
    for (let i = 0; i < count; i++) {
      const series = this.pick(this.#seriesMax)
      const samples: [number, TestValue][] = []
      const histograms: [number, Histogram][] = []
      const isLate = this.random() < 0.2
      const spread = this.random() < 0.1 ? 3 * 86_400_000 : 600_000
      let time = isLate ? this.nowMs - this.pick(spread) : this.nowMs
      for (let n = 1 + this.pick(this.random() < 0.1 ? 80 : 4); n > 0; n--) {
        if (isHistogramAt(series, time)) histograms.push([time, histogramAt(series, time)])
        else samples.push([time, valueAt(series, time)])
        time += this.random() < 0.1 ? -this.pick(5000) : this.pick(3) * 500
      }
      const startTimes = samples.map(([at]) => startAt(series, at))
      const histogramStartTimes = histograms.map(([at]) => startAt(series, at))
      rows.push({ labels: seriesLabels(series), samples, histograms, startTimes, histogramStartTimes })
      this.remember(
        series,
        samples.map(([at, value]) => [at, bitsOf(value) + startText(startAt(series, at))]),
      )
      this.remember(
        series,
        histograms.map(([at, value]) => [at, histogramText(value) + startText(startAt(series, at))]),
      )
    }
    const total = rows.reduce((sum, row) => sum + row.samples.length + (row.histograms?.length ?? 0), 0)
    this.harness.clock.wallMs = this.nowMs + 86_400_000
    const outcome = this.harness.apply(rows)
    expect(outcome.refused).toEqual([])
    expect(outcome.storedSamples + outcome.duplicateSamples).toBe(total)
  }

  remember(series: number, samples: readonly (readonly [number, string])[]): void {
    if (samples.length === 0) return
    const key = labelsKey(seriesLabels(series))
    const known = this.expected.get(key) ?? new Map<number, string>()
    for (const [time, text] of samples) if (!known.has(time)) known.set(time, text)
    this.expected.set(key, known)
  }

  /** Some series of one metric, over a while or for ever. */
  delete(): void {
    const metric = `metric_${this.pick(5)}`
    const host = new RegExp(`^host-.*${this.pick(10)}$`)
    const isEver = this.random() < 0.2
    const startMs = isEver ? Number.NEGATIVE_INFINITY : this.nowMs - this.pick(900_000)
    const endMs = isEver ? Number.POSITIVE_INFINITY : startMs + this.pick(600_000)
    const matchers: Matcher[] = [
      { name: '__name__', op: '=', value: metric },
      { name: 'instance', op: '=~', value: host.source.slice(1, -1) },
    ]
    this.harness.delete(matchers, startMs, endMs)
    for (let series = 0; series < this.#seriesMax; series++) {
      if (series % 5 !== Number(metric.at(-1)) || !host.test(`host-${series}`)) continue
      const known = this.expected.get(labelsKey(seriesLabels(series)))
      for (const time of known?.keys() ?? []) if (time >= startMs && time <= endMs) known?.delete(time)
      if (known?.size === 0) this.expected.delete(labelsKey(seriesLabels(series)))
    }
  }

  check(): void {
    compare(this.harness.dump(), this.expected)
    const startMs = BASE_MS + this.pick(this.nowMs - BASE_MS + 1)
    const endMs = startMs + this.pick(400_000)
    const cut: Expected = new Map()
    for (const [key, samples] of this.expected) {
      const inside = new Map([...samples].filter(([time]) => time >= startMs && time <= endMs))
      if (inside.size > 0) cut.set(key, inside)
    }
    compare(this.harness.dump(startMs, endMs), cut)
  }

  async step(): Promise<void> {
    const dice = this.random()
    this.harness.clock.elapsedMs += 90_000
    if (dice < 0.75) this.batch()
    else if (dice < 0.85) await this.harness.store.seal()
    else if (dice < 0.92) await this.harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: this.random() < 0.5 })
    else if (dice < 0.96) await this.harness.reopen()
    else this.delete()
    if (this.random() < 0.3) this.check()
    this.merges = Math.max(this.merges, this.harness.store.stats().merges)
  }
}

function compare(got: Expected, want: Expected): void {
  const sorted = (all: Expected) =>
    [...all]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, samples]) => [key, [...samples].sort((a, b) => a[0] - b[0])])
  expect(sorted(got)).toEqual(sorted(want))
}

test('random histories read back bit for bit: late, repeated, special values, seals, merges, restarts', async () => {
  const seed = testSeed()
  let merges = 0
  // A few histories may go by without a merge.
  for (let i = 0; i < HISTORIES || (merges === 0 && i < HISTORIES * 5); i++) {
    const directory = mkdtempSync(join(tmpdir(), 'vantage-history-'))
    const history = new History(directory, seed + i)
    await history.harness.open()
    try {
      for (let step = 0; step < STEPS; step++) await history.step()
      history.check()
      await history.harness.store.seal()
      history.check()
      await history.harness.reopen()
      history.check()
      expect(history.harness.problems).toEqual([])
      merges += history.merges
    } catch (error) {
      throw new Error(`SEED=${seed + i} fails: ${(error as Error).message}`, { cause: error })
    } finally {
      await history.harness.store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
  expect(merges).toBeGreaterThan(0)
})
