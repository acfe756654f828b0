import { labelsFromRecord, type MetricReader, SampleColumns, systemClock, writeStale } from '@vantage/model'
import { MemoryMetrics, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../options.ts'
import { evaluatePromql } from './query.ts'
import { removeStale, WindowBounds } from './windows.ts'

const TENANT = 'acme'

function columns(...samples: readonly (readonly [number, number | 'stale'])[]): SampleColumns {
  const out = new SampleColumns()
  for (const [timeMs, value] of samples) {
    out.push(timeMs, value === 'stale' ? 0 : value)
    if (value === 'stale') writeStale(out.halves, out.count - 1)
  }
  return out
}

test('windows are open at the left and closed at the right', () => {
  const bounds = new WindowBounds({ startMs: 10, stepMs: 10, steps: 4 }, 20, unlimitedBudget)
  bounds.update(columns([0, 1], [10, 1], [20, 1], [30, 1]))
  expect([...bounds.from]).toEqual([0, 1, 2, 3])
  expect([...bounds.to]).toEqual([2, 3, 4, 4])
})

test('with @ all steps see one window', () => {
  const bounds = new WindowBounds({ startMs: 20, stepMs: 0, steps: 3 }, 10, unlimitedBudget)
  bounds.update(columns([10, 1], [15, 1], [20, 1], [25, 1]))
  expect([...bounds.from]).toEqual([1, 1, 1])
  expect([...bounds.to]).toEqual([3, 3, 3])
})

test('markers are taken out, other NaN stays, and the times are no longer shared', () => {
  const samples = columns([0, 'stale'], [1, 5], [2, Number.NaN], [3, 'stale'], [4, 6])
  samples.timesKey = 7
  removeStale(samples)
  expect([...samples.times.subarray(0, samples.count)]).toEqual([1, 2, 4])
  expect([...samples.values.subarray(0, samples.count)]).toEqual([5, Number.NaN, 6])
  expect(samples.timesKey).toBe(0)
})

/** The same store, but it says which series share their times. */
function withTimesKeys(metrics: MemoryMetrics): MetricReader {
  const keys = new Map<string, number>()
  const reader: MetricReader = {
    select: (tenant, scan, budget) => {
      const inner = metrics.select(tenant, scan, budget)
      return {
        count: inner.count,
        labels: (index) => inner.labels(index),
        mayHaveHistograms: (index) => inner.mayHaveHistograms(index),
        readHistograms: (index, startMs, endMs, out) => inner.readHistograms(index, startMs, endMs, out),
        read: (index, startMs, endMs, out) => {
          inner.read(index, startMs, endMs, out)
          const text = out.times.subarray(0, out.count).join()
          if (!keys.has(text)) keys.set(text, keys.size + 1)
          out.timesKey = keys.get(text) as number
        },
      }
    },
    labelNames: (...args) => metrics.labelNames(...args),
    labelValues: (tenant, name, scans, range) => metrics.labelValues(tenant, name, scans, range),
    exemplars: (tenant, scan) => metrics.exemplars(tenant, scan),
    metadata: (tenant, metric) => metrics.metadata(tenant, metric),
    cardinality: (tenant, limit) => metrics.cardinality(tenant, limit),
  }
  return reader
}

test('bounds shared between series change no answer', () => {
  const metrics = new MemoryMetrics()
  for (let s = 0; s < 8; s++) {
    const labels = labelsFromRecord({ __name__: 'm_total', s: String(s) })
    for (let i = 0; i < 50; i++) {
      // Two scrape targets; the third series of each misses some, the fourth has a marker.
      const timeMs = i * 15_000 + (s % 2) * 4_000
      if (s >= 4 && s < 6 && i % 7 === 3) continue
      if (s >= 6 && i === 20) metrics.appendStale(TENANT, labels, timeMs)
      else metrics.append(TENANT, labels, timeMs, i * (s + 1))
    }
  }
  const range = { startMs: 60_000, endMs: 700_000, stepMs: 20_000 }
  for (const query of [
    'rate(m_total[1m])',
    'sum(avg_over_time(m_total[2m]))',
    'm_total',
    'max_over_time(m_total[1m:15s])',
  ]) {
    const [plain, keyed] = [metrics, withTimesKeys(metrics)].map((reader) => {
      return evaluatePromql({ query, range, options: DEFAULT_OPTIONS }, TENANT, reader, unlimitedBudget, systemClock)
    })
    expect(keyed).toEqual(plain)
  }
})
