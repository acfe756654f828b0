import { runQueryJob } from '@vantage/api'
import { type Clock, labelsFromRecord, systemClock } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { DEFAULT_OPTIONS, type KnownSteps } from '@vantage/query/promql'
import { expect, test } from 'vitest'
import { QuickAnswers } from './quick-answers.ts'
import type { WorkerJob } from './worker-job.ts'

const STEP_MS = 15_000
const CHEAP = { samples: 100, elapsedMs: 0.2 }

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
