import { expect, test } from 'vitest'
import { CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_CUSTOM_VALUES, RESET_HINT } from './histogram.ts'
import { decodeHistogram, encodeHistogram } from './histogram-codec.ts'

function buckets(entries: Record<number, number>) {
  const indexes = Object.keys(entries)
    .map(Number)
    .sort((a, b) => a - b)
  return { indexes: Int32Array.from(indexes), counts: Float64Array.from(indexes, (index) => entries[index] as number) }
}

const EMPTY: Histogram = {
  schema: 0,
  resetHint: RESET_HINT.unknown,
  count: 0,
  sum: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: NO_BUCKETS,
  negative: NO_BUCKETS,
  customValues: NO_CUSTOM_VALUES,
}

const cases: [string, Histogram, number][] = [
  ['nothing', EMPTY, 40],
  ['one run of bytes', { ...EMPTY, schema: 3, positive: buckets({ 4: 1, 5: 0, 6: 255 }) }, 40 + 8 + 3],
  [
    'both sides, the widest count decides',
    { ...EMPTY, schema: -4, positive: buckets({ [-7]: 1 }), negative: buckets({ 0: 256, 9: 2 }) },
    40 + 3 * 8 + 3 * 2,
  ],
  ['32 bits', { ...EMPTY, positive: buckets({ 275000: 0xffff_ffff }) }, 40 + 8 + 4],
  ['beyond 32 bits', { ...EMPTY, positive: buckets({ 1: 2 ** 40 }) }, 40 + 8 + 8],
  [
    'fractions and special values',
    { ...EMPTY, sum: Number.NaN, positive: buckets({ 1: 0.5, 2: -1, 3: -0 }) },
    40 + 8 + 24,
  ],
  [
    'custom bounds',
    {
      ...EMPTY,
      schema: CUSTOM_BUCKETS_SCHEMA,
      resetHint: RESET_HINT.gauge,
      count: 3,
      sum: 1.5,
      positive: buckets({ 0: 1, 2: 2 }),
      customValues: Float64Array.of(0.1, 1),
    },
    40 + 2 * 8 + 2 * 8 + 2,
  ],
  [
    'zero bucket and hint',
    { ...EMPTY, resetHint: RESET_HINT.reset, count: 7, zeroCount: 7, zeroThreshold: 2 ** -128 },
    40,
  ],
]

test.each(cases)('%s comes back from its bytes', (_name, histogram, sizeBytes) => {
  const bytes = encodeHistogram(histogram)
  expect(bytes.length).toBe(sizeBytes)
  expect(decodeHistogram(bytes)).toEqual(histogram)
  const shifted = new Uint8Array(bytes.length + 5)
  shifted.set(bytes, 5)
  expect(decodeHistogram(shifted, 5)).toEqual(histogram)
})

test('decoded like another, a histogram is the same and shares the arrays of equal buckets', () => {
  for (const [name, histogram] of cases) {
    const bytes = encodeHistogram(histogram)
    for (const [other, like] of cases) {
      const decoded = decodeHistogram(bytes, 0, like)
      expect([name, other, decoded]).toEqual([name, other, histogram])
      if (name !== other) continue
      expect(decoded.customValues).toBe(like.customValues)
      if (decoded.positive !== NO_BUCKETS) expect(decoded.positive.indexes).toBe(like.positive.indexes)
    }
  }
})
