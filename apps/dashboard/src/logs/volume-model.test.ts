import type { QueryAnswer } from '@vantage/api/client'
import { expect, test } from 'vitest'
import { afterBarKey, type BarChoice, barsIn, barsSpan, isCovered, stackVolume } from './volume-model.ts'

function answerOf(...series: readonly (readonly [string, readonly (readonly [number, number])[]])[]): QueryAnswer {
  const all = series.map(([level, points]) => ({
    metric: { detected_level: level },
    timesSeconds: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
  }))
  return {
    data: { kind: 'matrix', series: all, histogramSeries: 0 },
    warnings: [],
    infos: [],
  } as unknown as QueryAnswer
}

test('bars of the whole range, the most severe at the bottom; what ends before the range is left out', () => {
  const range = { startMs: 100_000, endMs: 130_000, stepMs: 10_000 }
  const volume = stackVolume(
    answerOf(
      [
        'info',
        [
          [100, 9],
          [110, 4],
          [130, 1],
        ],
      ],
      ['error', [[110, 2]]],
    ),
    range,
  )
  expect(volume.bars.map(({ startMs, endMs, total }) => [startMs, endMs, total])).toEqual([
    [100_000, 110_000, 6],
    [110_000, 120_000, 0],
    [120_000, 130_000, 1],
  ])
  expect(volume.bars[0]?.parts).toEqual([
    { level: 'info', count: 4 },
    { level: 'error', count: 2 },
  ])
  expect([volume.max, volume.totals]).toEqual([
    6,
    [
      { level: 'error', count: 2 },
      { level: 'info', count: 5 },
    ],
  ])
})

test('bars stand on multiples of their time, so that newer steps move them and change none', () => {
  const points = Array.from({ length: 100 }, (_, i): [number, number] => [i + 1, 1])
  const barsOf = (startMs: number) =>
    stackVolume(answerOf(['info', points]), { startMs, endMs: startMs + 40_000, stepMs: 1_000 }, 4).bars.map(
      (bar) => [bar.startMs, bar.total] as const,
    )
  expect(barsOf(20_000)).toEqual([20, 30, 40, 50].map((second) => [second * 1_000, 10]))
  expect(barsOf(23_000)).toEqual([
    [20_000, 7],
    [30_000, 10],
    [40_000, 10],
    [50_000, 10],
    [60_000, 3],
  ])
})

test('forty bars at most', () => {
  const range = { startMs: 0, endMs: 500_000, stepMs: 1_000 }
  const points = Array.from({ length: 500 }, (_, i): [number, number] => [i + 1, 1])
  const { bars } = stackVolume(answerOf(['info', points]), range)
  expect(bars).toHaveLength(39)
  expect(bars.reduce((sum, bar) => sum + bar.total, 0)).toBe(500)
})

test('no answer has no bars', () => {
  expect(stackVolume(undefined, { startMs: 0, endMs: 1, stepMs: 1 }).bars).toEqual([])
})

test.each([
  [0, 1],
  [30, 1],
  [330, 11],
  [2_000, 40],
])('%d px have room for %d bars', (widthPx, want) => {
  expect(barsIn(widthPx)).toBe(want)
})

const BARS = [0, 10, 20, 30].map((startMs) => ({ startMs, endMs: startMs + 10, total: 0, parts: [] }))

test('a region of bars by keys; its beginning is a time, which newer bars do not move', () => {
  const press = (keys: readonly string[], from: BarChoice = { at: 1, anchorMs: undefined }) =>
    keys.reduce<BarChoice>((now, key) => {
      const next = afterBarKey(now, key, BARS)
      return next === undefined || next === 'explain' ? now : next
    }, from)
  expect(press(['ArrowLeft', 'ArrowLeft'])).toEqual({ at: 0, anchorMs: undefined })
  expect(press([' ', 'End'])).toEqual({ at: 3, anchorMs: 10 })
  expect(press([' ', 'End', 'Escape'])).toEqual({ at: 3, anchorMs: undefined })
  expect(afterBarKey(press([' ']), 'Enter', BARS)).toBe('explain')
  expect([afterBarKey(press([]), 'Enter', BARS), afterBarKey(press([]), 'Escape', BARS)]).toEqual([
    undefined,
    undefined,
  ])
})

test('the time of bars, also between them and beyond', () => {
  expect([barsSpan(BARS, 25, 12), barsSpan(BARS, -5, 99), barsSpan(BARS, 10, 10)]).toEqual([
    { startMs: 10, endMs: 30 },
    { startMs: 0, endMs: 40 },
    { startMs: 10, endMs: 20 },
  ])
  expect(BARS.map((bar) => isCovered(bar, { startMs: 4, endMs: 16 }))).toEqual([true, true, false, false])
})
