import { type MetricType, unreachable } from '@vantage/model'
import { parseValue, type SampleLine } from './sample-line.ts'

/**
 * What a family of each type may hold. Source: prometheus/docs docs/specs/om/open_metrics_spec.md "Metric Types".
 * `suffixes` are those of its samples; all of them belong to the family's name alone.
 */
export const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  unknown: [''],
  gauge: [''],
  counter: ['_total', '_created'],
  stateset: [''],
  info: ['_info'],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['', '_count', '_sum', '_created'],
}

/** Suffixes whose values count something: never NaN, never negative. */
const COUNTING = new Set(['_total', '_bucket', '_count', '_gcount', '_sum'])

/** The label that tells samples of one metric apart; '' where the suffix has none. */
export function ownLabel(type: MetricType, familyName: string, suffix: string): string {
  if (suffix === '_bucket') return 'le'
  if (type === 'summary' && suffix === '') return 'quantile'
  return type === 'stateset' ? familyName : ''
}

/** Exemplars belong to what counts observations. */
export function mayHaveExemplar(type: MetricType, suffix: string): boolean {
  if (type === 'counter') return suffix === '_total'
  return (type === 'histogram' || type === 'gaugehistogram') && suffix === '_bucket'
}

/** @returns what is wrong with a value of its type, '' where nothing is */
export function valueProblem(type: MetricType, suffix: string, value: number): string {
  if (COUNTING.has(suffix) && !(value >= 0)) return `want a value of at least 0 for ${suffix}`
  switch (type) {
    case 'info':
      return value === 1 ? '' : 'want the value 1 for an info'
    case 'stateset':
      return value === 0 || value === 1 ? '' : 'want 0 or 1 for a state'
    case 'summary':
      return suffix === '' && value < 0 ? 'want a quantile of at least 0' : ''
    case 'unknown':
    case 'gauge':
    case 'counter':
    case 'histogram':
    case 'gaugehistogram':
      return ''
    default:
      return unreachable(type)
  }
}

const bound = new Float64Array(1)

/** The number in a label's value (`le`, `quantile`), NaN where it is none. */
export function labelNumber(bytes: Uint8Array, line: SampleLine, label: number): number {
  const { valueFrom, valueTo } = line.labels
  return parseValue(bytes, valueFrom[label] as number, valueTo[label] as number, bound)
    ? (bound[0] as number)
    : Number.NaN
}

/**
 * The samples of one histogram at one time: buckets ascend to +Inf, counts never fall, count and sum come together
 * and fit the buckets.
 */
export class HistogramCheck {
  #isOpen = false
  #bound = Number.NEGATIVE_INFINITY
  #bucketCount = 0
  #count = Number.NaN
  #hasSum = false
  #hasNegativeBound = false
  #hasNegativeSum = false

  reset(): void {
    this.#isOpen = false
    this.#bound = Number.NEGATIVE_INFINITY
    this.#bucketCount = 0
    this.#count = Number.NaN
    this.#hasSum = false
    this.#hasNegativeBound = false
    this.#hasNegativeSum = false
  }

  /** @param bound of a bucket, else NaN */
  add(suffix: string, bound: number, value: number): string {
    if (suffix === '_created') return ''
    const isFirst = !this.#isOpen
    this.#isOpen = true
    if (suffix === '_bucket') {
      if (!isFirst && bound <= this.#bound) return 'want buckets in ascending order'
      if (value < this.#bucketCount) return 'want bucket counts that do not fall'
      this.#bound = bound
      this.#bucketCount = value
      this.#hasNegativeBound ||= bound < 0
    } else if (suffix === '_count' || suffix === '_gcount') this.#count = value
    else {
      this.#hasSum = true
      this.#hasNegativeSum = value < 0
      if (suffix === '_sum' && this.#hasNegativeBound) return 'want no _sum beside buckets with negative bounds'
    }
    return ''
  }

  /** After the last sample of the group. */
  finish(type: MetricType): string {
    if (!this.#isOpen) return ''
    const hasCount = !Number.isNaN(this.#count)
    if (this.#bound !== Number.POSITIVE_INFINITY) return 'want a bucket with le="+Inf"'
    if (hasCount && this.#count !== this.#bucketCount) return 'want the count that the bucket of +Inf holds'
    if (hasCount !== this.#hasSum) return 'want count and sum together'
    if (this.#hasSum && this.#hasNegativeBound && type === 'histogram') {
      return 'want no _sum beside buckets with negative bounds'
    }
    if (this.#hasNegativeSum && !this.#hasNegativeBound) return 'want a sum of at least 0 without negative bounds'
    return ''
  }
}
