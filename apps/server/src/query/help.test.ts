import { rmSync } from 'node:fs'
import { type QueryJob, runQueryJob } from '@vantage/api'
import { systemClock } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { Logger, Registry } from '@vantage/observe'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import type { MetricStore } from '@vantage/store/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestStore, storeSamples, testThread } from '../testing/open-store.ts'
import { QueryPool } from './query-pool.ts'
import { RunBoard } from './run-board.ts'

const STEP_MS = 15_000
const SAMPLES = 2_400
const SERIES = 250
const END_MS = Math.floor(Date.now() / 60_000) * 60_000
const START_MS = END_MS - SAMPLES * STEP_MS

let store: MetricStore
let directory = ''
beforeAll(async () => {
  ;({ store, directory } = await openTestStore())
  for (let i = 0; i < SERIES; i++) {
    // A reset every 500 samples, and gaps in some series.
    const samples = Array.from({ length: SAMPLES }, (_, k): [number, number] => [
      START_MS + (k + 1) * STEP_MS,
      (k % 500) * (1 + i / 7) + (k % 3) / 10,
    ]).filter((_, k) => i % 10 > 0 || k % 100 < 90)
    storeSamples(store, { __name__: 'work_total', series: String(i), group: String(i % 7) }, samples)
  }
  await store.seal()
})
afterAll(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function openPool(limits = { maxSamples: 10_000_000, maxBytes: 100_000_000, maxSeries: 10_000 }) {
  const registry = new Registry()
  const pool = new QueryPool({
    store,
    clock: systemClock,
    logger: new Logger(() => {}, systemClock, 'error'),
    registry,
    limits,
    timeoutMs: 20_000,
    heavyWorkers: 2,
    queueMax: 10,
    isRefusing: () => false,
    spawn: (data) => testThread({ role: 'query', data }),
  })
  const helped = () =>
    registry.collect().find(({ name }) => name === 'vantage_query_helped_total')?.samples[0]?.value ?? 0
  return { pool, helped }
}

function promql(query: string): QueryJob {
  const range = { startMs: START_MS, endMs: END_MS, stepMs: 60_000 }
  return { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0 }
}

const open = () => ({ signal: new AbortController().signal, timeoutMs: undefined })

interface Answer {
  readonly data: { readonly result: { metric: object; values: [number, string][] }[] }
  readonly infos?: string[]
}

const parse = (bytes: Uint8Array): Answer => JSON.parse(Buffer.from(bytes).toString())

const QUERIES = [
  'sum by (group) (rate(work_total[5m]))',
  'avg(work_total)',
  'stddev by (group) (work_total)',
  'max without (series) (increase(work_total[10m]))',
  'count(work_total)',
  'topk(3, rate(work_total[5m]))',
  'work_total',
  'quantile_over_time(0.9, work_total[5m])',
  'rate(work_total[5m]) * 2',
  'sum(rate(work_total[5m])) / count(work_total)',
  'absent_over_time(work_total[5m])',
  'max_over_time(sum(work_total)[10m:1m])',
]

test('an answer that threads share is the answer of one thread', async () => {
  const { pool, helped } = openPool()
  for (const query of QUERIES) {
    const alone = runQueryJob(promql(query), 'default', store.reader(), unlimitedBudget, systemClock)
    // The second thread starts with the first call for help, and is there for later ones.
    for (let round = 0; round < 3; round++) {
      const shared = await pool.ask('default', promql(query), open())
      if (!alone.ok || !shared.ok) throw new Error(`${query}: ${JSON.stringify([alone, shared]).slice(0, 300)}`)
      const want = parse(alone.value)
      const got = parse(shared.value)
      expect(got.data.result.map((one) => one.metric)).toEqual(want.data.result.map((one) => one.metric))
      for (const [i, { values }] of want.data.result.entries()) {
        const others = (got.data.result[i] as (typeof got.data.result)[number]).values
        expect(others.map(([time]) => time)).toEqual(values.map(([time]) => time))
        values.forEach(([, value], k) => {
          const other = Number((others[k] as [number, string])[1])
          expect(Math.abs(other - Number(value)), query).toBeLessThanOrEqual(Math.abs(Number(value)) * 1e-12)
        })
      }
      expect(got.infos).toEqual(want.infos)
    }
  }
  expect(helped()).toBeGreaterThan(10)
  await pool.close()
})

test('a limit that only both threads together pass ends the query', async () => {
  const { pool, helped } = openPool({ maxSamples: SERIES * SAMPLES * 0.9, maxBytes: 100_000_000, maxSeries: 10_000 })
  for (let round = 0; round < 5; round++) {
    const answer = await pool.ask('default', promql('sum(rate(work_total[5m]))'), open())
    expect(answer).toMatchObject({ ok: false, error: { limit: 'query.maxSamples' } })
  }
  expect(helped()).toBeGreaterThan(0)
  await pool.close()
})

test('runs are claimed once each, from both ends, and none after the end', () => {
  const board = new RunBoard(5)
  const other = new RunBoard(5, board.words)
  expect([board.claimFront(), other.claimBack(), board.claimFront(), other.claimBack()]).toEqual([0, 4, 1, 3])
  expect([other.claimBack(), board.claimFront(), other.claimBack()]).toEqual([2, -1, -1])
  other.join()
  other.finish()
  expect(board.wait(() => {})).toBe(true)
  other.join()
  let looks = 0
  expect(() =>
    board.wait(() => {
      if (++looks === 2) throw new Error('ended')
    }),
  ).toThrow('ended')
  other.fail()
  expect(board.wait(() => {})).toBe(false)
  const closed = new RunBoard(5)
  closed.close()
  expect([closed.claimFront(), closed.claimBack()]).toEqual([-1, -1])
})
