import { describe, expect, test } from 'vitest'
import { barsOf } from '../bars/bars.ts'
import { bucketName, bucketsOf } from '../buckets.ts'
import { gaugeShare } from '../gauge/gauge.ts'
import {
  heatmapCell,
  heatmapCellAt,
  heatmapCorners,
  heatmapOf,
  heatmapRegion,
  heatmapStepAt,
  heatmapSummary,
} from '../heatmap/heatmap.ts'
import { histogramBarAt, histogramOf, histogramSummary } from '../histogram/histogram.ts'
import { CHART_THEMES } from '../palette.ts'
import { pieOf, pieSummary } from '../pie/pie.ts'
import { stateSummary, statesAt, stateTimeAt, stateTimeline } from '../state-timeline/state-timeline.ts'
import { toneFill, toneOf } from '../tone.ts'
import { formatValue, PLAIN } from '../units.ts'

const seconds = { kind: 'seconds' } as const
const text = (value: number) => formatValue(value, seconds)
const thresholds = [
  { from: 0.8, tone: 'warning' },
  { from: 0.95, tone: 'critical' },
] as const

test.each([
  [0.5, 'neutral'],
  [0.8, 'warning'],
  [0.99, 'critical'],
  [Number.NaN, 'neutral'],
])('%d is %s', (value, tone) => {
  expect(toneOf(value, thresholds)).toBe(tone)
})

test('a tone has the colour of its status, what is neutral that of a series', () => {
  const theme = CHART_THEMES.dark
  expect(toneFill(theme, 'critical')).toBe(theme.critical)
  expect(toneFill(theme, 'neutral')).toBe(theme.series[0])
})

describe('cumulative buckets', () => {
  const cumulative = [
    { bound: Number.POSITIVE_INFINITY, counts: [5, 5] },
    { bound: 0.1, counts: [2, null] },
    { bound: 0.5, counts: [5, 4] },
    { bound: 0.01, counts: [0, 0] },
    { bound: 0.2, counts: [1, null] },
  ]
  test('become counts between neighbouring bounds; a gap, or less than below a lower one, counts as none', () => {
    expect(bucketsOf(cumulative).map(({ counts }) => counts)).toEqual([
      [0, 0],
      [2, 0],
      [0, 0],
      [3, 4],
      [0, 1],
    ])
  })
  test('have names', () => {
    expect(bucketsOf(cumulative).map((one) => bucketName(one, text))).toEqual([
      '≤ 10\u202fms',
      '10\u202fms … 100\u202fms',
      '100\u202fms … 200\u202fms',
      '200\u202fms … 500\u202fms',
      '> 500\u202fms',
    ])
    expect(bucketName({ low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }, text)).toBe('all')
  })
  test('are rows of a heatmap, without those that are empty at the ends', () => {
    const frame = { startMs: 0, endMs: 2_000, timesMs: [1_000, 2_000], unit: seconds, zone: 'utc' } as const
    const heatmap = heatmapOf(cumulative, frame)
    expect([heatmap.rows.length, heatmap.max]).toEqual([4, 4])
    expect(heatmapSummary(heatmap)).toBe('Heatmap of 4 buckets over 2 steps, most of it in 200\u202fms … 500\u202fms.')
    expect([10, 61, 171, 280].map((x) => heatmapStepAt(heatmap, x, 61 + 208 + 12))).toEqual([-1, 0, 1, -1])
    expect(heatmapSummary(heatmapOf([], frame))).toBe('Heatmap without counts.')
  })
  test('a box over a heatmap covers whole steps and buckets, and is drawn around them', () => {
    const frame = { startMs: 0, endMs: 2_000, timesMs: [1_000, 2_000], unit: seconds, zone: 'utc' } as const
    const heatmap = heatmapOf(cumulative, frame)
    // Two columns of 100 px, four rows of 50 px.
    const area = { widthPx: 61 + 200 + 12, heightPx: 6 + 200 + 22 }
    const covered = (a: [number, number], b: [number, number]) => {
      const { startMs, endMs, low, high } = heatmapRegion(heatmap, area, a, b)
      return [startMs, endMs, low, high]
    }
    expect(covered([70, 10], [80, 20])).toEqual([0, 1_000, 0.5, Number.POSITIVE_INFINITY])
    expect(covered([250, 190], [70, 120])).toEqual([0, 2_000, 0.01, 0.2])
    expect(covered([-50, -50], [900, 900])).toEqual([0, 2_000, 0.01, Number.POSITIVE_INFINITY])
    expect([heatmapCell(heatmap, area, 0, 0), heatmapCell(heatmap, area, 1, 3)]).toEqual([
      [111, 181],
      [211, 31],
    ])
    const { bucket, count, ...cell } = heatmapCellAt(heatmap, area, [211, 31]) ?? {}
    expect([cell, bucket?.counts[1], count]).toEqual([
      { startMs: 1_000, endMs: 2_000, low: 0.5, high: Number.POSITIVE_INFINITY },
      count,
      heatmap.rows[3]?.counts[1],
    ])
    for (const [x, y] of [
      [50, 31],
      [265, 31],
      [111, 3],
      [111, 210],
    ] as const)
      expect(heatmapCellAt(heatmap, area, [x, y])).toBeUndefined()
    const region = heatmapRegion(heatmap, area, [170, 60], [180, 110])
    expect(heatmapCorners(heatmap, area, region)).toEqual([
      [161, 56],
      [261, 156],
    ])
  })
  test('are bars of a histogram, with their share of all', () => {
    const histogram = histogramOf(cumulative, seconds)
    expect(histogram.bars.map(({ count, share }) => [count, share])).toEqual([
      [2, 0.2],
      [0, 0],
      [7, 0.7],
      [1, 0.1],
    ])
    expect(histogramSummary(histogram)).toContain('of 10 values in 4 buckets, most of them in 200\u202fms')
    expect([0, 48, 347].map((x) => histogramBarAt(histogram, x, 356))).toEqual([-1, 0, 3])
    expect(histogramSummary(histogramOf([], seconds))).toBe('Histogram without counts.')
  })
})

test('a pie has at most six parts, the largest first; what is not above zero is none', () => {
  const values = [5, 40, 20, 10, 8, 7, 6, 4, 0, -3].map((value, i) => ({ label: `p${i}`, value }))
  const { slices, total } = pieOf(values)
  expect(total).toBe(100)
  expect(slices.map(({ label, share }) => [label, share])).toEqual([
    ['p1', 0.4],
    ['p2', 0.2],
    ['p3', 0.1],
    ['p4', 0.08],
    ['p5', 0.07],
    ['3 others', 0.15],
  ])
  expect(pieSummary(pieOf(values))).toBe('Pie of 6 parts, the largest p1 with 40 percent.')
  expect(pieSummary(pieOf([]))).toBe('Pie without parts.')
})

test.each([
  [0.5, 1, 0.5],
  [7, 5, 1],
  [-1, 5, 0],
  [Number.NaN, 5, 0],
  [1, 0, 0],
])('a gauge at %d of %d', (value, max, share) => {
  expect(gaugeShare({ value, max, thresholds: [] })).toBe(share)
})

test('bars stand by size, on a scale of their own or to the largest, and say what they leave out', () => {
  const values = [0.2, 0.9, Number.NaN, 0.6].map((value, i) => ({ key: `k${i}`, label: `l${i}`, value }))
  const bars = barsOf(values, 1, 2, thresholds)
  expect(bars).toEqual({
    rows: [
      { key: 'k1', label: 'l1', value: 0.9, share: 0.9, tone: 'warning' },
      { key: 'k3', label: 'l3', value: 0.6, share: 0.6, tone: 'neutral' },
    ],
    others: 1,
  })
  expect(barsOf(values, 0, 9, []).rows[0]?.share).toBe(1)
  expect(barsOf([{ key: '', label: '', value: 0 }], 0, 9, []).rows[0]?.share).toBe(0)
})

describe('a state timeline', () => {
  const states = [
    { from: 0, tone: 'critical', name: 'down' },
    { from: 1, tone: 'ok', name: 'up' },
  ] as const
  const frame = { timesSeconds: [0, 10, 20, 30], stepMs: 10_000, startMs: 0, endMs: 35_000, zone: 'utc' } as const
  const timeline = stateTimeline([{ key: 'a', label: 'A', values: [1, 1, null, 0] }], states, frame)
  test('joins steps of one state and leaves gaps', () => {
    expect(timeline.rows[0]?.runs).toEqual([
      { fromMs: 0, toMs: 20_000, name: 'up', tone: 'ok' },
      { fromMs: 30_000, toMs: 35_000, name: 'down', tone: 'critical' },
    ])
  })
  test('says what was at a moment, and what is', () => {
    expect(stateSummary(timeline)).toBe('States over time of 1, at the end: A down.')
    expect(statesAt(timeline, 5_000)).toBe('01-01 00:00:05 · A: up')
    expect(statesAt(timeline, 25_000)).toContain('A: unknown')
    expect(stateTimeAt(timeline, 0, 500)).toBeUndefined()
    expect(stateTimeAt(timeline, 150, 500)).toBe(0)
    expect(stateTimeAt(timeline, 492, 500)).toBe(35_000)
  })
  test('below the lowest state there is none', () => {
    const below = stateTimeline([{ key: 'a', label: 'A', values: [-1, 2, 2, 2] }], states, frame)
    expect(below.rows[0]?.runs).toHaveLength(1)
    expect(formatValue(below.rows.length, PLAIN)).toBe('1')
  })
})
