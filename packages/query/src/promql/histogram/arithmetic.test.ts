import type { Histogram } from '@vantage/model'
import { add, areEqual, compact, divide, type HistogramTotal, multiply, subtract } from '@vantage/model/histograms'
import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'

type Row = readonly [name: string, left: string, right: string, want: string | undefined, notes?: string]

function check(
  combine: (a: Histogram, b: Histogram) => HistogramTotal | undefined,
  a: string,
  b: string,
  want: string | undefined,
  notes = '',
): void {
  const total = combine(h(a), h(b))
  const found = [total?.hasResetConflict === true ? 'conflict' : '', total?.isReconciled === true ? 'reconciled' : '']
  expect(total === undefined ? undefined : compact(total.histogram)).toEqual(want === undefined ? undefined : h(want))
  expect(found.join('')).toBe(notes)
}

const GAUGE = 'counter_reset_hint:gauge'
const RESET = 'counter_reset_hint:reset'
const NOT_RESET = 'counter_reset_hint:not_reset'

const SUMS: readonly Row[] = [
  [
    'bucket by bucket',
    '{{count:3 sum:1 buckets:[1 2]}}',
    '{{count:5 sum:2 offset:1 buckets:[4 1]}}',
    '{{count:8 sum:3 buckets:[1 6 1]}}',
  ],
  [
    'both sides',
    '{{z_bucket:1 n_buckets:[1]}}',
    '{{z_bucket:2 n_offset:1 n_buckets:[2]}}',
    '{{z_bucket:3 n_buckets:[1 2]}}',
  ],
  [
    'the lower schema',
    '{{schema:1 offset:1 buckets:[1 2 3 4]}}',
    '{{schema:0 offset:1 buckets:[10]}}',
    '{{schema:0 offset:1 buckets:[13 7]}}',
  ],
  [
    'the wider zero bucket',
    '{{z_bucket:1 z_bucket_w:1 offset:1 buckets:[5]}}',
    '{{z_bucket:2 z_bucket_w:0.5 buckets:[3 4]}}',
    '{{z_bucket:6 z_bucket_w:1 offset:1 buckets:[9]}}',
  ],
  [
    'custom buckets',
    '{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}',
    '{{schema:-53 custom_values:[1 2] buckets:[1 1 1]}}',
    '{{schema:-53 custom_values:[1 2] buckets:[2 3 4]}}',
  ],
  [
    'the custom bounds of both',
    '{{schema:-53 custom_values:[1 2 3] buckets:[1 2 3 4]}}',
    '{{schema:-53 custom_values:[2 5] buckets:[1 1 1]}}',
    '{{schema:-53 custom_values:[2] buckets:[4 9]}}',
    'reconciled',
  ],
  [
    'no bound in common',
    '{{schema:-53 custom_values:[1] buckets:[1 2]}}',
    '{{schema:-53 custom_values:[2] buckets:[3 4]}}',
    '{{schema:-53 buckets:[10]}}',
    'reconciled',
  ],
  ['other kinds of buckets', '{{buckets:[1]}}', '{{schema:-53 custom_values:[1] buckets:[1]}}', undefined],
  ['gauge and counter', `{{count:1 ${GAUGE}}}`, `{{count:1 ${NOT_RESET}}}`, `{{count:2 ${GAUGE}}}`],
  ['not reset, both', `{{count:1 ${NOT_RESET}}}`, `{{count:1 ${NOT_RESET}}}`, `{{count:2 ${NOT_RESET}}}`],
  ['not reset and unknown', `{{count:1 ${NOT_RESET}}}`, '{{count:1}}', '{{count:2}}'],
  ['reset and not reset', `{{count:1 ${RESET}}}`, `{{count:1 ${NOT_RESET}}}`, '{{count:2}}', 'conflict'],
]

for (const [name, a, b, want, notes] of SUMS) {
  test(`sum: ${name}`, () => check(add, a, b, want, notes))
}

const DIFFERENCES: readonly Row[] = [
  [
    'bucket by bucket',
    '{{count:8 sum:3 buckets:[1 6 1]}}',
    '{{count:5 sum:2 offset:1 buckets:[4 1]}}',
    '{{count:3 sum:1 buckets:[1 2]}}',
  ],
  ['what only the right side has', '{{z_bucket:1}}', '{{z_bucket:2 n_buckets:[3]}}', '{{z_bucket:-1 n_buckets:[-3]}}'],
  ['other kinds of buckets', '{{schema:-53 buckets:[1]}}', '{{buckets:[1]}}', undefined],
]

for (const [name, a, b, want, notes] of DIFFERENCES) {
  test(`difference: ${name}`, () => check(subtract, a, b, want, notes))
}

test.each([
  ['times 3', (one: Histogram) => multiply(one, 3), '{{count:9 sum:6 z_bucket:3 buckets:[3] n_buckets:[3]}}'],
  [
    'times -1',
    (one: Histogram) => multiply(one, -1),
    `{{count:-3 sum:-2 z_bucket:-1 buckets:[-1] n_buckets:[-1] ${GAUGE}}}`,
  ],
  ['by 2', (one: Histogram) => divide(one, 2), '{{count:1.5 sum:1 z_bucket:0.5 buckets:[0.5] n_buckets:[0.5]}}'],
  ['by zero', (one: Histogram) => divide(one, 0), '{{count:Inf sum:Inf z_bucket:Inf}}'],
])('%s', (_name, change, want) => {
  expect(change(h('{{count:3 sum:2 z_bucket:1 buckets:[1] n_buckets:[1]}}'))).toEqual(h(want))
})

test.each([
  ['{{count:1 buckets:[1 0]}}', '{{count:1 buckets:[1]}}', true],
  ['{{sum:NaN}}', '{{sum:NaN}}', true],
  [`{{count:1 ${GAUGE}}}`, '{{count:1}}', true],
  ['{{count:1}}', '{{count:2}}', false],
  ['{{buckets:[1]}}', '{{offset:1 buckets:[1]}}', false],
  ['{{schema:1}}', '{{schema:0}}', false],
  ['{{schema:-53 custom_values:[1]}}', '{{schema:-53 custom_values:[2]}}', false],
])('%s equals %s: %s', (a, b, want) => {
  expect(areEqual(h(a), h(b))).toBe(want)
})
