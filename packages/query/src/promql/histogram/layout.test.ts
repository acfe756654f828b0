import { commonZeroThreshold, compact, toBounds, toSchema, widenZero } from '@vantage/model/histograms'
import { describe, expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'

test('empty buckets go away, and a histogram without any stays itself', () => {
  const { positive, negative } = compact(h('{{buckets:[0 1 0 2 0] n_buckets:[0]}}'))
  expect([[...positive.indexes], [...positive.counts], negative.indexes.length]).toEqual([[1, 3], [1, 2], 0])
  const full = h('{{buckets:[1 2]}}')
  expect(compact(full)).toBe(full)
})

describe('a lower schema merges neighbours', () => {
  test.each([
    ['{{schema:1 buckets:[1 2 3 4]}}', 0, '{{schema:0 buckets:[1 5 4]}}'],
    ['{{schema:1 offset:1 buckets:[1 2 3 4]}}', 0, '{{schema:0 offset:1 buckets:[3 7]}}'],
    ['{{schema:2 offset:-3 buckets:[1 2 4 8 16] n_buckets:[1 1]}}', 0, '{{schema:0 buckets:[15 16] n_buckets:[1 1]}}'],
    ['{{schema:0 buckets:[1 2]}}', 0, '{{schema:0 buckets:[1 2]}}'],
    ['{{schema:0 buckets:[1 2]}}', 3, '{{schema:0 buckets:[1 2]}}'],
    ['{{schema:-53 custom_values:[1] buckets:[1 2]}}', -60, '{{schema:-53 custom_values:[1] buckets:[1 2]}}'],
  ])('%s to %d is %s', (text, schema, want) => {
    expect(toSchema(h(text), schema)).toEqual(h(want))
  })
})

describe('a wider zero bucket takes in what starts below it', () => {
  test.each([
    [
      'to a bound',
      '{{z_bucket:1 buckets:[2 3] n_buckets:[4 5]}}',
      1,
      '{{z_bucket:7 z_bucket_w:1 offset:1 buckets:[3] n_offset:1 n_buckets:[5]}}',
    ],
    ['into a populated bucket', '{{z_bucket:1 buckets:[2 3]}}', 1.5, '{{z_bucket:6 z_bucket_w:2}}'],
    [
      'into a populated bucket of the other side',
      '{{buckets:[0 1 4] n_buckets:[0 0 2]}}',
      2.5,
      '{{z_bucket:7 z_bucket_w:4}}',
    ],
    [
      'into an empty bucket',
      '{{z_bucket:1 buckets:[2 0 3]}}',
      1.5,
      '{{z_bucket:3 z_bucket_w:1.5 offset:2 buckets:[3]}}',
    ],
    ['less wide than it is', '{{z_bucket:1 z_bucket_w:2 buckets:[1]}}', 1, '{{z_bucket:1 z_bucket_w:2 buckets:[1]}}'],
  ])('%s', (_name, text, threshold, want) => {
    expect(widenZero(h(text), threshold)).toEqual(h(want))
  })

  test('two of them meet where neither cuts a bucket', () => {
    expect(commonZeroThreshold(h('{{z_bucket_w:1}}'), h('{{z_bucket_w:0.5 offset:1 buckets:[3]}}'))).toBe(1)
    expect(commonZeroThreshold(h('{{z_bucket_w:1.5}}'), h('{{offset:1 buckets:[3]}}'))).toBe(2)
    expect(
      commonZeroThreshold(h('{{z_bucket_w:3 offset:3 buckets:[1]}}'), h('{{schema:-1 offset:1 buckets:[3]}}')),
    ).toBe(4)
  })

  test('a threshold that is no number ends the search', () => {
    const odd = { ...h('{{buckets:[1]}}'), zeroThreshold: Number.NaN }
    expect(commonZeroThreshold(odd, h('{{buckets:[1]}}'))).toBeNaN()
    expect(widenZero(h('{{buckets:[1]}}'), Number.NaN).zeroThreshold).toBeNaN()
  })
})

test('custom buckets merge up to the bounds that stay', () => {
  const histogram = h('{{schema:-53 count:15 custom_values:[1 2 4 8] buckets:[1 2 3 4 5]}}')
  const merged = (...bounds: number[]) => [...toBounds(histogram, Float64Array.from(bounds)).positive.counts]
  expect(merged(1, 2, 4, 8)).toEqual([1, 2, 3, 4, 5])
  expect(merged(2, 8)).toEqual([3, 7, 5])
  expect(merged(4)).toEqual([6, 9])
  expect(merged()).toEqual([15])
})
