import {
  CUSTOM_BUCKETS_SCHEMA,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  encodeHistogram,
  foreign,
  HISTOGRAM_BUCKETS_MAX,
  type Histogram,
  type HistogramBuckets,
  type MetricBatch,
  NO_BUCKETS,
  staleNaN,
} from '@vantage/model'
import { refuseItems } from './refusals.ts'

/**
 * Counts with gaps taken out: `firsts[i]` is the index of the first bucket of run i and `lengths[i]` its buckets.
 * Buckets without observations are left out, so that equal histograms look equal whatever their sender wrote.
 */
export function bucketsOf(
  firsts: readonly number[],
  lengths: readonly number[],
  counts: ArrayLike<number>,
): HistogramBuckets {
  let filled = 0
  for (let i = 0; i < counts.length; i++) if (counts[i] !== 0) filled++
  if (filled === 0) return NO_BUCKETS
  const indexes = new Int32Array(filled)
  const kept = new Float64Array(filled)
  let at = 0
  let to = 0
  for (let run = 0; run < firsts.length; run++) {
    for (let i = 0; i < (lengths[run] as number); i++, at++) {
      if (counts[at] === 0) continue
      indexes[to] = (firsts[run] as number) + i
      kept[to++] = counts[at] as number
    }
  }
  return { indexes, counts: kept }
}

/** Counts that were written as integers add up exactly, so they may be held against their sum. */
export type CountKind = 'integer' | 'float'

/**
 * Adds a histogram to the row that is open, unless it contradicts itself.
 * @param startMs when it began to count; 0 = unknown
 * @returns how it contradicts itself, or undefined
 */
export function pushHistogram(
  batch: MetricBatch,
  timeMs: number,
  startMs: number,
  histogram: Histogram,
  kind: CountKind,
): string | undefined {
  const problem = histogramProblem(histogram, kind)
  if (problem !== undefined) return problem
  batch.pushHistogram(timeMs, encodeHistogram(histogram))
  batch.noteHistogramStart(batch.histogramCount - 1, startMs)
  return undefined
}

/** Histograms of the open row that were refused: one refusal names the series and the first problem. */
export class RefusedHistograms {
  #count = 0
  #problem = ''

  get count(): number {
    return this.#count
  }

  reset(): void {
    this.#count = 0
  }

  add(problem: string): void {
    if (this.#count === 0) this.#problem = problem
    this.#count++
  }

  /** @param name of the metric */
  tell(batch: MetricBatch, name: string): void {
    refuseItems(batch, 'histogram_invalid', this.#count, `native histogram ${foreign(name)}: ${this.#problem}`)
  }
}

/** A marker is a float sample, whatever the series holds otherwise. */
export function pushStale(batch: MetricBatch, timeMs: number): void {
  batch.pushSample(timeMs, staleNaN())
}

/**
 * Why a histogram contradicts itself. Source: prometheus/docs docs/specs/native_histograms.md, and what Prometheus
 * refuses on append (model/histogram Validate).
 */
function histogramProblem(histogram: Histogram, kind: CountKind): string | undefined {
  const { schema, positive, negative, customValues, count, sum, zeroCount, zeroThreshold } = histogram
  const isCustom = schema === CUSTOM_BUCKETS_SCHEMA
  if (!isCustom && !(schema >= EXPONENTIAL_SCHEMA_MIN && schema <= EXPONENTIAL_SCHEMA_MAX))
    return `want schema ${EXPONENTIAL_SCHEMA_MIN} to ${EXPONENTIAL_SCHEMA_MAX} or ${CUSTOM_BUCKETS_SCHEMA}, got ${schema}`
  const size = Math.max(positive.counts.length + negative.counts.length, customValues.length + 1)
  if (size > HISTOGRAM_BUCKETS_MAX)
    return `want at most ${HISTOGRAM_BUCKETS_MAX} buckets (limits.maxBuckets), got ${size}`
  const custom = isCustom ? customProblem(histogram) : undefined
  if (custom !== undefined) return custom
  if (!isCustom && customValues.length > 0) return `want custom bounds with schema ${CUSTOM_BUCKETS_SCHEMA} only`
  if (!(zeroThreshold >= 0)) return `want a zero threshold of at least 0, got ${zeroThreshold}`
  if (!(zeroCount >= 0)) return `want a zero count of at least 0, got ${zeroCount}`
  if (!(count >= 0)) return `want a count of at least 0, got ${count}`
  let total = zeroCount
  for (const { counts } of [positive, negative]) {
    for (let i = 0; i < counts.length; i++) {
      if (!((counts[i] as number) >= 0)) return `want bucket counts of at least 0, got ${counts[i]}`
      total += counts[i] as number
    }
  }
  // NaN observations are counted but in no bucket.
  if (kind === 'integer' && (Number.isNaN(sum) ? total > count : total !== count))
    return `want buckets that add up to the count, got ${total} and ${count}`
  return undefined
}

function customProblem({ positive, negative, customValues, zeroCount, zeroThreshold }: Histogram): string | undefined {
  if (negative.counts.length > 0 || zeroCount !== 0 || zeroThreshold !== 0)
    return 'want neither zero bucket nor negative buckets with custom bounds'
  for (let i = 0; i < customValues.length; i++) {
    const bound = customValues[i] as number
    if (Number.isNaN(bound)) return `want bounds that are numbers, got NaN at ${i}`
    if (i > 0 && !(bound > (customValues[i - 1] as number))) return `want ascending bounds, got ${bound} at ${i}`
  }
  if (customValues.at(-1) === Number.POSITIVE_INFINITY) return 'want bounds without +Inf, which is implied'
  const last = positive.indexes.at(-1) ?? 0
  if (last > customValues.length || (positive.indexes[0] ?? 0) < 0)
    return `want buckets 0 to ${customValues.length} for ${customValues.length} bounds, got ${last}`
  return undefined
}
