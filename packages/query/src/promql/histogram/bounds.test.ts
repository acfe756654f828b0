import { bucketRanges, exponentialBound } from '@vantage/model/histograms'
import { expect, test } from 'vitest'
import { parseHistogram } from '../../promql-script/histogram-notation.ts'

test.each([
  [0, 0, 1],
  [1, 0, 2],
  [-1, 0, 0.5],
  [1, 1, Math.SQRT2],
  [2, 1, 2],
  [3, 2, 2 ** 0.75],
  [-3, 2, 2 ** -0.75],
  [1, -1, 4],
  [1, -4, 65_536],
  [256, 8, 2],
  [1024, 0, Number.MAX_VALUE],
  [1025, 0, Infinity],
  [2048, 1, Number.MAX_VALUE],
  [2049, 1, Infinity],
  [64, -4, Number.MAX_VALUE],
  [65, -4, Infinity],
  [-1074, 0, Number.MIN_VALUE],
  [-2_000, 0, 0],
])('bucket %d of schema %d ends at %d', (index, schema, want) => {
  expect(exponentialBound(index, schema)).toBe(want)
})

function rangesOf(text: string) {
  return bucketRanges(parseHistogram(text)).map(({ lower, upper, count }) => [lower, upper, count])
}

test('buckets come from the lowest to the highest, cut where the zero bucket starts', () => {
  expect(rangesOf('{{}}')).toEqual([])
  expect(rangesOf('{{schema:0 z_bucket:3 z_bucket_w:0.75 buckets:[1 2] n_buckets:[4 5]}}')).toEqual([
    [-2, -1, 5],
    [-1, -0.75, 4],
    [-0.75, 0.75, 3],
    [0.75, 1, 1],
    [1, 2, 2],
  ])
  expect(rangesOf('{{schema:-53 custom_values:[-5 10] buckets:[1 2 3]}}')).toEqual([
    [-Infinity, -5, 1],
    [-5, 10, 2],
    [10, Infinity, 3],
  ])
  expect(rangesOf('{{schema:-53 buckets:[7]}}')).toEqual([[-Infinity, Infinity, 7]])
})
