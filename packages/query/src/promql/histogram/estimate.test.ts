import { describe, expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { fractionOfHistogram, quantileOfHistogram, varianceOfHistogram } from './estimate.ts'

/** Equal but for rounding; NaN is near NaN. */
function near(want: number): unknown {
  return Number.isNaN(want) ? want : expect.closeTo(want, 12)
}

const CUSTOM = '{{schema:-53 count:10 sum:60 custom_values:[5 10] buckets:[2 4 4]}}'

describe('quantiles', () => {
  test.each([
    ['geometric middle', 0.5, '{{count:4 buckets:[0 4]}}', Math.SQRT2],
    ['geometric middle below zero', 0.5, '{{count:4 n_buckets:[0 4]}}', -Math.SQRT2],
    ['upper end', 1, '{{count:4 buckets:[0 4]}}', 2],
    ['lower end', 0, '{{count:4 buckets:[0 4]}}', 1],
    ['zero bucket, linear', 0.75, '{{count:4 z_bucket:4 z_bucket_w:1}}', 0.5],
    ['zero bucket beside positive ones', 0.25, '{{count:4 z_bucket:2 z_bucket_w:1 offset:1 buckets:[2]}}', 0.5],
    ['zero bucket beside negative ones', 0.75, '{{count:4 z_bucket:2 z_bucket_w:1 n_offset:1 n_buckets:[2]}}', -0.5],
    ['custom, linear', 0.4, CUSTOM, 7.5],
    ['custom, from zero', 0.1, CUSTOM, 2.5],
    ['custom, open above', 0.9, CUSTOM, 10],
    ['custom, open below', 0.1, '{{schema:-53 count:4 custom_values:[-3 2] buckets:[2 2]}}', -3],
    ['below the scale', -0.1, CUSTOM, -Infinity],
    ['above the scale', 1.1, CUSTOM, Infinity],
    ['no quantile', Number.NaN, CUSTOM, Number.NaN],
    ['nothing observed', 0.5, '{{}}', Number.NaN],
  ])('%s', (_name, quantile, text, want) => {
    const { value, nan } = quantileOfHistogram(quantile, h(text))
    expect(value).toEqual(near(want))
    expect(nan).toBe('none')
  })

  test.each([
    [0.9, Number.NaN, 'result'],
    [0.4, 1, 'skew'],
  ] as const)('NaN observations lie above all others: %d', (quantile, value, nan) => {
    expect(quantileOfHistogram(quantile, h('{{count:10 sum:NaN buckets:[4]}}'))).toEqual({ value, nan })
  })

  test('infinite observations of both signs are no NaN', () => {
    expect(quantileOfHistogram(1, h('{{count:4 sum:NaN buckets:[4]}}'))).toEqual({ value: 1, nan: 'none' })
  })
})

describe('fractions', () => {
  test.each([
    [1, Math.SQRT2, '{{count:4 buckets:[0 4]}}', 0.5],
    [-Math.SQRT2, -1, '{{count:4 n_buckets:[0 4]}}', 0.5],
    [-Infinity, Infinity, '{{count:4 buckets:[0 4]}}', 1],
    [0, 0.5, '{{count:4 z_bucket:4 z_bucket_w:1}}', 0.25],
    [0, 7.5, CUSTOM, 0.4],
    [10, Infinity, CUSTOM, 0.4],
    [20, Infinity, CUSTOM, 0.4],
    [-Infinity, 2.5, CUSTOM, 0.1],
    [3, 3, CUSTOM, 0],
    [5, 1, CUSTOM, 0],
    [Number.NaN, 1, CUSTOM, Number.NaN],
    [0, 1, '{{}}', Number.NaN],
  ])('in (%d, %d] of %s', (lower, upper, text, want) => {
    expect(fractionOfHistogram(lower, upper, h(text)).value).toEqual(near(want))
  })

  test('NaN observations are in none', () => {
    const found = fractionOfHistogram(-Infinity, Infinity, h('{{count:10 sum:NaN buckets:[4]}}'))
    expect(found).toEqual({ value: 0.4, nan: 'skew' })
  })
})

test.each([
  ['{{count:4 sum:5.656854249492381 buckets:[0 4]}}', 0],
  ['{{count:2 sum:0 z_bucket:2 z_bucket_w:1}}', 0],
  ['{{schema:-53 count:2 sum:10 custom_values:[4 6 14] buckets:[0 1 1]}}', 12.5],
  ['{{}}', Number.NaN],
])('variance of %s', (text, want) => {
  expect(varianceOfHistogram(h(text))).toEqual(near(want))
})
