import { rmSync } from 'node:fs'
import type { QueryJob } from '@vantage/api'
import { ok, systemClock } from '@vantage/model'
import { MemoryLogs, MemoryMetrics, MemorySpans, unlimitedBudget } from '@vantage/model/testing'
import { Logger, Registry } from '@vantage/observe'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import type { MetricStore } from '@vantage/store/metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestStore, storeSamples, testThread } from '../testing/open-store.ts'
import { Budget } from './budget.ts'
import type { WorkerQuestion, WorkerReply } from './messages.ts'
import { QueryPool, type QueryPoolOptions } from './query-pool.ts'
import type { ThreadPort } from './thread-port.ts'
import { WARM_UP_PIECES, warmUp } from './warm-up.ts'

const NOW_MS = Date.now()
let store: MetricStore
let directory = ''
beforeAll(async () => {
  ;({ store, directory } = await openTestStore())
  storeSamples(store, { __name__: 'up', job: 'api' }, [[NOW_MS - 1_000, 42]])
})
afterAll(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function openPool(options: Partial<QueryPoolOptions> = {}) {
  const registry = new Registry()
  const lines: string[] = []
  const pool = new QueryPool({
    store,
    clock: systemClock,
    logger: new Logger((line) => lines.push(line), systemClock, 'error'),
    registry,
    limits: { maxSamples: 1_000, maxBytes: 1_000_000, maxSeries: 100 },
    timeoutMs: 20_000,
    heavyWorkers: 1,
    queueMax: 1,
    isRefusing: () => false,
    spawn: (data) => testThread({ role: 'query', data }),
    ...options,
  })
  const outcomes = () =>
    Object.fromEntries(
      registry
        .collect()
        .filter(({ name }) => name === 'vantage_queries_total')
        .flatMap(({ samples }) => samples)
        // Each language begins at 0.
        .filter(({ value }) => value > 0)
        .map(({ labels, value }) => [labels.at(-1), value]),
    )
  return { pool, outcomes, lines }
}

function promql(query: string, isHeavy = false): QueryJob {
  const range = { startMs: NOW_MS, endMs: NOW_MS, stepMs: isHeavy ? 1_000 : 0 }
  return { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0 }
}

const open = () => ({ signal: new AbortController().signal, timeoutMs: undefined })

test('a thread answers from shared memory, also what was stored after it began', async () => {
  const { pool, outcomes } = openPool()
  for (const value of [42, 43]) {
    if (value === 43) storeSamples(store, { __name__: 'up', job: 'api' }, [[NOW_MS - 500, 43]])
    const answer = await pool.ask('default', promql('up'), open())
    expect(answer.ok && JSON.parse(Buffer.from(answer.value).toString()).data.result[0].value[1]).toBe(String(value))
  }
  expect(outcomes()).toEqual({ success: 2 })
  await pool.close()
})

test.each(['exit', 'throw'])('a thread that ends by %s fails its query only', async (query) => {
  const { pool, outcomes } = openPool({ heavyWorkers: 2, queueMax: 10 })
  const [broken, ...others] = await Promise.all([
    pool.ask('default', promql(query, true), open()),
    ...Array.from({ length: 4 }, () => pool.ask('default', promql('up', true), open())),
  ])
  expect(broken).toMatchObject({ ok: false, error: { code: 'internal' } })
  expect(others.map((one) => one.ok)).toEqual([true, true, true, true])
  expect(await pool.ask('default', promql('up', true), open())).toMatchObject({ ok: true })
  expect(outcomes()).toEqual({ internal: 1, success: 5 })
  await pool.close()
  expect(store.stats().pins).toBe(0)
})

test('what a thread has read so far is told to who waits for it, and to nobody once it is answered', async () => {
  let words: Int32Array | undefined
  let answer = () => {}
  const port: ThreadPort = {
    postMessage: ({ id, words: shared }: WorkerQuestion) => {
      words = shared
      const reply = { id, result: ok(new Uint8Array()), samples: 0, elapsedMs: 0, peakBytes: 0, problems: [] }
      answer = () => onMessage({ ...reply, known: undefined } satisfies WorkerReply)
    },
    on: (event: string, listener: (message: never) => void) => {
      if (event === 'message') onMessage = listener as typeof onMessage
    },
    terminate: async () => 0,
  }
  let onMessage: (message: unknown) => void = () => {}
  const { pool } = openPool({ spawn: () => port })
  const [mine, other] = [open(), open()]
  const asked = pool.ask('default', promql('up', true), mine)
  expect(pool.rowsRead(mine.signal)).toBe(0)
  new Budget({ maxSamples: 100, maxBytes: 1, maxSeries: 1 }, 1_000, words).chargeSamples(7)
  expect([pool.rowsRead(mine.signal), pool.rowsRead(other.signal)]).toEqual([7, 0])
  answer()
  expect(await asked).toMatchObject({ ok: true })
  expect(pool.rowsRead(mine.signal)).toBe(0)
  await pool.close()
})

test('a thread that never looks up is ended after its deadline, and another takes over', async () => {
  const { pool } = openPool()
  const hung = await pool.ask('default', promql('hang', true), { ...open(), timeoutMs: 100 })
  expect(hung.ok === false && hung.error).toMatchObject({ code: 'timeout', limit: 'query.timeout' })
  expect(await pool.ask('default', promql('up', true), open())).toMatchObject({ ok: true })
  await pool.close()
  expect(store.stats().pins).toBe(0)
})

test('who waits ends at the deadline or when the caller goes; one more than the queue holds is too many', async () => {
  const { pool, outcomes } = openPool()
  const hung = pool.ask('default', promql('hang', true), { ...open(), timeoutMs: 1_500 })
  const late = await pool.ask('default', promql('up', true), { ...open(), timeoutMs: 50 })
  expect(late.ok === false && late.error.code).toBe('timeout')
  const caller = new AbortController()
  const left = pool.ask('default', promql('up', true), { signal: caller.signal, timeoutMs: undefined })
  const refused = await pool.ask('default', promql('up', true), open())
  expect(refused.ok === false && refused.error).toMatchObject({ code: 'too_many', limit: 'query.queue' })
  caller.abort()
  const gone = await left
  expect(gone.ok === false && gone.error.code).toBe('cancelled')
  // A small query never waits behind heavy ones.
  expect(await pool.ask('default', promql('up'), open())).toMatchObject({ ok: true })
  await hung
  expect(outcomes()).toMatchObject({ timeout: 2, too_many: 1, cancelled: 1, success: 1 })
  await pool.close()
})

test('no deadline at all is a long one', async () => {
  const { pool } = openPool({ timeoutMs: Number.POSITIVE_INFINITY })
  expect(await pool.ask('default', promql('up', true), open())).toMatchObject({ ok: true })
  await pool.close()
})

test('while memory is short, and when it closes, queries are refused to come again', async () => {
  const { pool } = openPool({ isRefusing: () => true })
  const refused = await pool.ask('default', promql('up'), open())
  expect(refused.ok === false && refused.error).toMatchObject({ code: 'unavailable', reason: 'memory' })
  await pool.close()
  const closed = await pool.ask('default', promql('up'), open())
  expect(closed.ok === false && closed.error).toMatchObject({ code: 'unavailable', reason: 'draining' })
})

test('a warm-up starts all workers, gives way to questions and is counted as none', async () => {
  const { pool, outcomes, lines } = openPool({
    heavyWorkers: 2,
    queueMax: 10,
    warmNextMs: 1,
    limits: { maxSamples: 1e7, maxBytes: 1e8, maxSeries: 1e4 },
  })
  const warmed = pool.warmUp()
  const answers = await Promise.all([1, 2, 3].map(() => pool.ask('default', promql('up'), open())))
  expect(answers.map((one) => one.ok)).toEqual([true, true, true])
  expect(outcomes()).toEqual({ success: 3 })
  await warmed
  await pool.close()
  expect(lines).toEqual([])
})

test('a question waits for one piece of a warm-up, not for all', async () => {
  const jobs: string[] = []
  const spawn = (): ThreadPort => {
    let reply: (message: unknown) => void = () => {}
    return {
      postMessage(message) {
        const { id, job } = message as WorkerQuestion
        jobs.push(job.kind)
        const facts = { id, samples: 0, elapsedMs: 0, peakBytes: 0, problems: [], known: undefined }
        setImmediate(() => reply({ ...facts, result: { ok: true, value: new Uint8Array(0) } } satisfies WorkerReply))
      },
      on(event, listener) {
        if (event === 'message') reply = listener as typeof reply
      },
      terminate: async () => 0,
    }
  }
  const { pool } = openPool({ heavyWorkers: 1, queueMax: 10, spawn })
  const warmed = pool.warmUp()
  expect(await pool.ask('default', promql('up', true), open())).toMatchObject({ ok: true })
  expect(jobs.slice(0, 2)).toEqual(['warm-up', 'promql'])
  await warmed
  await pool.close()
})

test('every piece of a warm-up is a query that the engine answers', () => {
  const logs = new MemoryLogs()
  const spans = new MemorySpans()
  logs.appendLine('default', { service_name: 'shop' }, 7n, 'took 5ms')
  spans.append('default', { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '0af7651916cd43dd', startNs: 7n })
  const newest = () => [0, 1, 2, 3].map(() => ({ startNs: 1n, endNs: 10n }))
  const readers = { metrics: new MemoryMetrics(), logs, spans, newest }
  for (let piece = 0; piece < WARM_UP_PIECES; piece++) {
    for (const some of [undefined, { ...readers, newest: () => [] }, readers]) {
      expect(warmUp(piece, 'default', some, unlimitedBudget, systemClock)).toMatchObject({ ok: true })
    }
  }
})
