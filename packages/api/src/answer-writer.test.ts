import { seededRandom, testSeed } from '@vantage/model/testing'
import { parseHistogram } from '@vantage/query/promql-script'
import { describe, expect, test } from 'vitest'
import { AnswerWriter } from './answer-writer.ts'

function written(write: (out: AnswerWriter) => void): string {
  const out = new AnswerWriter()
  write(out)
  return Buffer.from(out.finish()).toString()
}

/** Text of all kinds: quotes, controls, surrogates whole and halved, and long ones that make the buffer grow. */
function randomText(random: () => number): string {
  const pick = (below: number) => Math.floor(random() * below)
  const kinds = [
    () => pick(128),
    () => pick(0x20),
    () => 0x22,
    () => 0x5c,
    () => pick(0x1_0000),
    () => 0xd800 + pick(0x800),
  ]
  const length = random() < 0.02 ? 40_000 : pick(30)
  return String.fromCharCode(...Array.from({ length }, () => (kinds[pick(kinds.length)] as () => number)()))
}

test('any strings come back from JSON.parse', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  for (let run = 0; run < 2_000; run++) {
    const list = Array.from({ length: 1 + Math.floor(random() * 4) }, () => randomText(random))
    const parsed = JSON.parse(written((out) => out.strings(list)))
    expect(parsed, `SEED=${seed}, run ${run}`).toEqual(list.map((one) => one.toWellFormed()))
  }
})

test('any labels come back, in their order', () => {
  const labels = ['__name__', 'größe', 'a"b', '\u2028', '__proto__', 'x']
  expect(Object.entries(JSON.parse(written((out) => out.labels(labels))))).toEqual([
    ['__name__', 'größe'],
    ['a"b', '\u2028'],
    ['__proto__', 'x'],
  ])
})

test.each([
  [0, '0'],
  [1, '0.001'],
  [1_700_000_000_000, '1700000000'],
  [1_700_000_000_120, '1700000000.120'],
  [1_700_000_000_012, '1700000000.012'],
  [1_700_000_000_001, '1700000000.001'],
  [-1_500, '-1.5'],
  [-1, '-0.001'],
  [8.64e15, '8640000000000'],
])('%d ms are %s s', (timeMs, want) => {
  expect(written((out) => out.seconds(timeMs))).toBe(want)
})

test('any whole milliseconds are the number of seconds that they are', () => {
  const random = seededRandom(testSeed())
  for (let run = 0; run < 5_000; run++) {
    const timeMs = Math.round((random() - 0.3) * 10 ** (4 + Math.floor(random() * 11)))
    expect(JSON.parse(written((out) => out.seconds(timeMs)))).toBe(timeMs / 1000)
  }
})

describe('points', () => {
  test.each([
    [1.5, '1.5'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
    [1e20, '100000000000000000000'],
    [1e21, '1e+21'],
    [-2.5e-7, '-2.5e-07'],
    [1e-6, '0.000001'],
    [0.1 + 0.2, '0.30000000000000004'],
  ])('%d is "%s"', (value, want) => {
    expect(JSON.parse(written((out) => out.point(1_500, value)))).toEqual([1.5, want])
  })
})

describe('histograms', () => {
  test.each([
    ['{{schema:0 count:1 sum:2}}', { count: '1', sum: '2' }],
    [
      '{{schema:0 count:8 sum:NaN z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[2 0 1] n_buckets:[4]}}',
      {
        count: '8',
        sum: 'NaN',
        buckets: [
          [1, '-1', '-0.5', '4'],
          [3, '-0.5', '0.5', '1'],
          [0, '1', '2', '2'],
          [0, '4', '8', '1'],
        ],
      },
    ],
    [
      '{{schema:-53 count:3 sum:9 custom_values:[5] buckets:[1 2]}}',
      {
        count: '3',
        sum: '9',
        buckets: [
          [3, '-Inf', '5', '1'],
          [0, '5', '+Inf', '2'],
        ],
      },
    ],
  ])('%s', (text, want) => {
    const histogram = parseHistogram(text)
    expect(JSON.parse(written((out) => out.histogramPoint(1_500, histogram)))).toEqual([1.5, want])
  })
})

test('memory is announced before it is taken, and a refusal ends the writing', () => {
  let taken = 0
  const out = new AnswerWriter((bytes) => {
    taken += bytes
    if (taken > 1_000_000) throw new Error('too much')
  })
  expect(() => {
    for (;;) out.string('x'.repeat(1_000))
  }).toThrow('too much')
  expect(taken).toBeLessThan(3_000_000)
})
