import { expect, test } from 'vitest'
import { figure, median, percentile } from './statistics.ts'

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[7], 7],
  [[], Number.NaN],
])('median of %j is %d', (values, wanted) => {
  expect(median(values)).toBe(wanted)
})

test.each([
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
  [[5], 0, 5],
  [[], 0.5, Number.NaN],
])('percentile of %j at %d is %d', (values, share, wanted) => {
  expect(percentile(values, share)).toBe(wanted)
})

test.each([
  [0.4567, '0.457'],
  [12.34, '12.3'],
  [1234.5, '1235'],
  [0, '0.0000'],
  [Number.NaN, '-'],
])('figure of %d is %s', (value, wanted) => {
  expect(figure(value)).toBe(wanted)
})
