import { quoteText } from '../../quote-text.ts'
import { lineColumn, type Span } from '../language/fault.ts'
import { formatGeneral } from '../language/number.ts'
import { ANNOTATIONS_MAX } from '../limits.ts'

/** What an answer should be read with, each text once. Source: prometheus/prometheus util/annotations. */
export class Annotations {
  readonly #text: string | undefined
  readonly #warnings = new Set<string>()
  readonly #infos = new Set<string>()
  readonly #monotonicity = new Map<string, ForcedMonotonicity>()

  /** @param text the query, for places in the messages; without it messages name none */
  constructor(text: string | undefined) {
    this.#text = text
  }

  warn(message: string, span: Span): void {
    if (this.#warnings.size < ANNOTATIONS_MAX) this.#warnings.add(`PromQL warning: ${message}${this.#place(span)}`)
  }

  info(message: string, span: Span): void {
    if (this.#infos.size < ANNOTATIONS_MAX) this.#infos.add(`PromQL info: ${message}${this.#place(span)}`)
  }

  invalidQuantile(quantile: number, span: Span): void {
    this.warn(`quantile value should be between 0 and 1, got ${formatGeneral(quantile)}`, span)
  }

  invalidRatio(ratio: number, capped: number, span: Span): void {
    const got = `got ${formatGeneral(ratio)}, capping to ${formatGeneral(capped)}`
    this.warn(`ratio value should be between -1 and 1, ${got}`, span)
  }

  badBucketLabel(metric: string, label: string, span: Span): void {
    const got = `missing or has a malformed value of ${quoteText(label)}`
    this.warn(`bucket label "le" is ${got}${forMetric(metric)}`, span)
  }

  sortIneffective(span: Span): void {
    this.warn('sort is ineffective for range queries since results are always ordered by labels', span)
  }

  possibleNonCounter(metric: string, span: Span): void {
    const suffixes = '_total/_sum/_count/_bucket'
    this.info(`metric might not be a counter, name does not end in ${suffixes}: ${quoteText(metric)}`, span)
  }

  possibleNonCounterType(metric: string, type: string, span: Span): void {
    const got = `got ${quoteText(type)}: ${quoteText(metric)}`
    this.info(`metric might not be a counter, __type__ label is not set to "counter" or "histogram", ${got}`, span)
  }

  incompatibleTypes(left: string, op: string, right: string, span: Span): void {
    const types = `${left} ${op} ${right}`
    this.info(`incompatible sample types encountered for binary operator ${quoteText(op)}: ${types}`, span)
  }

  /** A window holds both kinds of samples and the function can take one only. */
  mixedWindow(metric: string, span: Span): void {
    this.warn(`encountered a mix of histograms and floats for metric name ${quoteText(metric)}`, span)
  }

  mixedAggregation(span: Span): void {
    this.warn('encountered a mix of histograms and floats for aggregation', span)
  }

  mixedClassicAndNative(metric: string, span: Span): void {
    this.warn(`vector contains a mix of classic and native histograms${forMetric(metric)}`, span)
  }

  mixedSchemas(metric: string, span: Span): void {
    const what = 'a mix of histograms with exponential and custom buckets schemas'
    this.warn(`vector contains ${what} for metric name ${quoteText(metric)}`, span)
  }

  histogramIsNo(kind: 'counter' | 'gauge', metric: string, span: Span): void {
    this.warn(`this native histogram metric is not a ${kind}: ${quoteText(metric)}`, span)
  }

  incompatibleBuckets(op: string, span: Span): void {
    this.warn(`incompatible bucket layout encountered for binary operator ${op}`, span)
  }

  conflictingResets(operation: HistogramOperation, span: Span): void {
    this.warn(`conflicting counter resets during histogram ${operation}`, span)
  }

  reconciledBounds(operation: HistogramOperation, span: Span): void {
    this.info(`mismatched custom buckets were reconciled during ${operation}`, span)
  }

  ignoredInAggregation(op: string, span: Span): void {
    this.info(`ignored histogram in ${op} aggregation`, span)
  }

  ignoredInWindow(metric: string, span: Span): void {
    const where = 'in a range containing both floats and histograms'
    this.info(`ignored histograms ${where} for metric name ${quoteText(metric)}`, span)
  }

  nanInQuantile(effect: 'result is NaN' | 'result is skewed higher', metric: string, span: Span): void {
    this.info(`input to histogram_quantile has NaN observations, ${effect}${forMetric(metric)}`, span)
  }

  nanInFraction(metric: string, span: Span): void {
    const effect = 'which are excluded from all fractions'
    this.info(`input to histogram_fraction has NaN observations, ${effect}${forMetric(metric)}`, span)
  }

  /** Collects the steps of one histogram into one message. */
  forcedMonotonicity(metric: string, timeMs: number, correction: BucketCorrection, span: Span): void {
    const of = forMetric(metric)
    const key = `${of}${this.#place(span)}`
    const seen = this.#monotonicity.get(key)
    if (seen === undefined) {
      if (this.#monotonicity.size < ANNOTATIONS_MAX) {
        this.#monotonicity.set(key, { of, span, count: 1, fromMs: timeMs, toMs: timeMs, ...correction })
      }
      return
    }
    seen.count++
    seen.fromMs = Math.min(seen.fromMs, timeMs)
    seen.toMs = Math.max(seen.toMs, timeMs)
    seen.minBucket = Math.min(seen.minBucket, correction.minBucket)
    seen.maxBucket = Math.max(seen.maxBucket, correction.maxBucket)
    seen.maxDiff = Math.max(seen.maxDiff, correction.maxDiff)
  }

  /** Samples up to a time have expired, and buckets of them answer. */
  reduced(toMs: number, span: Span): void {
    const what = 'buckets of 5m or 1h answer for them, of each the last sample where samples are asked for'
    this.info(`samples up to ${isoTime(toMs)} have expired: ${what}`, span)
  }

  /** Takes over what another thread has to say of its share. */
  absorb(warnings: readonly string[], infos: readonly string[]): void {
    for (const one of warnings) if (this.#warnings.size < ANNOTATIONS_MAX) this.#warnings.add(one)
    for (const one of infos) if (this.#infos.size < ANNOTATIONS_MAX) this.#infos.add(one)
  }

  warnings(): string[] {
    return [...this.#warnings]
  }

  infos(): string[] {
    return [...this.#infos, ...[...this.#monotonicity.values()].map((one) => this.#monotonicityText(one))]
  }

  #place(span: Span): string {
    return this.#text === undefined ? '' : ` (${lineColumn(this.#text, span.startOffset)})`
  }

  #monotonicityText(one: ForcedMonotonicity): string {
    const see = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile'
    const buckets = `from buckets ${formatGeneral(one.minBucket)} to ${formatGeneral(one.maxBucket)}`
    const diff = `with a max diff of ${formatGeneral(Number(one.maxDiff.toPrecision(2)))}`
    const time = `over ${one.count} samples from ${isoTime(one.fromMs)} to ${isoTime(one.toMs)}`
    const head = `PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see ${see})${one.of}`
    return `${head}, ${buckets}, ${diff}, ${time}${this.#place(one.span)}`
  }
}

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'

function forMetric(metric: string): string {
  return metric === '' ? '' : ` for metric name ${quoteText(metric)}`
}

/** The buckets whose counts had to be raised. */
export interface BucketCorrection {
  readonly minBucket: number
  readonly maxBucket: number
  readonly maxDiff: number
}

interface ForcedMonotonicity {
  readonly of: string
  readonly span: Span
  count: number
  fromMs: number
  toMs: number
  minBucket: number
  maxBucket: number
  maxDiff: number
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.?0*Z$/, 'Z')
}
