import { describe, expect, test } from 'vitest'
import { paddedRange, RangeHold, SHRINK_AFTER_MS } from '../range-hold.ts'
import { sparklineArea, sparklinePath } from '../sparkline.ts'
import {
  dataView,
  drawnValues,
  EMPTY_FRAME,
  frameSummary,
  gridSeconds,
  legendRows,
  onGrid,
  seriesAt,
  type TimeSeriesFrame,
} from './model.ts'

const grid = gridSeconds(10_000, 14_000, 1_000)
const frame: TimeSeriesFrame = {
  ...EMPTY_FRAME,
  timesSeconds: grid,
  startMs: 10_000,
  endMs: 14_000,
  stepMs: 1_000,
  zone: 'utc',
  mode: 'stacked',
  series: [
    { key: 'a', label: 'A', slot: 0, values: [1, 2, null, 4, 5] },
    { key: 'b', label: 'B', slot: 1, values: [10, 10, 10, null, 10] },
    { key: 'c', label: 'C', slot: 2, values: [1, 1, 1, 1, 1] },
  ],
}

describe('the grid', () => {
  test('has both ends', () => expect(grid).toEqual([10, 11, 12, 13, 14]))
  test('gaps are gaps, and so is what is not finite', () => {
    const times = Float64Array.of(10, 12, 13, 99)
    const values = Float64Array.of(1, Number.NaN, 3, 4)
    expect(onGrid(times, values, grid, 1_000)).toEqual([1, null, null, 3, null])
  })
})

describe('what a pointer means', () => {
  const check = (name: string, frame: TimeSeriesFrame, index: number, value: number, want: string | undefined) =>
    test(name, () => expect(seriesAt(frame, index, value)).toBe(want))
  const lines: TimeSeriesFrame = { ...frame, mode: 'line' }
  check('the nearest line', lines, 1, 7, 'b')
  check('not one that is hidden', { ...lines, hidden: new Set(['b']) }, 1, 7, 'a')
  check('not one with a gap', lines, 2, 0, 'c')
  check('of a stack the part that covers it, not the nearest top', frame, 1, 2.5, 'b')
  check('the top of a stack from above', frame, 1, 99, 'c')
  check('nothing where nothing is', { ...lines, series: [] }, 1, 1, undefined)
})

describe('a stack', () => {
  test('sums what is below, without what is hidden', () => {
    expect(drawnValues(frame)).toEqual([
      [1, 2, null, 4, 5],
      [11, 12, 10, null, 15],
      [12, 13, 11, 5, 16],
    ])
    expect(drawnValues({ ...frame, hidden: new Set(['b']) })[2]).toEqual([2, 3, 1, 5, 6])
  })
  test('of bars keeps its height over gaps', () => {
    expect(drawnValues({ ...frame, mode: 'stacked-bars' })).toEqual([
      [1, 2, 0, 4, 5],
      [11, 12, 10, 4, 15],
      [12, 13, 11, 5, 16],
    ])
  })
  test('leaves other modes alone', () =>
    expect(drawnValues({ ...frame, mode: 'line' })[1]).toEqual([10, 10, 10, null, 10]))
})

test('legend rows know last, min, mean and max', () => {
  expect(legendRows(frame)[0]).toMatchObject({ key: 'a', last: 5, min: 1, mean: 3, max: 5, isHidden: false })
  expect(legendRows({ ...frame, series: [{ key: 'x', label: 'X', slot: 0, values: [null] }] })[0]?.max).toBeNaN()
})

test('the table twin has the newest step first and only visible series', () => {
  const view = dataView({ ...frame, hidden: new Set(['a']) })
  expect(view.columns.map((column) => column.label)).toEqual(['B', 'C'])
  expect(view.rows[0]).toEqual({ atMs: 14_000, time: '1970-01-01 00:00:14', values: [10, 1] })
  expect(view.rows).toHaveLength(5)
})

test('the summary is one sentence', () => {
  expect(frameSummary(frame, String)).toBe(
    'Chart of 3 series, all between 1 and 10, 1970-01-01 00:00:10 to 1970-01-01 00:00:14.',
  )
  expect(frameSummary({ ...frame, series: [] }, String)).toContain('without visible series')
})

describe('the held range', () => {
  test('grows at once and shrinks after ten seconds', () => {
    const hold = new RangeHold()
    expect(hold.offer(0, 10, 0)).toBe(true)
    expect(hold.offer(0, 20, 1)).toBe(true)
    expect(hold.offer(0, 5, 2)).toBe(false)
    expect(hold.offer(0, 5, SHRINK_AFTER_MS)).toBe(false)
    expect(hold.max).toBe(20)
    expect(hold.offer(0, 5, SHRINK_AFTER_MS + 2)).toBe(true)
    expect(hold.max).toBe(5)
  })
  const check = (min: number, max: number, fromZero: boolean, low: number, high: number) =>
    test(`${min} … ${max} ${fromZero ? 'from zero' : ''}`, () => {
      const [a, b] = paddedRange(min, max, fromZero)
      expect([a, b].map((v) => Number(v.toFixed(6)))).toEqual([low, high])
    })
  check(0, 0, true, 0, 1)
  check(10, 10, false, 9, 11)
  check(5, 10, true, 0, 10.8)
  check(100, 200, false, 92, 208)
  check(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, 0, 1)
})

test('a sparkline lifts its pen over gaps', () => {
  expect(sparklinePath([0, 10, Number.NaN, 5], 30, 10)).toBe('M0.0 10.0L10.0 0.0M30.0 5.0')
  expect(sparklinePath([1], 30, 10)).toBe('')
})

test('what lies below a sparkline goes down to the edge, at gaps too', () => {
  const path = sparklinePath([0, 1, Number.NaN, 1, 0], 40, 10)
  expect(path).toBe('M0.0 10.0L10.0 0.0M30.0 0.0L40.0 10.0')
  expect(sparklineArea(path, 10)).toBe('M0.0 10L0.0 10.0L10.0 0.0L10.0 10ZM30.0 10L30.0 0.0L40.0 10.0L40.0 10Z')
  expect(sparklineArea('', 10)).toBe('')
})
