import type { HistogramBuckets } from '@vantage/model'
import { haveSameIndexes, makeBuckets, walkPairs } from '@vantage/model/histograms'
import { kahanCompensation } from '../functions/kahan.ts'

/**
 * `a + b` with the rounding errors of each bucket in a second side.
 * @param lost the errors so far; has the indexes of `a`
 */
export function addBucketsCompensated(
  a: HistogramBuckets,
  lost: HistogramBuckets,
  b: HistogramBuckets,
): { readonly sum: HistogramBuckets; readonly lost: HistogramBuckets } {
  if (b.indexes.length === 0) return { sum: a, lost }
  if (haveSameIndexes(a, b)) return addSameCompensated(a, lost, b)
  const indexes: number[] = []
  const counts: number[] = []
  const errors: number[] = []
  walkPairs(a, b, (index, i, j) => {
    const count = i < 0 ? 0 : (a.counts[i] as number)
    const error = i < 0 ? 0 : (lost.counts[i] as number)
    const added = j < 0 ? 0 : (b.counts[j] as number)
    indexes.push(index)
    counts.push(count + added)
    errors.push(kahanCompensation(count, error, added))
  })
  return { sum: makeBuckets(indexes, counts), lost: makeBuckets(indexes, errors) }
}

/** Fast path of `addBucketsCompensated`: all three have the same indexes. */
function addSameCompensated(
  a: HistogramBuckets,
  lost: HistogramBuckets,
  b: HistogramBuckets,
): { readonly sum: HistogramBuckets; readonly lost: HistogramBuckets } {
  const { indexes } = a
  const sums = new Float64Array(indexes.length)
  const errors = new Float64Array(indexes.length)
  for (let i = 0; i < sums.length; i++) {
    const count = a.counts[i] as number
    const added = b.counts[i] as number
    sums[i] = count + added
    errors[i] = kahanCompensation(count, lost.counts[i] as number, added)
  }
  return { sum: { indexes, counts: sums }, lost: { indexes, counts: errors } }
}
