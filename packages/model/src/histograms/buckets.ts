import type { HistogramBuckets } from '../histogram.ts'

/** Sides of histograms as sorted sparse columns. All functions make new ones. */

export function makeBuckets(indexes: readonly number[], counts: readonly number[]): HistogramBuckets {
  return { indexes: Int32Array.from(indexes), counts: Float64Array.from(counts) }
}

/** Keeps the buckets of which the predicate says so, by index and count. */
export function keepBuckets(
  side: HistogramBuckets,
  keeps: (index: number, count: number) => boolean,
): HistogramBuckets {
  const indexes: number[] = []
  const counts: number[] = []
  for (let i = 0; i < side.indexes.length; i++) {
    const index = side.indexes[i] as number
    const count = side.counts[i] as number
    if (!keeps(index, count)) continue
    indexes.push(index)
    counts.push(count)
  }
  return indexes.length === side.indexes.length ? side : makeBuckets(indexes, counts)
}

export function withoutEmptyBuckets(side: HistogramBuckets): HistogramBuckets {
  if (!side.counts.includes(0)) return side
  return keepBuckets(side, (_, count) => count !== 0)
}

export function mapCounts(side: HistogramBuckets, change: (count: number) => number): HistogramBuckets {
  if (side.counts.length === 0) return side
  const counts = new Float64Array(side.counts.length)
  for (let i = 0; i < counts.length; i++) counts[i] = change(side.counts[i] as number)
  return { indexes: side.indexes, counts }
}

/** Merges buckets until their bounds are those of a schema `levels` lower. */
export function coarsenBuckets(side: HistogramBuckets, levels: number): HistogramBuckets {
  if (levels === 0 || side.indexes.length === 0) return side
  const indexes: number[] = []
  const counts: number[] = []
  for (let i = 0; i < side.indexes.length; i++) {
    const index = (((side.indexes[i] as number) - 1) >> levels) + 1
    const count = side.counts[i] as number
    if (indexes.at(-1) === index) counts[counts.length - 1] = (counts.at(-1) as number) + count
    else {
      indexes.push(index)
      counts.push(count)
    }
  }
  return makeBuckets(indexes, counts)
}

/** `a + sign · b`, bucket by bucket. */
export function addBuckets(a: HistogramBuckets, b: HistogramBuckets, sign: 1 | -1): HistogramBuckets {
  if (b.indexes.length === 0) return a
  // Fast path: a series seldom changes its buckets.
  if (haveSameIndexes(a, b)) {
    const sums = new Float64Array(a.counts.length)
    for (let i = 0; i < sums.length; i++) sums[i] = (a.counts[i] as number) + sign * (b.counts[i] as number)
    return { indexes: a.indexes, counts: sums }
  }
  const indexes: number[] = []
  const counts: number[] = []
  walkPairs(a, b, (index, i, j) => {
    indexes.push(index)
    counts.push((i < 0 ? 0 : (a.counts[i] as number)) + (j < 0 ? 0 : sign * (b.counts[j] as number)))
  })
  return makeBuckets(indexes, counts)
}

/** True where both sides have the same buckets. */
export function haveSameIndexes(a: HistogramBuckets, b: HistogramBuckets): boolean {
  if (a.indexes === b.indexes) return true
  if (a.indexes.length !== b.indexes.length) return false
  for (let i = 0; i < a.indexes.length; i++) if (a.indexes[i] !== b.indexes[i]) return false
  return true
}

/** True where a bucket counts less than before, or one that counted something is gone. */
export function hasDecreased(now: HistogramBuckets, before: HistogramBuckets): boolean {
  let i = 0
  for (let j = 0; j < before.indexes.length; j++) {
    const index = before.indexes[j] as number
    const count = before.counts[j] as number
    while (i < now.indexes.length && (now.indexes[i] as number) < index) i++
    const isThere = i < now.indexes.length && now.indexes[i] === index
    if (isThere ? (now.counts[i] as number) < count : count !== 0) return true
  }
  return false
}

export function areEqualBuckets(a: HistogramBuckets, b: HistogramBuckets): boolean {
  if (a.indexes.length !== b.indexes.length) return false
  for (let i = 0; i < a.indexes.length; i++) {
    if (a.indexes[i] !== b.indexes[i] || !Object.is(a.counts[i], b.counts[i])) return false
  }
  return true
}

/** Visits the union of the indexes, ascending, with the places on both sides; −1 where a side has none. */
export function walkPairs(
  a: HistogramBuckets,
  b: HistogramBuckets,
  visit: (index: number, i: number, j: number) => void,
): void {
  let i = 0
  let j = 0
  while (i < a.indexes.length || j < b.indexes.length) {
    const left = i < a.indexes.length ? (a.indexes[i] as number) : Infinity
    const right = j < b.indexes.length ? (b.indexes[j] as number) : Infinity
    const index = Math.min(left, right)
    visit(index, left === index ? i : -1, right === index ? j : -1)
    if (left === index) i++
    if (right === index) j++
  }
}
