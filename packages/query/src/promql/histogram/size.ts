import type { Histogram } from '@vantage/model'

/** Bytes of a histogram's own fields and of one of its buckets. */
const HISTOGRAM_BYTES = 160
const BUCKET_BYTES = 12

export function bucketCountOf({ positive, negative }: Histogram): number {
  return positive.indexes.length + negative.indexes.length
}

/** What a histogram takes in memory, about. */
export function bytesOf(histogram: Histogram): number {
  return HISTOGRAM_BYTES + bucketCountOf(histogram) * BUCKET_BYTES + histogram.customValues.length * 8
}
