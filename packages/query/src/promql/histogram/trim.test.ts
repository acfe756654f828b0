import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { trimHistogram } from './trim.ts'

const CUSTOM = '{{schema:-53 count:9 sum:40 custom_values:[2 4] buckets:[2 4 3]}}'

test.each([
  ['nothing to cut', '{{count:3 sum:7 buckets:[1 2]}}', 8, 'below', '{{count:3 sum:7 buckets:[1 2]}}'],
  [
    'at a bound',
    '{{count:3 sum:7 offset:1 buckets:[1 2]}}',
    2,
    'below',
    '{{count:1 sum:1.4142135623730951 offset:1 buckets:[1]}}',
  ],
  [
    'at a bound',
    '{{count:3 sum:7 offset:1 buckets:[1 2]}}',
    2,
    'above',
    '{{count:2 sum:5.656854249492381 offset:2 buckets:[2]}}',
  ],
  ['all of it', '{{count:3 sum:7 buckets:[1 2]}}', 0, 'below', '{{}}'],
  ['custom, linear', CUSTOM, 3, 'below', '{{schema:-53 count:4 sum:7 custom_values:[2 4] buckets:[2 2]}}'],
  ['custom, open above', CUSTOM, 6, 'above', '{{schema:-53 count:3 sum:18 custom_values:[2 4] buckets:[0 0 3]}}'],
  ['custom, open above', CUSTOM, 6, 'below', '{{schema:-53 count:6 sum:14 custom_values:[2 4] buckets:[2 4]}}'],
  ['custom, from zero', CUSTOM, 1, 'below', '{{schema:-53 count:1 sum:0.5 custom_values:[2 4] buckets:[1]}}'],
  [
    'zero bucket of both signs',
    '{{count:4 z_bucket:4 z_bucket_w:2}}',
    1,
    'above',
    '{{count:1 sum:1.5 z_bucket:1 z_bucket_w:2}}',
  ],
  [
    'zero bucket beside positive ones',
    '{{count:6 z_bucket:4 z_bucket_w:1 offset:1 buckets:[2]}}',
    0.5,
    'below',
    '{{count:2 sum:0.5 z_bucket:2 z_bucket_w:1}}',
  ],
] as const)('%s: %s at %d, %s', (_name, text, cut, kept, want) => {
  const got = trimHistogram(h(text), cut, kept)
  const wanted = h(want)
  expect(got.sum).toBeCloseTo(wanted.sum, 12)
  expect({ ...got, sum: 0, positive: sparse(got.positive), negative: sparse(got.negative) }).toEqual({
    ...wanted,
    sum: 0,
    positive: sparse(wanted.positive),
    negative: sparse(wanted.negative),
  })
})

/** Populated buckets alone. */
function sparse({ indexes, counts }: { indexes: Int32Array; counts: Float64Array }): [number, number][] {
  return [...indexes].flatMap((index, i) => {
    const count = counts[i] as number
    return count === 0 ? [] : ([[index, count]] as [number, number][])
  })
}
