import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { interpolateHistograms } from './interpolate.ts'

test.each([
  ['between', '{{count:2 buckets:[2]}}', '{{count:6 buckets:[4 2]}}', 0.5, '{{count:4 buckets:[3 1]}}', []],
  ['at the first', '{{count:2}}', '{{count:6}}', 0, '{{count:2}}', []],
  ['at the second', '{{count:2}}', '{{count:6}}', 1, '{{count:6}}', []],
  ['over a reset', '{{count:6}}', '{{count:4}}', 0.25, '{{count:1}}', []],
  [
    'other bounds',
    '{{schema:-53 count:2 custom_values:[1 2] buckets:[2]}}',
    '{{schema:-53 count:4 custom_values:[2] buckets:[4]}}',
    0.5,
    '{{schema:-53 count:3 custom_values:[2] buckets:[3 0]}}',
    ['subtraction', 'addition'],
  ],
] as const)('%s', (_name, from, to, fraction, want, reconciledIn) => {
  expect(interpolateHistograms(h(from), h(to), fraction, true)).toEqual({ histogram: h(want), reconciledIn })
})

test('a gauge that falls is no reset', () => {
  expect(interpolateHistograms(h('{{count:6}}'), h('{{count:4}}'), 0.5, false)?.histogram.count).toBe(5)
})

test('exponential and custom buckets have nothing in between', () => {
  expect(interpolateHistograms(h('{{count:1}}'), h('{{schema:-53 count:2}}'), 0.5, false)).toBeUndefined()
})
