import type { Histogram } from '@vantage/model'
import { NO_BUCKETS, RESET_HINT } from '@vantage/model'
import { add, areEqual, compact, makeBuckets, subtract } from '@vantage/model/histograms'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HistogramAccumulator } from './accumulate.ts'
import { fractionOfHistogram, quantileOfHistogram } from './estimate.ts'
import { isReset } from './reset.ts'
import { trimHistogram } from './trim.ts'

/** `SEED=` repeats a failed run; fast-check prints it. */
const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }

const side = fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { maxLength: 8 }).chain((indexes) => {
  const counts = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: indexes.length, maxLength: indexes.length })
  return counts.map((all) =>
    makeBuckets(
      indexes.toSorted((a, b) => a - b),
      all,
    ),
  )
})

function totalOf({ zeroCount, positive, negative }: Histogram): number {
  return [...positive.counts, ...negative.counts].reduce((total, count) => total + count, zeroCount)
}

function withCount(histogram: Histogram): Histogram {
  return { ...histogram, count: totalOf(histogram) }
}

const exponential = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    resetHint: fc.constant(RESET_HINT.unknown),
    count: fc.constant(0),
    sum: fc.integer({ min: -1_000, max: 1_000 }),
    zeroCount: fc.integer({ min: 0, max: 20 }),
    zeroThreshold: fc.constantFrom(0, 0.001, 0.7, 1, 3),
    positive: side,
    negative: side,
    customValues: fc.constant(new Float64Array(0)),
  })
  .map(withCount)

const custom = fc
  .uniqueArray(fc.integer({ min: -10, max: 10 }), { maxLength: 6 })
  .chain((bounds) => {
    const length = bounds.length + 1
    const counts = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: length, maxLength: length })
    return counts.map((all): Histogram => {
      return {
        schema: -53,
        resetHint: RESET_HINT.unknown,
        count: 0,
        sum: 7,
        zeroCount: 0,
        zeroThreshold: 0,
        positive: makeBuckets([...all.keys()], all),
        negative: NO_BUCKETS,
        customValues: Float64Array.from(bounds).sort(),
      }
    })
  })
  .map(withCount)

const kinds = [exponential, custom] as const
const pair = fc.oneof(...kinds.map((kind) => fc.tuple(kind, kind)))
const one = fc.oneof(...kinds)

function check<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>): void {
  fc.assert(property, { numRuns: 300, ...SEED })
}

test('a sum does not depend on the order, keeps all counts and takes the difference back', () => {
  check(
    fc.property(pair, ([a, b]) => {
      const sum = add(a, b)?.histogram as Histogram
      expect(areEqual(sum, add(b, a)?.histogram as Histogram)).toBe(true)
      expect(totalOf(sum)).toBe(a.count + b.count)
      expect(totalOf(subtract(sum, b)?.histogram as Histogram)).toBe(a.count)
    }),
  )
})

test('whole numbers add up without the compensation as well as with it', () => {
  check(
    fc.property(pair, one, ([a, b], c) => {
      const accumulator = new HistogramAccumulator('sum')
      for (const next of [a, b, a]) accumulator.add(next)
      const ab = add(a, b)?.histogram as Histogram
      const plain = compact(add(ab, a)?.histogram as Histogram)
      expect(areEqual(accumulator.result() as Histogram, plain)).toBe(true)
      accumulator.add(c)
      expect(accumulator.isIncompatible).toBe((c.schema === -53) !== (a.schema === -53))
    }),
  )
})

test('what only grows was not reset, and what shrinks in one bucket was', () => {
  check(
    fc.property(one, fc.integer({ min: 1, max: 5 }), (before, more) => {
      const counts = before.positive.counts.map((count) => count + more)
      const now = withCount({ ...before, positive: { ...before.positive, counts } })
      expect(isReset(now, before)).toBe(false)
      const isShrunk = now.positive.counts.length > 0 && before.zeroThreshold === 0
      if (isShrunk) expect(isReset({ ...before, count: now.count }, now)).toBe(true)
    }),
  )
})

test('a quantile and the fraction below it agree', () => {
  check(
    fc.property(exponential, fc.double({ min: 0, max: 1, noNaN: true }), (histogram, quantile) => {
      fc.pre(histogram.zeroThreshold === 0 && histogram.zeroCount === 0 && histogram.count > 0)
      const { value } = quantileOfHistogram(quantile, histogram)
      const fraction = fractionOfHistogram(-Infinity, value, histogram).value
      expect(fraction).toBeCloseTo(quantile, 6)
    }),
  )
})

test('both sides of a cut are the whole, unless the cut is in a bucket without end', () => {
  check(
    fc.property(exponential, fc.double({ min: -40, max: 40, noNaN: true }), (histogram, cut) => {
      fc.pre(histogram.zeroThreshold === 0)
      const below = trimHistogram(histogram, cut, 'below').count
      const above = trimHistogram(histogram, cut, 'above').count
      const isAtZero = cut === 0 && histogram.zeroCount > 0
      if (!isAtZero) expect(below + above).toBeCloseTo(histogram.count, 6)
      const fraction = fractionOfHistogram(-Infinity, cut, histogram).value
      if (!isAtZero && histogram.count > 0) expect(below).toBeCloseTo(fraction * histogram.count, 6)
    }),
  )
})
