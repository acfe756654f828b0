import { rmSync } from 'node:fs'
import { type QueryJob, runQueryJob } from '@vantage/api'
import { systemClock, type TenantId } from '@vantage/model'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { Registry } from '@vantage/observe'
import { DEFAULT_OPTIONS, EXPERIMENTAL_OPTIONS, type KnownSteps } from '@vantage/query/promql'
import type { MetricStore } from '@vantage/store/metrics'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { deleteStored, openTestStore, storeSamples } from '../testing/open-store.ts'
import { ResultCache } from './result-cache.ts'

type PromqlJob = Extract<QueryJob, { kind: 'promql' }>

const STEP_MS = 15_000
const BASE_MS = Math.floor(Date.now() / STEP_MS) * STEP_MS - 7_200_000
const TENANT: TenantId = 'default'

let store: MetricStore
let directory = ''
beforeAll(async () => {
  ;({ store, directory } = await openTestStore())
})
afterAll(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

let cache: ResultCache
let registry: Registry
/** Steps that the last question had to work out. */
let askedSteps = 0
beforeEach(() => {
  cache = openCache()
})

function openCache(maxBytes = 1_000_000, retentionMs = Number.POSITIVE_INFINITY): ResultCache {
  registry = new Registry()
  return new ResultCache({
    queries: {
      ask: async (tenant, job, _options, onKnown: (known: KnownSteps) => void = () => {}) => {
        if (job.kind !== 'promql') throw new Error('only range queries are asked here')
        const { range, known } = job
        askedSteps = Math.floor((range.endMs - range.startMs) / range.stepMs) + 1 - (known?.steps ?? 0)
        return runQueryJob(job, tenant, store.reader(), unlimitedBudget, systemClock, { onKnown })
      },
    },
    arrivals: (tenant) => store.arrivals(tenant),
    shortestRetentionMs: () => retentionMs,
    clock: systemClock,
    registry,
    maxBytes,
  })
}

function range(query: string, from: number, to: number, more: Partial<PromqlJob> = {}): PromqlJob {
  const steps = { startMs: BASE_MS + from * STEP_MS, endMs: BASE_MS + to * STEP_MS, stepMs: STEP_MS }
  return { kind: 'promql', query, range: steps, options: DEFAULT_OPTIONS, explain: false, limit: 0, ...more }
}

const open = () => ({ signal: new AbortController().signal, timeoutMs: undefined })

/** Asks the cache and expects the answer that there is without it. @returns the steps that were worked out */
async function ask(job: PromqlJob): Promise<number> {
  const fresh = runQueryJob(job, TENANT, store.reader(), unlimitedBudget, systemClock)
  const answer = await cache.ask(TENANT, job, open())
  if (!fresh.ok || !answer.ok) throw new Error(JSON.stringify([fresh, answer]).slice(0, 300))
  expect(Buffer.from(answer.value).toString()).toBe(Buffer.from(fresh.value).toString())
  return askedSteps
}

function put(name: string, series: string, from: number, to: number, value: (i: number) => number): void {
  const samples: [number, number][] = []
  for (let i = from; i <= to; i++) samples.push([BASE_MS + i * STEP_MS, value(i)])
  storeSamples(store, { __name__: name, series }, samples)
}

test('a range that slides on works out its newest steps only', async () => {
  put('slide_total', 'a', 0, 100, (i) => i * 3)
  expect(await ask(range('rate(slide_total[2m])', 20, 100))).toBe(81)
  expect(await ask(range('rate(slide_total[2m])', 20, 100))).toBe(1)
  put('slide_total', 'a', 101, 104, (i) => i * 3)
  expect(await ask(range('rate(slide_total[2m])', 24, 104))).toBe(4)
  expect(await ask(range('rate(slide_total[2m])', 4, 104))).toBe(101)
  // Moments that the kept steps do not fall on, and another step, are other questions.
  const odd = range('rate(slide_total[2m])', 24, 104)
  expect(await ask({ ...odd, range: { ...odd.range, startMs: odd.range.startMs + 1 } })).toBe(80)
  expect(await ask({ ...odd, range: { ...odd.range, stepMs: STEP_MS * 2 } })).toBe(41)
})

test('late samples, new series of old samples and deletions are in the next answer', async () => {
  put('late_total', 'a', 0, 100, (i) => i)
  const job = range('sum(rate(late_total[2m]))', 20, 100)
  await ask(job)
  put('late_total', 'b', 60, 62, (i) => i * 10)
  expect(await ask(job)).toBe(41)
  expect(await ask(job)).toBe(1)
  const matchers = [{ name: 'series', op: '=', value: 'b' } as const]
  deleteStored(store, { matchers, startMs: BASE_MS + 61 * STEP_MS, endMs: BASE_MS + 61 * STEP_MS })
  expect(await ask(job)).toBe(40)
})

test('what depends on more than the past, says more than numbers or is asked fresh is not kept', async () => {
  put('odd', 'a', 0, 100, (i) => i % 7)
  const queries = ['odd @ end()', 'odd offset -1m', 'limitk(1, odd)', 'sum(odd offset -1m)', 'rate(odd[2m])']
  for (const query of queries) {
    const job = range(query, 20, 100, { options: { ...EXPERIMENTAL_OPTIONS, durationExpressions: false } })
    for (let round = 0; round < 2; round++) expect([query, await ask(job)]).toEqual([query, 81])
  }
  for (const more of [{ isFresh: true }, { limit: 5 }, { options: EXPERIMENTAL_OPTIONS }]) {
    for (let round = 0; round < 2; round++) expect(await ask(range('odd', 20, 100, more))).toBe(81)
  }
  await ask(range('odd', 20, 100))
  expect(await ask(range('odd', 20, 100))).toBe(1)
})

test('what may expire is not kept', async () => {
  put('old', 'a', 0, 100, (i) => i)
  cache = openCache(1_000_000, systemClock.nowMs() - BASE_MS - 10 * STEP_MS)
  const job = range('old', 20, 100)
  // The newest sample before step 20 may be as old as the lookback: 20 steps.
  for (let round = 0; round < 2; round++) expect(await ask(job)).toBe(81)
  await ask(range('old', 40, 100))
  expect(await ask(range('old', 40, 100))).toBe(1)
})

test('memory is bounded: what was used last stays', async () => {
  put('big', 'a', 0, 100, (i) => i)
  cache = openCache(2 * (1_024 + 81 * 9))
  const [a, b, c] = ['big + 1', 'big + 2', 'big + 3'].map((query) => range(query, 20, 100)) as [
    PromqlJob,
    PromqlJob,
    PromqlJob,
  ]
  await ask(a)
  await ask(b)
  expect(await ask(a)).toBe(1)
  await ask(c)
  expect([await ask(a), await ask(c), await ask(b)]).toEqual([1, 1, 81])
  expect(registry.collect().find(({ name }) => name === 'vantage_query_cache_bytes')?.samples[0]?.value).toBe(
    2 * (1_024 + 81 * 9),
  )
  cache = openCache(0)
  for (let round = 0; round < 2; round++) expect(await ask(a)).toBe(81)
})

const SHAPES = [
  'mixed',
  'sum by (series) (mixed)',
  'rate(mixed_total[1m])',
  'max_over_time(mixed[3m])',
  'avg_over_time(sum(mixed)[5m:1m])',
  'topk(2, mixed)',
  'mixed - mixed offset 1m',
  'count_values("v", round(mixed))',
  'absent(mixed{series="3"})',
  'histogram_quantile(0.5, mixed_total)',
]

test('kept or not, the answer is the same, whatever arrives', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  process.stdout.write(`seed ${seed}\n`)
  const random = seededRandom(seed)
  const pick = (count: number) => Math.floor(random() * count)
  let newest = 60
  let hits = 0
  for (let round = 0; round < 150; round++) {
    const series = String(pick(5))
    const name = random() < 0.5 ? 'mixed' : 'mixed_total'
    if (random() < 0.7) put(name, series, newest, newest + pick(4), () => pick(100))
    if (random() < 0.2) put(name, series, pick(newest), newest - 1, () => pick(100) + round)
    newest += pick(3)
    const to = newest - pick(5)
    const job = range(SHAPES[pick(SHAPES.length)] as string, Math.max(0, to - 40 - pick(20)), to)
    const wanted = (job.range.endMs - job.range.startMs) / STEP_MS + 1
    if ((await ask(job)) < wanted) hits++
  }
  expect(hits).toBeGreaterThan(5)
})
