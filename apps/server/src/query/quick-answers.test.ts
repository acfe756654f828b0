import { runQueryJob } from '@vantage/api'
import { type Clock, labelsFromRecord, systemClock } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { DEFAULT_OPTIONS, type KnownSteps } from '@vantage/query/promql'
import { afterEach, expect, test, vi } from 'vitest'
import { QuickAnswers } from './quick-answers.ts'
import { QUICK_PIECES } from './warm-up.ts'
import type { WorkerJob } from './worker-job.ts'

const STEP_MS = 15_000
const CHEAP = { samples: 100, elapsedMs: 0.2 }

afterEach(() => vi.useRealTimers())

const LIMITS = { maxSamples: 1e9, maxBytes: 1e9, maxSeries: 1e9 }

function openQuick(samples = 100, clock: Clock = systemClock, activeMs = () => 0, limits = LIMITS) {
  const metrics = new MemoryMetrics()
  const store = (count: number) => {
    for (let i = 0; i < count; i++) {
      metrics.append('default', labelsFromRecord({ __name__: 'up', i: String(i % 4) }), i * STEP_MS, i)
    }
  }
  store(samples)
  return { metrics, store, quick: new QuickAnswers(metrics, limits, clock, activeMs) }
}

function promql(query: string, extra: object = {}, steps = 20): WorkerJob {
  const range = { startMs: 0, endMs: steps * STEP_MS, stepMs: STEP_MS }
  return { kind: 'promql', query, range, options: DEFAULT_OPTIONS, explain: false, limit: 0, ...extra }
}

test('what a thread answered at once is answered here from then on, with the same bytes', () => {
  const { metrics, quick } = openQuick()
  const job = promql('up * 2')
  expect(quick.answer('default', job, () => {})).toBeUndefined()
  quick.note('default', job, CHEAP)
  const here = quick.answer('default', job, () => {})
  expect(here).toEqual(runQueryJob(job as never, 'default', metrics, unlimitedBudget, systemClock))
  expect([quick.answer('default', job, () => {})?.ok, quick.answered]).toEqual([true, 2])
})

test('a query is another one where tenant, text, length, step or lookback are others, and the same at another time', () => {
  const { quick } = openQuick()
  quick.note('default', promql('up'), CHEAP)
  expect(quick.answer('other', promql('up'), () => {})).toBeUndefined()
  expect(quick.answer('default', promql('up '), () => {})).toBeUndefined()
  expect(quick.answer('default', promql('up', {}, 21), () => {})).toBeUndefined()
  expect(quick.answer('default', promql('up', { lookbackMs: 1_000 }), () => {})).toBeUndefined()
  const later = { startMs: 5 * STEP_MS, endMs: 25 * STEP_MS, stepMs: STEP_MS }
  expect(quick.answer('default', promql('up', { range: later }), () => {})?.ok).toBe(true)
})

test.each([
  ['many samples', promql('up'), { samples: 50_001, elapsedMs: 0.1 }],
  ['a long time', promql('up'), { samples: 10, elapsedMs: 3.1 }],
  ['an explanation', promql('up', { explain: true }), CHEAP],
  ['a long text', promql(`up${' '.repeat(1_024)}`), CHEAP],
  ['no PromQL', { kind: 'metadata', metric: undefined, limit: 1 } as const, CHEAP],
])('%s is a thread’s to answer', (_, job, cost) => {
  const { quick } = openQuick()
  quick.note('default', job, cost)
  expect(quick.answer('default', job, () => {})).toBeUndefined()
})

test.each([
  ['more samples', { samples: 50_000, elapsedMs: 0.1 }],
  ['more time', { samples: 10, elapsedMs: 3 }],
])('%s than a small query’s: here only while the main thread was idle for half of the time', (_, cost) => {
  const clock = { nowMs: () => 0, monotonicMs: () => nowMs }
  let nowMs = 0
  let activeMs = 0
  const { quick } = openQuick(100, clock, () => activeMs)
  const job = promql('up')
  const pass = (ms: number, active: number) => {
    nowMs += ms
    activeMs += active
    return quick.answer('default', job, () => {}) !== undefined
  }
  quick.note('default', job, cost)
  expect([pass(249, 0), pass(1, 0), pass(250, 125), pass(249, 0), pass(1, 124)]).toEqual([
    false,
    true,
    false,
    false,
    true,
  ])
})

test('the limits of any query hold here, too', () => {
  const { quick } = openQuick(100, systemClock, () => 0, { ...LIMITS, maxSamples: 10 })
  const job = promql('up')
  quick.note('default', job, CHEAP)
  expect(quick.answer('default', job, () => {})).toBeUndefined()
})

test('what was too much here four times stays a thread’s', () => {
  const { quick, store } = openQuick()
  const job = promql('sum(count_over_time(up[30d]))', {}, 1)
  const wide = { range: { startMs: 1e8, endMs: 1e8 + STEP_MS, stepMs: STEP_MS } }
  const grown = promql('sum(count_over_time(up[30d]))', wide)
  store(20_000)
  for (let time = 0; time < 4; time++) {
    quick.note('default', job, CHEAP)
    expect(quick.answer('default', job, () => {})?.ok).toBe(true)
    expect(quick.answer('default', grown, () => {})).toBeUndefined()
    expect(quick.answer('default', job, () => {})).toBeUndefined()
  }
  quick.note('default', job, CHEAP)
  expect(quick.answer('default', job, () => {})).toBeUndefined()
})

test('what has grown since goes to a thread again, and so does what fails', () => {
  const { quick, store } = openQuick()
  const job = promql('sum(count_over_time(up[1d]))', {}, 1)
  quick.note('default', job, CHEAP)
  expect(quick.answer('default', job, () => {})?.ok).toBe(true)
  store(20_000)
  const wide = promql('sum(count_over_time(up[1d]))', {
    range: { startMs: 1e8, endMs: 1e8 + STEP_MS, stepMs: STEP_MS },
  })
  expect(quick.answer('default', wide, () => {})).toBeUndefined()
  expect(quick.answer('default', job, () => {})).toBeUndefined()
  const bad = promql('up * on(nothing) up')
  quick.note('default', bad, CHEAP)
  expect(quick.answer('default', bad, () => {})).toBeUndefined()
})

test('steps to be kept are told, and a thousand queries are remembered', () => {
  const { quick } = openQuick()
  const job = promql('up', { isKept: true })
  quick.note('default', job, CHEAP)
  const known: KnownSteps[] = []
  expect(quick.answer('default', job, (steps) => known.push(steps))?.ok).toBe(true)
  expect(known.map(({ steps }) => steps)).toEqual([21])
  for (let i = 0; i < 1_000; i++) quick.note('default', promql(`up + ${i}`), CHEAP)
  expect(quick.answer('default', job, () => {})).toBeUndefined()
  expect(quick.answer('default', promql('up + 0'), () => {})?.ok).toBe(true)
})

test('a warm-up asks the store while the main thread is idle, waits while it is busy, and ends by itself', () => {
  vi.useFakeTimers()
  let nowMs = 0
  let activeMs = 0
  const { metrics, quick } = openQuick(100, { nowMs: () => nowMs, monotonicMs: () => nowMs }, () => activeMs)
  const select = vi.spyOn(metrics, 'select')
  const pass = (ms: number, busy: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      nowMs += 10
      activeMs += 10 * busy
      vi.advanceTimersByTime(10)
    }
    return select.mock.calls.length
  }
  quick.warmUp()
  expect(pass(1_900, 0)).toBe(0)
  const whileIdle = pass(2_000, 0)
  expect(whileIdle).toBeGreaterThan(10)
  pass(600, 1)
  const whileBusy = select.mock.calls.length
  expect(pass(2_000, 1)).toBe(whileBusy)
  const atEnd = pass(20 * QUICK_PIECES, 0)
  expect([atEnd, pass(1_000, 0), vi.getTimerCount()]).toEqual([QUICK_PIECES / 2, QUICK_PIECES / 2, 0])
  expect(quick.answered).toBe(0)
})

test('a warm-up ends with what it belongs to, and where the store cannot be read', () => {
  vi.useFakeTimers()
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
  const closed = openQuick(100, clock)
  closed.quick.warmUp()
  closed.quick.close()
  const broken = openQuick(100, clock)
  const select = vi.spyOn(broken.metrics, 'select').mockImplementation(() => {
    throw new Error('part 1: checksum differs')
  })
  broken.quick.warmUp()
  vi.advanceTimersByTime(5_000)
  expect([select.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0])
})
