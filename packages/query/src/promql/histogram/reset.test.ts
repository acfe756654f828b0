import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { isReset } from './reset.ts'

test.each([
  ['grown', '{{count:3 buckets:[1 2]}}', '{{count:5 buckets:[2 3]}}', false],
  ['count', '{{count:3}}', '{{count:2}}', true],
  ['sum alone', '{{count:3 sum:5}}', '{{count:3 sum:1}}', false],
  ['one bucket', '{{count:3 buckets:[1 2]}}', '{{count:9 buckets:[8 1]}}', true],
  ['a bucket is gone', '{{count:3 n_buckets:[1]}}', '{{count:9}}', true],
  ['an empty bucket is gone', '{{count:3 n_buckets:[0]}}', '{{count:9}}', false],
  ['zero bucket', '{{count:3 z_bucket:2}}', '{{count:3 z_bucket:1}}', true],
  ['finer', '{{schema:0 count:3}}', '{{schema:1 count:3}}', true],
  ['coarser', '{{schema:1 count:3 offset:1 buckets:[1 2]}}', '{{schema:0 count:3 offset:1 buckets:[3]}}', false],
  [
    'coarser and less',
    '{{schema:1 count:3 offset:1 buckets:[1 2]}}',
    '{{schema:0 count:3 offset:1 buckets:[2]}}',
    true,
  ],
  ['smaller zero bucket', '{{z_bucket_w:0.5}}', '{{z_bucket_w:0.25}}', true],
  ['wider zero bucket', '{{count:3 buckets:[1 2]}}', '{{count:3 z_bucket:1 z_bucket_w:1 offset:1 buckets:[2]}}', false],
  ['zero bucket ends in a populated one', '{{count:3 buckets:[1 2]}}', '{{count:3 z_bucket:3 z_bucket_w:1.5}}', true],
  ['inside the zero bucket', '{{z_bucket:1 z_bucket_w:1 buckets:[5]}}', '{{z_bucket:1 z_bucket_w:1}}', false],
  [
    'custom bounds, same',
    '{{schema:-53 custom_values:[1] buckets:[2]}}',
    '{{schema:-53 custom_values:[1] buckets:[1]}}',
    true,
  ],
  [
    'custom bounds, other',
    '{{schema:-53 count:1 custom_values:[5] buckets:[1]}}',
    '{{schema:-53 count:1 custom_values:[5 10] buckets:[1]}}',
    false,
  ],
  [
    'custom bounds, other and less',
    '{{schema:-53 count:2 custom_values:[5] buckets:[2]}}',
    '{{schema:-53 count:2 custom_values:[5 10] buckets:[1 1]}}',
    true,
  ],
  ['to custom', '{{count:1}}', '{{schema:-53 count:1 custom_values:[5]}}', true],
  ['from custom', '{{schema:-53 count:1}}', '{{schema:0 count:1}}', true],
  ['says reset', '{{count:3}}', '{{count:5 counter_reset_hint:reset}}', true],
  ['says not', '{{count:3}}', '{{count:1 counter_reset_hint:not_reset}}', false],
  ['gauges are looked at', '{{count:3}}', '{{count:1 counter_reset_hint:gauge}}', true],
])('%s', (_name, before, now, want) => {
  expect(isReset(h(now), h(before))).toBe(want)
})
