import { BUCKET, type BucketColumns, isStaleAt, type SampleColumns, STALE_HIGH } from '@vantage/model'

/** Sums of values beyond this could overflow on one way and not on the other. */
const PLAIN_MAX = 1e100
/** Share of the samples. */
const FALLS_OF_GAUGES = 0.1

/**
 * Appends the samples as buckets; staleness markers are left out.
 * @param samples ascending
 * @param bucketMs width of the buckets, (k * bucketMs, (k + 1) * bucketMs]; 0 = a bucket for each sample
 * @returns false where a value is so large (or infinite) that sums of buckets may differ from sums of samples
 */
export function foldSamples(samples: SampleColumns, bucketMs: number, out: BucketColumns): boolean {
  const { times, values, halves, count } = samples
  let endMs = Number.NEGATIVE_INFINITY
  let isPlain = true
  for (let i = 0; i < count; i++) {
    if (halves[i * 2 + 1] === STALE_HIGH && isStaleAt(halves, i)) continue
    const time = times[i] as number
    const value = values[i] as number
    if (value > PLAIN_MAX || value < -PLAIN_MAX) isPlain = false
    if (time > endMs) {
      endMs = bucketMs === 0 ? time : bucketEndMs(time, bucketMs)
      begin(out, time, value)
    } else {
      add(out, time, value)
    }
  }
  return isPlain
}

/** True where values fall as often as those of a gauge do, and as no counter's do that is reset now and then. */
export function fallsOften({ values, count }: SampleColumns): boolean {
  let falls = 0
  for (let i = 1; i < count; i++) if ((values[i] as number) < (values[i - 1] as number)) falls++
  return falls > count * FALLS_OF_GAUGES
}

/** End of the bucket that holds the time. */
export function bucketEndMs(timeMs: number, bucketMs: number): number {
  return Math.ceil(timeMs / bucketMs) * bucketMs
}

function begin(out: BucketColumns, time: number, value: number): void {
  const at = out.count
  out.reserve(at + 1)
  out.count = at + 1
  const { columns } = out
  put(columns, BUCKET.count, at, 1)
  put(columns, BUCKET.lastMs, at, time)
  put(columns, BUCKET.last, at, value)
  put(columns, BUCKET.firstMs, at, time)
  put(columns, BUCKET.first, at, value)
  put(columns, BUCKET.min, at, value)
  put(columns, BUCKET.max, at, value)
  put(columns, BUCKET.sum, at, value)
  put(columns, BUCKET.compensation, at, 0)
  put(columns, BUCKET.resets, at, 0)
}

function add(out: BucketColumns, time: number, value: number): void {
  const at = out.count - 1
  const { columns } = out
  const before = get(columns, BUCKET.last, at)
  if (value < before) put(columns, BUCKET.resets, at, get(columns, BUCKET.resets, at) + before)
  put(columns, BUCKET.count, at, get(columns, BUCKET.count, at) + 1)
  put(columns, BUCKET.lastMs, at, time)
  put(columns, BUCKET.last, at, value)
  // Any value beats NaN; of equal ones the first stays.
  const min = get(columns, BUCKET.min, at)
  if (value < min || Number.isNaN(min)) put(columns, BUCKET.min, at, value)
  const max = get(columns, BUCKET.max, at)
  if (value > max || Number.isNaN(max)) put(columns, BUCKET.max, at, value)
  const total = get(columns, BUCKET.sum, at)
  const next = total + value
  const lost = Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
  put(columns, BUCKET.sum, at, next)
  put(columns, BUCKET.compensation, at, get(columns, BUCKET.compensation, at) + lost)
}

function get(columns: readonly Float64Array[], column: number, at: number): number {
  return (columns[column] as Float64Array)[at] as number
}

function put(columns: readonly Float64Array[], column: number, at: number, value: number): void {
  const array = columns[column] as Float64Array
  array[at] = value
}
