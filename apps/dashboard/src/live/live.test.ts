import { describe, expect, test } from 'vitest'
import { LiveChart, LiveLine } from './live-chart.ts'
import { DEFAULT_MATCHERS, readLive, thresholdTexts } from './live-url.ts'
import { orderedCharts, sortNow } from './order.ts'
import { isCounter, RateStep } from './rate-step.ts'
import { retryDelayMs } from './retry.ts'

describe('a counter becomes a rate', () => {
  const check = (name: string, samples: readonly (readonly [number, number])[], rates: readonly number[]) =>
    test(name, () => {
      const step = new RateStep()
      expect(samples.map(([timeMs, value]) => step.next(timeMs, value))).toEqual(rates)
    })
  check(
    'growth',
    [
      [0, 0],
      [1_000, 5],
      [1_500, 10],
    ],
    [Number.NaN, 5, 10],
  )
  check(
    'a reset counts from zero',
    [
      [0, 100],
      [1_000, 4],
    ],
    [Number.NaN, 4],
  )
  check(
    'time that stands still says nothing',
    [
      [0, 1],
      [0, 2],
      [1_000, 3],
    ],
    [Number.NaN, Number.NaN, 2],
  )
  test('names tell counters', () => {
    expect([isCounter('x_total', ''), isCounter('x', 'counter'), isCounter('x', 'gauge')]).toEqual([true, true, false])
  })
})

test('a line takes each moment once', () => {
  const line = new LiveLine('k', {}, true)
  for (const [timeMs, value] of [
    [1_000, 1],
    [2_000, 3],
    [2_000, 3],
    [3_000, 4],
  ] as const)
    line.push(timeMs, value)
  expect(line.ring.count).toBe(2)
  expect(line.ring.lastValue).toBe(1)
})

describe('the order of cards', () => {
  const chartOf = (metric: string, values: readonly number[]) => {
    const chart = new LiveChart(metric, { kind: 'plain', suffix: '' }, false)
    const line = new LiveLine(metric, { instance: metric }, false)
    for (const [i, value] of values.entries()) line.push(i * 1_000, value)
    chart.lines.push(line)
    return chart
  }
  const charts = [chartOf('c', [1, 1]), chartOf('a', [10, 5]), chartOf('b', [9, 8])]
  const names = (pinned: string[], frozen: string[]) => orderedCharts(charts, pinned, frozen).map((one) => one.metric)
  test('by name at first', () => expect(names([], [])).toEqual(['a', 'b', 'c']))
  test('as it was asked for', () => expect(names([], sortNow(charts, 'value'))).toEqual(['b', 'a', 'c']))
  test('by change', () => expect(sortNow(charts, 'change')).toEqual(['a', 'b', 'c']))
  test('pins come first, new ones last', () => expect(names(['c'], ['b'])).toEqual(['c', 'b', 'a']))
  test('a card shows ten lines and counts the rest', () => {
    const chart = chartOf('many', [])
    for (let i = 0; i < 12; i++) chart.lines.push(new LiveLine(`k${i}`, { instance: `h${i % 2}` }, false))
    expect(chart.shown('')).toMatchObject({ leftOut: 3 })
    expect(chart.shown('h1').series).toHaveLength(6)
  })
})

test('the URL of Live', () => {
  const state = readLive(
    new URLSearchParams('window=60&cols=9&pin=a&pin=b&threshold=x=1.5&threshold=bad&threshold=y={'),
  )
  expect(state).toMatchObject({ windowS: 60, columns: 3, host: '', pinned: ['a', 'b'], matchers: DEFAULT_MATCHERS })
  expect(thresholdTexts(state.thresholds)).toEqual(['x=1.5'])
})

test('retries double, have jitter, and a cap', () => {
  expect([0, 1, 2, 3].map((attempt) => retryDelayMs(attempt, 0))).toEqual([250, 500, 1_000, 2_000])
  expect(retryDelayMs(0, 0.999)).toBe(500)
  expect(retryDelayMs(99, 0.999)).toBeLessThanOrEqual(15_000)
})
