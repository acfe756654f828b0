import {
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  type HistogramBuckets,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  type ResetHint,
} from '../histogram.ts'

/**
 * A valid native histogram: exponential or with custom buckets, of whole or broken numbers.
 * @param layout decides schema, thresholds and which buckets there are; equal sequences give equal layouts
 * @param content decides the numbers in them
 */
export function randomHistogram(layout: () => number, content: () => number): Histogram {
  const isCustom = layout() < 0.3
  const positive = randomBuckets(layout, content, isCustom)
  const negative = isCustom || layout() < 0.6 ? NO_BUCKETS : randomBuckets(layout, content, false)
  const zeroCount = isCustom ? 0 : pick(content, 5)
  let count = zeroCount
  for (const side of [positive, negative]) for (const one of side.counts) count += one
  return {
    schema: isCustom ? CUSTOM_BUCKETS_SCHEMA : pick(layout, 13) - 4,
    resetHint: (content() < 0.8 ? 0 : pick(content, 4)) as ResetHint,
    count,
    sum: content() < 0.05 ? Number.POSITIVE_INFINITY : content() * 1000,
    zeroCount,
    zeroThreshold: isCustom || layout() < 0.5 ? 0 : 2 ** -128,
    positive,
    negative,
    customValues: isCustom ? Float64Array.from({ length: 41 }, (_, i) => i * 0.25 + 0.005) : NO_CUSTOM_VALUES,
  }
}

function randomBuckets(layout: () => number, content: () => number, isCustom: boolean): HistogramBuckets {
  const indexes: number[] = []
  let next = isCustom ? 0 : pick(layout, 400) - 200
  for (let left = pick(layout, 12); left > 0; left--) {
    indexes.push(next)
    next += layout() < 0.8 ? 1 : 2 + pick(layout, 2)
  }
  const isWhole = content() < 0.8
  const counts = indexes.map(() => (isWhole ? pick(content, 2 ** (1 + pick(content, 40))) : content() * 50))
  return { indexes: Int32Array.from(indexes), counts: Float64Array.from(counts) }
}

function pick(random: () => number, count: number): number {
  return Math.floor(random() * count)
}
