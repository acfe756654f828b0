import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { histogramText } from './text.ts'

test.each([
  ['{{}}', '{count:0, sum:0}'],
  ['{{count:1000000 sum:-0.5 buckets:[0 2]}}', '{count:1e+06, sum:-0.5, (1,2]:2}'],
  [
    '{{count:9 z_bucket:1 z_bucket_w:0.25 buckets:[1] n_buckets:[3 4]}}',
    '{count:9, sum:0, [-2,-1):4, [-1,-0.5):3, [-0.25,0.25]:1, (0.5,1]:1}',
  ],
  ['{{schema:-53 count:3 custom_values:[5] buckets:[1 2]}}', '{count:3, sum:0, [-Inf,5]:1, (5,+Inf]:2}'],
])('%s is %s', (text, want) => {
  expect(histogramText(h(text))).toBe(want)
})
