/**
 * Tiers never change an answer: every window function over random histories (gaps, resets, NaN, infinities, markers,
 * late samples, deletions; in memory, sealed, merged) with the buckets of tiers and without them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type Labels,
  labelsFromRecord,
  labelsKey,
  type MetricReader,
  type QueryBudget,
  type SeriesSelection,
  STALE_HIGH,
  STALE_LOW,
  systemClock,
} from '../../packages/model/src/index.ts'
import { seededRandom, testSeed, testSet, unlimitedBudget } from '../../packages/model/src/testing/index.ts'
import { EXPERIMENTAL_OPTIONS, evaluatePromql, type QueryRange } from '../../packages/query/src/promql/index.ts'
import type { TestValue } from '../../packages/store/src/metrics/testing/batches.ts'
import { row, StoreHarness } from '../../packages/store/src/metrics/testing/store-harness.ts'

const HISTORIES = { long: 200, wide: 12, test: 3 }[testSet()]
const ROUNDS = 4
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const BASE_MS = 19_700 * DAY_MS
/** What is left of digits that cancel out in a sum is noise with tiers and without them. */
const ZERO = 1e-18
/** Start times of counters are for samples alone. */
const OPTIONS = { ...EXPERIMENTAL_OPTIONS, startTimes: false }
const STALE: TestValue = { high: STALE_HIGH, low: STALE_LOW }

const FUNCTIONS = [
  'absent_over_time(m[R] S)',
  'avg_over_time(m[R] S)',
  'changes(m[R] S)',
  'count_over_time(m[R] S)',
  'delta(m[R] S)',
  'deriv(m[R] S)',
  'double_exponential_smoothing(m[R] S, 0.3, 0.6)',
  'first_over_time(m[R] S)',
  'idelta(m[R] S)',
  'increase(m[R] S)',
  'irate(m[R] S)',
  'last_over_time(m[R] S)',
  'mad_over_time(m[R] S)',
  'max_over_time(m[R] S)',
  'min_over_time(m[R] S)',
  'predict_linear(m[R] S, 60)',
  'present_over_time(m[R] S)',
  'quantile_over_time(0.7, m[R] S)',
  'rate(m[R] S)',
  'resets(m[R] S)',
  'stddev_over_time(m[R] S)',
  'stdvar_over_time(m[R] S)',
  'sum_over_time(m[R] S)',
  'ts_of_first_over_time(m[R] S)',
  'ts_of_last_over_time(m[R] S)',
  'ts_of_max_over_time(m[R] S)',
  'ts_of_min_over_time(m[R] S)',
  'sum by (kind) (increase(m[R] S))',
  'max(max_over_time(m[R] S))',
  'm S',
] as const

/** The same reader, but samples alone answer. */
function withoutTiers(reader: MetricReader): MetricReader {
  return {
    ...bound(reader),
    select: (tenant, scan, budget) => {
      const selection = reader.select(tenant, scan, budget)
      return {
        count: selection.count,
        labels: (index) => selection.labels(index),
        read: (index, startMs, endMs, out) => selection.read(index, startMs, endMs, out),
        mayHaveHistograms: (index) => selection.mayHaveHistograms(index),
        readHistograms: (index, startMs, endMs, out) => selection.readHistograms(index, startMs, endMs, out),
      }
    },
  }
}

function bound(reader: MetricReader): MetricReader {
  return {
    select: (...args) => reader.select(...args),
    labelNames: (...args) => reader.labelNames(...args),
    labelValues: (...args) => reader.labelValues(...args),
    exemplars: (...args) => reader.exemplars(...args),
    metadata: (...args) => reader.metadata(...args),
    cardinality: (...args) => reader.cardinality(...args),
  }
}

/** Counts how often buckets answered, so that the test proves something. */
function counting(reader: MetricReader, counts: { answered: number }): MetricReader {
  return {
    ...bound(reader),
    select: (tenant, scan, budget: QueryBudget) => {
      const selection: SeriesSelection = reader.select(tenant, scan, budget)
      const read = selection.readBuckets?.bind(selection)
      if (read !== undefined) {
        Object.assign(selection, {
          readBuckets: (...args: Parameters<typeof read>) => {
            const isRead = read(...args)
            if (isRead) counts.answered++
            return isRead
          },
        })
      }
      return selection
    },
  }
}

class History {
  readonly random: () => number
  readonly harness: StoreHarness
  readonly counts = { answered: 0 }
  nowMs = BASE_MS + 13 * MINUTE_MS
  readonly values = new Map<number, number>()

  constructor(directory: string, seed: number) {
    this.random = seededRandom(seed)
    this.harness = new StoreHarness(directory)
    this.harness.clock.wallMs = this.nowMs
  }

  pick(count: number): number {
    return Math.floor(this.random() * count)
  }

  labels(series: number): Labels {
    return labelsFromRecord({ __name__: 'm', i: String(series), kind: `k${series % 3}` })
  }

  /** Counters with resets, gauges, and what breaks sums. */
  value(series: number): TestValue {
    const dice = this.random()
    if (dice < 0.01) return STALE
    if (series === 6 && dice < 0.05) return Number.NaN
    if (series === 7 && dice < 0.03) return dice < 0.02 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    if (series === 8) return (this.random() - 0.5) * 10 ** this.pick(300)
    const before = this.values.get(series) ?? 0
    let value = before + this.pick(50)
    if (series % 3 === 1) value = Math.round((this.random() - 0.5) * 1e6) / 1000
    else if (series % 3 === 2) value = this.random() < 0.3 ? before : before + this.random()
    if (this.random() < 0.02) value = this.random() < 0.5 ? 0 : -this.pick(5)
    this.values.set(series, value)
    return value
  }

  /** Some hours of scrapes of ten series, one of which comes late now and then. */
  live(): void {
    const untilMs = this.nowMs + (1 + this.pick(9)) * HOUR_MS
    const scrapeMs = [15_000, 30_000, 60_000, 150_000][this.pick(4)] as number
    const gapFrom = this.nowMs + this.pick(4) * HOUR_MS
    const gapTo = gapFrom + this.pick(3) * 20 * MINUTE_MS
    for (let series = 0; series < 10; series++) {
      const samples: [number, TestValue][] = []
      const offsetMs = series % 2 === 0 ? 0 : this.pick(scrapeMs)
      for (let time = this.nowMs + offsetMs; time < untilMs; time += scrapeMs) {
        if (series % 4 === 0 && time >= gapFrom && time < gapTo) continue
        if (this.random() < 0.02) continue
        samples.push([time, this.value(series)])
      }
      if (samples.length > 0) this.harness.apply([row(this.labels(series), ...samples)])
    }
    this.nowMs = untilMs
    this.harness.clock.wallMs = untilMs
    this.harness.clock.elapsedMs += 3 * MINUTE_MS
  }

  late(): void {
    const samples: [number, TestValue][] = []
    const series = this.pick(10)
    for (let i = this.pick(6); i >= 0; i--) {
      samples.push([BASE_MS + this.pick(this.nowMs - BASE_MS), this.value(series)])
    }
    this.harness.apply([row(this.labels(series), ...samples)])
  }

  delete(): void {
    const startMs = BASE_MS + this.pick(this.nowMs - BASE_MS)
    const value = String(this.pick(10))
    this.harness.delete([{ name: 'i', op: '=', value }], startMs, startMs + this.pick(3 * HOUR_MS))
  }

  async step(): Promise<void> {
    const dice = this.random()
    if (dice < 0.55) this.live()
    else if (dice < 0.7) this.late()
    else if (dice < 0.76) this.delete()
    else if (dice < 0.9) await this.harness.store.seal()
    else if (dice < 0.95) await this.harness.settle()
    else await this.harness.reopen()
  }

  /** A query whose windows are whole buckets, mostly. */
  query(text: string): {
    readonly query: string
    readonly startMs: number
    readonly endMs: number
    readonly stepMs: number
  } {
    const unitMs = this.random() < 0.5 ? HOUR_MS : 5 * MINUTE_MS
    const rangeMs = unitMs * (1 + this.pick(6))
    const stepMs = unitMs * (1 + this.pick(3))
    const isAligned = this.random() < 0.85
    const startMs = BASE_MS + this.pick(20) * HOUR_MS + (isAligned ? 0 : this.pick(HOUR_MS))
    const endMs = Math.max(startMs, this.nowMs - this.pick(5) * HOUR_MS)
    const shift = ['', '', `offset ${this.pick(4)}h`, `@ ${(startMs + 2 * HOUR_MS) / 1000}`][this.pick(4)] as string
    return { query: text.replace('R', `${rangeMs / 1000}s`).replace('S', shift), startMs, endMs, stepMs }
  }

  check(): void {
    const reader = this.harness.store.reader()
    for (const text of FUNCTIONS) {
      const { query, ...range } = this.query(text)
      const request = { query, range, options: OPTIONS }
      const run = (one: MetricReader) => evaluatePromql(request, 'default', one, unlimitedBudget, systemClock)
      const got = run(counting(reader, this.counts))
      const want = run(withoutTiers(reader))
      compare(`${query} ${JSON.stringify(range)}`, series(got), series(want))
    }
  }
}

type Answer = ReturnType<typeof evaluatePromql>

function series(answer: Answer): Map<string, Map<number, number>> {
  if (!answer.ok) throw new Error(answer.error.message)
  const { data, grid } = answer.value
  if (data.kind !== 'matrix') throw new Error(`want a matrix, got ${data.kind}`)
  const all = new Map<string, Map<number, number>>()
  for (const { labels, values, present } of data.series) {
    const points = new Map<number, number>()
    for (let i = 0; i < values.length; i++) {
      if (present[i] === 1) points.set(grid.startMs + i * grid.stepMs, values[i] as number)
    }
    all.set(labelsKey(labels), points)
  }
  return all
}

function compare(
  query: string,
  got: ReadonlyMap<string, ReadonlyMap<number, number>>,
  want: ReadonlyMap<string, ReadonlyMap<number, number>>,
): void {
  expect([query, [...got.keys()]]).toEqual([query, [...want.keys()]])
  for (const [key, points] of want) {
    const others = got.get(key) as ReadonlyMap<number, number>
    expect([query, key, [...others.keys()]]).toEqual([query, key, [...points.keys()]])
    for (const [time, value] of points) {
      const other = others.get(time) as number
      if (Object.is(other, value) || Math.abs(other - value) <= 1e-9 * Math.abs(value) + ZERO) continue
      throw new Error(`${query}: ${key} at ${time}: with tiers ${other}, without ${value}`)
    }
  }
}

test('with tiers and without them the answers are the same', { timeout: 300_000 }, async () => {
  const seed = testSeed()
  let answered = 0
  let tiers = 0
  for (let i = 0; i < HISTORIES; i++) {
    const directory = mkdtempSync(join(tmpdir(), 'vantage-tiers-'))
    const history = new History(directory, seed + i)
    await history.harness.open()
    try {
      for (let round = 0; round < ROUNDS; round++) {
        for (let step = 0; step < 12; step++) await history.step()
        await history.harness.settle()
        history.check()
        history.late()
        history.delete()
        history.check()
      }
      expect(history.harness.problems).toEqual([])
      answered += history.counts.answered
      tiers += history.harness.store.stats().tiers
    } catch (error) {
      throw new Error(`SEED=${seed + i} fails: ${(error as Error).message}`, { cause: error })
    } finally {
      await history.harness.store.close()
      rmSync(directory, { recursive: true, force: true })
    }
  }
  expect(tiers).toBeGreaterThan(HISTORIES)
  expect(answered).toBeGreaterThan(HISTORIES * 40)
})

/** Answers that need no sample but those that buckets tell of. */
const WHOLE = [
  'avg_over_time',
  'count_over_time',
  'delta',
  'first_over_time',
  'increase',
  'last_over_time',
  'max_over_time',
  'min_over_time',
  'rate',
  'sum_over_time',
]

test('once samples are over, whole buckets answer as the samples did, and the answer says so', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-tiers-'))
  const history = new History(directory, testSeed())
  const { harness } = history
  await harness.open()
  const ask = (query: string, range: QueryRange) =>
    evaluatePromql({ query, range, options: OPTIONS }, 'default', harness.store.reader(), unlimitedBudget, systemClock)
  const range = { startMs: BASE_MS + 2 * HOUR_MS, endMs: BASE_MS + 2 * DAY_MS, stepMs: HOUR_MS }
  try {
    while (history.nowMs < BASE_MS + 3 * DAY_MS) {
      history.live()
      await harness.store.seal()
    }
    await harness.settle()
    // Gauges keep no resets.
    const others = (name: string) => (['increase', 'rate'].includes(name) ? '1|4|7|8' : '7|8')
    const queries = WHOLE.map((name) => `${name}(m{i!~"${others(name)}"}[1h])`)
    const before = queries.map((query) => series(ask(query, range)))
    harness.clock.advance(20 * DAY_MS)
    await harness.settle()
    expect(harness.store.stats().parts).toBe(0)
    for (const [i, query] of queries.entries()) {
      const answer = ask(query, range)
      compare(query, series(answer), before[i] as ReturnType<typeof series>)
      expect(answer.ok && answer.value.infos.join()).toMatch(/samples up to 20.*Z have expired: buckets of 5m or 1h/)
    }
    const odd = ask('max(max_over_time(m{i="0"}[47m]))', { ...range, stepMs: 7 * MINUTE_MS })
    expect(series(odd).size).toBe(1)
    const plain = ask('m', { ...range, stepMs: 5 * MINUTE_MS })
    expect(series(plain).size).toBe(10)
    expect(harness.problems).toEqual([])
  } finally {
    await harness.store.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
