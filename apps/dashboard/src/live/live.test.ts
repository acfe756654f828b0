import { describe, expect, test } from 'vitest'
import { hostRows } from './host-rows.ts'
import { type LiveChart, shownLines } from './live-chart.ts'
import { LiveData, SampledLine } from './live-data.ts'
import { DEFAULT_MATCHERS, readLive, seriesText, thresholdTexts } from './live-url.ts'
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
  const line = new SampledLine('k', {}, true)
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
  const chartOf = (metric: string): LiveChart => ({
    metric,
    unit: { kind: 'plain', suffix: '' },
    isRate: false,
    lines: [{ key: metric, labels: {} }],
  })
  const charts = ['c', 'a', 'b', 'd'].map(chartOf)
  const figures = new Map(
    [
      { key: 'c', first: 1, value: 1, oddness: 3 },
      { key: 'a', first: 10, value: 5, oddness: 0 },
      { key: 'b', first: 9, value: 8, oddness: 0.5 },
      { key: 'd', first: Number.NaN, value: Number.NaN, oddness: 0 },
    ].map((one) => [one.key, { ...one, lastMs: 0 }]),
  )
  const names = (pinned: string[], frozen: string[]) => orderedCharts(charts, pinned, frozen).map((one) => one.metric)
  test('by name at first', () => expect(names([], [])).toEqual(['a', 'b', 'c', 'd']))
  test('by value', () => expect(sortNow(charts, figures, 'value')).toEqual(['b', 'a', 'c', 'd']))
  test('by change', () => expect(sortNow(charts, figures, 'change')).toEqual(['a', 'b', 'c', 'd']))
  test('by how unusual', () => expect(sortNow(charts, figures, 'oddness')).toEqual(['c', 'b', 'a', 'd']))
  test('by name, and what has no figures yet', () => {
    expect(sortNow(charts, new Map(), 'name')).toEqual(['a', 'b', 'c', 'd'])
    expect(sortNow(charts, new Map(), 'value')).toEqual(['a', 'b', 'c', 'd'])
  })
  test('as it was asked for; pins come first, new ones last', () => {
    expect(names(['c'], ['d', 'b'])).toEqual(['c', 'd', 'b', 'a'])
  })
})

test('a card shows ten lines and counts the rest', () => {
  const lines = Array.from({ length: 12 }, (_, i) => ({ key: `k${i}`, labels: { instance: `h${i % 2}` } }))
  const chart: LiveChart = { metric: 'many', unit: { kind: 'plain', suffix: '' }, isRate: false, lines }
  expect(shownLines(chart, '')).toMatchObject({ leftOut: 2 })
  expect(shownLines(chart, 'h1').lines).toHaveLength(6)
})

describe('the samples of a subscription', () => {
  const seriesOf = (ref: number, name: string, instance: string) => ({ ref, labels: { __name__: name, instance } })
  const frameOf = (
    baseMs: number,
    ...samples: readonly (readonly [ref: number, offsetMs: number, value: number])[]
  ) => ({
    count: samples.length,
    baseMs,
    refs: Uint32Array.from(samples, ([ref]) => ref),
    offsetsMs: Float32Array.from(samples, ([, offsetMs]) => offsetMs),
    values: Float64Array.from(samples, ([, , value]) => value),
  })
  const subscribed = (nowMs: number, ref: number, timesMs: readonly number[]) => ({
    type: 'subscribed' as const,
    id: 1,
    series: [seriesOf(ref, 'x', 'a')],
    backfill: timesMs.length === 0 ? [] : [{ ref, timesMs, values: timesMs.map((_, i) => i) }],
    total: 1,
    nowMs,
  })

  test('charts that have got a line are told whole, others not at all', () => {
    const data = new LiveData([{ name: 'x', type: 'counter', unit: '' }])
    expect(data.addSeries([seriesOf(1, 'x', 'a'), seriesOf(2, 'y', 'a')])).toMatchObject([
      { metric: 'x', isRate: true, lines: [{ labels: { instance: 'a' } }] },
      { metric: 'y', isRate: false, lines: [{ labels: { instance: 'a' } }] },
    ])
    const more = data.addSeries([seriesOf(3, 'y', 'b'), seriesOf(1, 'x', 'a')])
    expect(more.map(({ metric, lines }) => [metric, lines.map(({ labels }) => labels['instance'])])).toEqual([
      ['y', ['a', 'b']],
    ])
    // A worker posts it: nothing of the samples goes along.
    expect(structuredClone(more)).toEqual(more)
  })

  test('frames go to their lines; unknown references are only counted', () => {
    const data = new LiveData([])
    data.addSeries([seriesOf(1, 'x', 'a'), seriesOf(2, 'y', 'a')])
    data.takeFrame(frameOf(1_000, [1, 0, 5], [2, 10, 6], [9, 500, 7]))
    data.takeFrame(frameOf(2_000, [1, 0, 8]))
    expect(data.figures(undefined).map(({ value, first }) => [value, first])).toEqual([
      [8, 5],
      [6, 6],
    ])
    expect(data.figures(1_500).map(({ value }) => value)).toEqual([5, 6])
    expect([data.samplesTaken, data.lastSampleMs]).toEqual([4, 2_000])
  })

  test('after a loss, references are new, and what the server no longer has is a gap', () => {
    const data = new LiveData([])
    expect(data.subscribed(subscribed(10_000, 1, [8_000, 9_000]), 0)).toMatchObject({ gap: undefined })
    // What came in time is filled in.
    expect(data.subscribed(subscribed(12_000, 2, [9_000, 10_000, 11_000]), 9_000)).toEqual({
      charts: [],
      gap: undefined,
    })
    expect(data.subscribed(subscribed(90_000, 3, [80_000]), 11_000).gap).toEqual({ fromMs: 11_000, toMs: 80_000 })
    expect(data.subscribed(subscribed(190_000, 4, []), 80_000).gap).toEqual({ fromMs: 80_000, toMs: 190_000 })
    data.takeFrame(frameOf(190_000, [1, 1, 70], [4, 2, 40]))
    expect(data.figures(undefined).map(({ value }) => value)).toEqual([40])
  })
})

test('how unusual a line is, and what hosts send since when', () => {
  const data = new LiveData([])
  const seriesOf = (ref: number, instance: string) => ({ ref, labels: { __name__: 'x', instance } })
  const charts = data.addSeries([seriesOf(1, 'steady'), seriesOf(2, 'odd'), seriesOf(3, 'silent')])
  const samples = [2, 2, 2, 2, 12].flatMap((odd, i) => [
    [1, i, 5],
    [2, i, odd],
  ])
  data.takeFrame({
    count: samples.length,
    baseMs: 1_000,
    refs: Uint32Array.from(samples, ([ref]) => ref as number),
    offsetsMs: Float32Array.from(samples, ([, offsetMs]) => offsetMs as number),
    values: Float64Array.from(samples, ([, , value]) => value as number),
  })
  const figures = data.figures(undefined)
  // 12 is 8 from the mean of 4, and the deviation is 4.
  expect(figures.map(({ oddness }) => oddness)).toEqual([0, 2, 0])
  expect(hostRows(charts, new Map(figures.map((one) => [one.key, one])), 1_504)).toEqual(
    new Map([
      ['', { series: 3, silentMs: 500 }],
      ['steady', { series: 1, silentMs: 500 }],
      ['odd', { series: 1, silentMs: 500 }],
      ['silent', { series: 1, silentMs: Number.POSITIVE_INFINITY }],
    ]),
  )
})

test('the URL of Live', () => {
  const state = readLive(
    new URLSearchParams(
      'window=60&cols=9&pin=a&pin=b&threshold=x=1.5&threshold=bad&threshold=y={&series=7&at=-1&sort=x',
    ),
  )
  expect(state).toMatchObject({ windowS: 60, columns: 3, host: '', pinned: ['a', 'b'], matchers: DEFAULT_MATCHERS })
  expect(state).toMatchObject({ seriesMax: 400, frozenAtMs: undefined, sort: 'name' })
  expect(thresholdTexts(state.thresholds)).toEqual(['x=1.5'])
  expect(readLive(new URLSearchParams('series=1000&at=5&sort=oddness'))).toMatchObject({
    seriesMax: 1_000,
    frozenAtMs: 5,
    sort: 'oddness',
  })
  expect([400, 2_000].map(seriesText)).toEqual([null, '2000'])
})

test('retries double, have jitter, and a cap', () => {
  expect([0, 1, 2, 3].map((attempt) => retryDelayMs(attempt, 0))).toEqual([250, 500, 1_000, 2_000])
  expect(retryDelayMs(0, 0.999)).toBe(500)
  expect(retryDelayMs(99, 0.999)).toBeLessThanOrEqual(15_000)
})
