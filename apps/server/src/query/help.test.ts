import { rmSync } from 'node:fs'
import { type LogsJob, type QueryJob, runLogsJob, runQueryJob } from '@vantage/api'
import { LogBatch, type LogReader, NO_ORIGIN, systemClock } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { Logger, Registry } from '@vantage/observe'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import type { MetricStore } from '@vantage/store/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestColumns, openTestStore, storeSamples, testThread } from '../testing/open-store.ts'
import { QueryPool, type QueryPoolOptions } from './query-pool.ts'
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

function openPool(
  limits = { maxSamples: 10_000_000, maxBytes: 100_000_000, maxSeries: 10_000 },
  more: Partial<QueryPoolOptions> = {},
) {
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
    ...more,
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

/** The answer of the pool is that of one thread, but for the last bits of sums. */
async function expectAloneAnswer(pool: QueryPool, query: string): Promise<void> {
  const alone = runQueryJob(promql(query), 'default', store.reader(), unlimitedBudget, systemClock)
  const shared = await pool.ask('default', promql(query), open())
  if (!alone.ok || !shared.ok) throw new Error(`${query}: ${JSON.stringify([alone, shared]).slice(0, 300)}`)
  const want = parse(alone.value)
  const got = parse(shared.value)
  expect(got.data.result.map((one) => one.metric)).toEqual(want.data.result.map((one) => one.metric))
  for (const [i, { values }] of want.data.result.entries()) {
    const others = (got.data.result[i] as (typeof got.data.result)[number]).values
    expect(others.map(([time]) => time)).toEqual(values.map(([time]) => time))
    const wrong = values.filter(([, value], k) => {
      const other = Number((others[k] as [number, string])[1])
      return !(Math.abs(other - Number(value)) <= Math.abs(Number(value)) * 1e-12)
    })
    expect([query, wrong]).toEqual([query, []])
  }
  expect(got.infos).toEqual(want.infos)
}

test('an answer that threads share is the answer of one thread', async () => {
  const { pool, helped } = openPool()
  for (const query of QUERIES) {
    // The second thread starts with the first call for help, and is there for later ones.
    for (let round = 0; round < 3; round++) await expectAloneAnswer(pool, query)
  }
  expect(helped()).toBeGreaterThan(10)
  await pool.close()
})

test('while threads are got ready one by one, a question that takes long gets the help of a cold one', async () => {
  const { pool, helped } = openPool(undefined, { warmNextMs: 3_600_000, lateHelpMs: 1 })
  await pool.warmUp()
  for (let round = 0; round < 20; round++) await expectAloneAnswer(pool, 'avg by (group) (rate(work_total[5m]))')
  expect(helped()).toBeGreaterThan(0)
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

const LOG_ROWS = 480_000
const BATCH_ROWS = 8_000
const LINES = ['timeout after 31ms', 'all is well', 'timeout afterwards'].map((line) => Buffer.from(line))

/** A second of rows in each batch, half of the batches in files. */
async function openLogs(): Promise<Awaited<ReturnType<typeof openTestColumns>>> {
  const opened = await openTestColumns()
  const body = Buffer.concat(LINES)
  const batch = new LogBatch()
  for (let i = 0; i < LOG_ROWS / BATCH_ROWS; i++) {
    batch.reset()
    batch.originOf = () => ({
      ...NO_ORIGIN,
      resource: [{ key: 'service.name', value: { kind: 'string', value: 'shop' } }],
    })
    batch.originBytes.bytes = body
    batch.columns.bodies.bytes = body
    const origin = batch.addOrigin(0, 1)
    for (let k = 0; k < BATCH_ROWS; k++) {
      const row = batch.addRow(origin)
      const line = (i + k) % LINES.length
      const from = LINES.slice(0, line).reduce((sum, one) => sum + one.length, 0)
      batch.columns.times[row] = BigInt(END_MS - 60_000 + i * 1_000) * 1_000_000n + BigInt(k)
      batch.columns.severities[row] = 1 + (k % 24)
      batch.columns.bodyKinds[row] = 1
      batch.columns.bodies.set(row, from, from + (LINES[line] as Buffer).length)
    }
    opened.columns.applyLogs('default', batch, i, 0)
    if (i === LOG_ROWS / BATCH_ROWS / 2) await opened.columns.seal()
  }
  return opened
}

test('counts of log rows that threads share are those of one thread', async () => {
  const { columns, directory: folder } = await openLogs()
  const limits = { maxSamples: 10_000_000, maxBytes: 100_000_000, maxSeries: 10_000 }
  const { pool, helped } = openPool(limits, { columns })
  const data = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()).data.result
  for (const query of [
    'sum by (detected_level) (count_over_time({service_name="shop"}[10s]))',
    'sum(count_over_time({service_name="shop"} |~ "timeout after [0-9]+ms"[1m]))',
    'sum by (service_name) (bytes_rate({service_name="shop"} | logfmt [30s]))',
  ]) {
    const times = { startNs: BigInt(END_MS - 60_000) * 1_000_000n, endNs: BigInt(END_MS) * 1_000_000n }
    const job: LogsJob = {
      ...{ kind: 'logql', query, ...times, stepNs: 10_000_000_000n, limit: 10, direction: 'backward' },
      ...{ intervalNs: 0n, detectsLevels: true, isCategorized: false },
    }
    const alone = runLogsJob(job, 'default', columns.logReader() as LogReader, unlimitedBudget, systemClock)
    for (let round = 0; round < 3; round++) {
      const shared = await pool.ask('default', { kind: 'logs', job }, open())
      if (!alone.ok || !shared.ok) throw new Error(`${query}: ${JSON.stringify([alone, shared]).slice(0, 300)}`)
      expect(data(alone.value).length).toBeGreaterThan(0)
      expect([query, data(shared.value)]).toEqual([query, data(alone.value)])
    }
  }
  expect(helped()).toBeGreaterThan(0)
  await pool.close()
  await columns.close()
  rmSync(folder, { recursive: true, force: true })
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
