import { expect, test } from 'vitest'
import { parseHistogram as h } from '../../promql-script/histogram-notation.ts'
import { HistogramAccumulator } from './accumulate.ts'

function accumulate(kind: 'sum' | 'mean', ...texts: string[]): HistogramAccumulator {
  const accumulator = new HistogramAccumulator(kind)
  for (const text of texts) accumulator.add(h(text))
  return accumulator
}

test.each([
  ['sum', ['{{count:1 buckets:[1]}}'], '{{count:1 buckets:[1]}}'],
  ['sum', ['{{count:1 buckets:[1]}}', '{{count:2 offset:1 buckets:[2]}}'], '{{count:3 buckets:[1 2]}}'],
  ['sum', ['{{sum:1e100}}', '{{sum:1}}', '{{sum:-1e100}}'], '{{sum:1}}'],
  ['sum', ['{{buckets:[1e20]}}', '{{buckets:[1]}}', '{{buckets:[-1e20]}}'], '{{buckets:[1]}}'],
  [
    'sum',
    [
      '{{schema:1 offset:1 buckets:[1e20]}}',
      '{{schema:1 offset:1 buckets:[1]}}',
      '{{schema:0 offset:1 buckets:[-1e20]}}',
    ],
    '{{schema:0 offset:1 buckets:[1]}}',
  ],
  ['sum', ['{{z_bucket:1 buckets:[2]}}', '{{z_bucket:4 z_bucket_w:1}}'], '{{z_bucket:7 z_bucket_w:1}}'],
  [
    'sum',
    [
      '{{schema:-53 custom_values:[1 2] buckets:[1e20]}}',
      '{{schema:-53 custom_values:[1 2] buckets:[1]}}',
      '{{schema:-53 custom_values:[2] buckets:[-1e20]}}',
    ],
    '{{schema:-53 custom_values:[2] buckets:[1]}}',
  ],
  ['mean', ['{{count:1 buckets:[1]}}', '{{count:3 buckets:[2]}}'], '{{count:2 buckets:[1.5]}}'],
  ['mean', ['{{count:1.5e308}}', '{{count:1.5e308}}'], '{{count:1.5e308}}'],
  ['mean', ['{{sum:1.5e308}}', '{{sum:1.5e308}}', '{{sum:0}}'], '{{sum:1e308}}'],
] as const)('%s of %j', (kind, texts, want) => {
  expect(accumulate(kind, ...texts).result()).toEqual(h(want))
})

test('what is noted', () => {
  expect(accumulate('sum').result()).toBeUndefined()
  const mixed = accumulate('sum', '{{count:1}}', '{{schema:-53 count:1}}', '{{count:1}}')
  expect([mixed.isIncompatible, mixed.result()]).toEqual([true, undefined])
  const bounds = accumulate('mean', '{{schema:-53 custom_values:[1]}}', '{{schema:-53 custom_values:[2]}}')
  expect(bounds.isReconciled).toBe(true)
  const hints = (...all: string[]) => accumulate('sum', ...all.map((one) => `{{counter_reset_hint:${one}}}`))
  expect(hints('reset', 'unknown', 'not_reset').hasResetConflict).toBe(true)
  expect(hints('reset', 'gauge', 'unknown').hasResetConflict).toBe(false)
})
