import { getUint32, type ReusableBuffer } from '@vantage/bytes'
import { type Exemplar, type Histogram, labelsFrom, type MetricBatch, STALE_HIGH, STALE_LOW } from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { EXEMPLAR_LABEL_BYTES_MAX, EXEMPLARS_MAX_PER_REQUEST } from '../limits.ts'
import { refuseItems, warnOnce } from '../refusals.ts'
import { readAttribute } from './any-value.ts'
import { ExponentialFields } from './exponential.ts'
import * as field from './fields.ts'
import { KINDS, type MetricContext, SUFFIXES } from './labels.ts'

/** `limits.maxBuckets` of one histogram. */
const BUCKETS_MAX = 320

/** Takes the rows of a point; every row has the point's attributes. */
export interface RowWriter {
  /**
   * @param startMs of the interval of a delta point, else NaN
   * @param sinceMs when a cumulative point began to count; 0 = unknown, or it is none
   */
  writeRow(
    timeMs: number,
    startMs: number,
    sinceMs: number,
    low: number,
    high: number,
    suffix: number,
    extra: number,
  ): void
  /**
   * `startMs` and `sinceMs` as above.
   * @returns why the histogram is refused, or undefined
   */
  writeHistogramRow(timeMs: number, startMs: number, sinceMs: number, histogram: Histogram): string | undefined
}

/**
 * Reads data points of all kinds into rows. Owner: one decoder. Between `read` calls it holds nothing of a point;
 * inside, `attributeBytes` and `copyAttributes` are about the point that is read.
 */
export class PointReader {
  readonly #rows: RowWriter
  readonly #cursor = new FieldCursor()
  readonly #inner = new FieldCursor()
  #body: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #bodyLength = 0
  #batch: MetricBatch | undefined
  /** Attribute fields of the point with their tags: from, to, from, to … */
  readonly #ranges: number[] = []
  readonly #exemplars: number[] = []
  readonly #exponential = new ExponentialFields()
  readonly #bits = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#bits.buffer)
  #timeMs = 0
  #startMs = 0
  #low = 0
  #high = 0
  #isStale = false

  constructor(rows: RowWriter) {
    this.#rows = rows
  }

  start(body: Uint8Array, length: number, batch: MetricBatch): void {
    this.#body = body
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#bodyLength = length
    this.#batch = batch
  }

  /** @returns its cost in fields, or undefined where the point is malformed */
  read(context: MetricContext, from: number, to: number): number | undefined {
    this.#ranges.length = 0
    this.#exemplars.length = 0
    this.#timeMs = 0
    this.#startMs = 0
    this.#low = 0
    this.#high = 0
    this.#isStale = false
    this.#cursor.reset(this.#body, from, to)
    if (context.kind === KINDS.histogram) return this.#histogram(context)
    if (context.kind === KINDS.exponentialHistogram) return this.#exponentialHistogram(context)
    if (context.kind === KINDS.summary) return this.#summary(context)
    return this.#number(context)
  }

  attributeBytes(): number {
    let sum = 0
    for (let i = 0; i < this.#ranges.length; i += 2)
      sum += (this.#ranges[i + 1] as number) - (this.#ranges[i] as number)
    return sum
  }

  /** `into` has room and slop: whole words may run over the end. */
  copyAttributes(into: ReusableBuffer, outAt: number): number {
    let to = outAt
    for (let r = 0; r < this.#ranges.length; r += 2) {
      const from = this.#ranges[r] as number
      const length = (this.#ranges[r + 1] as number) - from
      if (from + length + 4 <= this.#bodyLength) {
        for (let i = 0; i < length; i += 4) into.view.setInt32(to + i, this.#view.getInt32(from + i, true), true)
      } else into.bytes.set(this.#body.subarray(from, from + length), to)
      to += length
    }
    return to
  }

  #number(context: MetricContext): number | undefined {
    const cursor = this.#cursor
    let at = cursor.at
    let cost = 4
    for (; nextField(cursor); at = cursor.at, cost++) {
      const tag = cursor.tag
      if (tag === field.POINT_TIME) this.#timeMs = millisAt(this.#body, cursor.from)
      else if (tag === field.POINT_START) this.#startMs = millisAt(this.#body, cursor.from)
      else if (tag === field.NUMBER_DOUBLE) {
        this.#low = getUint32(this.#body, cursor.from)
        this.#high = getUint32(this.#body, cursor.from + 4)
      } else if (tag === field.NUMBER_INT) this.#setInteger(cursor.from, true)
      else if (tag === field.NUMBER_ATTRIBUTES) this.#addRange(at, cursor.to)
      else if (tag === field.NUMBER_FLAGS) this.#isStale = (fieldVarint(cursor) & field.FLAG_NO_RECORDED_VALUE) !== 0
      else if (tag === field.NUMBER_EXEMPLARS) this.#exemplars.push(cursor.from, cursor.to)
    }
    if (cursor.isBad) return undefined
    const row = (this.#batch as MetricBatch).rowCount
    this.#row(context, SUFFIXES.value, 0)
    for (let i = 0; i < this.#exemplars.length; i += 2) {
      this.#exemplar(this.#exemplars[i] as number, this.#exemplars[i + 1] as number, () => row)
    }
    return cost
  }

  #histogram(context: MetricContext): number | undefined {
    const cursor = this.#cursor
    const counts: number[] = []
    const bounds: number[] = []
    let countAt = -1
    let sumAt = -1
    let isTooLarge = false
    let at = cursor.at
    for (; nextField(cursor); at = cursor.at) {
      const { tag, from, to } = cursor
      if (tag === field.POINT_TIME) this.#timeMs = millisAt(this.#body, from)
      else if (tag === field.POINT_START) this.#startMs = millisAt(this.#body, from)
      else if (tag === field.HISTOGRAM_COUNT) countAt = from
      else if (tag === field.HISTOGRAM_SUM) sumAt = from
      else if (tag === field.HISTOGRAM_ATTRIBUTES) this.#addRange(at, to)
      else if (tag === field.HISTOGRAM_FLAGS) this.#isStale = (fieldVarint(cursor) & field.FLAG_NO_RECORDED_VALUE) !== 0
      else if (tag === field.HISTOGRAM_EXEMPLARS) this.#exemplars.push(from, to)
      else {
        const isCount = tag === field.HISTOGRAM_BUCKETS || tag === field.HISTOGRAM_BUCKET
        const isBound = tag === field.HISTOGRAM_BOUNDS || tag === field.HISTOGRAM_BOUND
        if (!isCount && !isBound) continue
        if ((to - from) % 8 !== 0) return undefined
        for (let p = from; p < to && !isTooLarge; p += 8) {
          if (isCount) counts.push(this.#count(p))
          else bounds.push(this.#view.getFloat64(p, true))
          isTooLarge = counts.length > BUCKETS_MAX || bounds.length >= BUCKETS_MAX
        }
      }
    }
    if (cursor.isBad) return undefined
    const problem = isTooLarge
      ? `want at most ${BUCKETS_MAX} buckets (limits.maxBuckets)`
      : bucketProblem(counts, bounds)
    if (problem !== undefined) {
      refuseItems(this.#batch as MetricBatch, 'histogram_invalid', 1, `histogram: ${problem}`)
      return 8
    }
    this.#histogramRows(context, counts, bounds, countAt, sumAt)
    return 8 + bounds.length * 4
  }

  #histogramRows(
    context: MetricContext,
    counts: readonly number[],
    bounds: readonly number[],
    countAt: number,
    sumAt: number,
  ): void {
    const batch = this.#batch as MetricBatch
    if (sumAt >= 0) {
      this.#low = getUint32(this.#body, sumAt)
      this.#high = getUint32(this.#body, sumAt + 4)
      this.#row(context, SUFFIXES.sum, 0)
    }
    const total = countAt < 0 ? 0 : this.#count(countAt)
    this.#setDouble(total)
    this.#row(context, SUFFIXES.count, 0)
    const firstBucket = batch.rowCount
    let below = 0
    for (let i = 0; i < bounds.length; i++) {
      below += counts[i] ?? 0
      this.#setDouble(below)
      this.#row(context, SUFFIXES.bucket, bounds[i] as number)
    }
    // An explicit +Inf bound has made this row already.
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) {
      this.#setDouble(total)
      this.#row(context, SUFFIXES.bucket, Number.POSITIVE_INFINITY)
    }
    const bucketOf = (value: number) => {
      const i = bounds.findIndex((bound) => value <= bound)
      return firstBucket + (i < 0 ? bounds.length : i)
    }
    for (let i = 0; i < this.#exemplars.length; i += 2) {
      this.#exemplar(this.#exemplars[i] as number, this.#exemplars[i + 1] as number, bucketOf)
    }
  }

  #exponentialHistogram(context: MetricContext): number | undefined {
    const cursor = this.#cursor
    const exponential = this.#exponential
    exponential.reset()
    let at = cursor.at
    for (; nextField(cursor); at = cursor.at) {
      const { tag, from, to } = cursor
      if (tag === field.POINT_TIME) this.#timeMs = millisAt(this.#body, from)
      else if (tag === field.POINT_START) this.#startMs = millisAt(this.#body, from)
      else if (tag === field.EXPONENTIAL_ATTRIBUTES) this.#addRange(at, to)
      else if (tag === field.EXPONENTIAL_EXEMPLARS) this.#exemplars.push(from, to)
      else if (tag === field.EXPONENTIAL_FLAGS)
        this.#isStale = (fieldVarint(cursor) & field.FLAG_NO_RECORDED_VALUE) !== 0
      else if (tag === field.EXPONENTIAL_COUNT) exponential.count = this.#count(from)
      else if (tag === field.EXPONENTIAL_SUM) exponential.sum = this.#view.getFloat64(from, true)
      else if (tag === field.EXPONENTIAL_SCALE) exponential.setScale(this.#body, from, to)
      else if (tag === field.EXPONENTIAL_ZERO_COUNT) exponential.zeroCount = this.#count(from)
      else if (tag === field.EXPONENTIAL_ZERO_THRESHOLD) exponential.zeroThreshold = this.#view.getFloat64(from, true)
      else if (tag === field.EXPONENTIAL_POSITIVE || tag === field.EXPONENTIAL_NEGATIVE) {
        if (!exponential.readSide(tag === field.EXPONENTIAL_POSITIVE, this.#body, from, to)) return undefined
      }
    }
    if (cursor.isBad) return undefined
    const batch = this.#batch as MetricBatch
    const row = batch.rowCount
    if (this.#isStale) this.#row(context, SUFFIXES.value, 0)
    else {
      const isDelta = context.temporality === field.TEMPORALITY_DELTA
      const histogram = exponential.finish(isDelta)
      const startMs = isDelta ? this.#startMs : Number.NaN
      const sinceMs = isDelta ? 0 : this.#startMs
      const problem =
        typeof histogram === 'string'
          ? histogram
          : this.#rows.writeHistogramRow(this.#timeMs, startMs, sinceMs, histogram)
      if (problem !== undefined) {
        refuseItems(batch, 'histogram_invalid', 1, `exponential histogram: ${problem}`)
        return 16
      }
    }
    for (let i = 0; i < this.#exemplars.length; i += 2) {
      this.#exemplar(this.#exemplars[i] as number, this.#exemplars[i + 1] as number, () => row)
    }
    return 64
  }

  #summary(context: MetricContext): number | undefined {
    const cursor = this.#cursor
    const quantiles: number[] = []
    let countAt = -1
    let sumAt = -1
    let at = cursor.at
    for (; nextField(cursor); at = cursor.at) {
      const { tag, from, to } = cursor
      if (tag === field.POINT_TIME) this.#timeMs = millisAt(this.#body, from)
      else if (tag === field.POINT_START) this.#startMs = millisAt(this.#body, from)
      else if (tag === field.SUMMARY_COUNT) countAt = from
      else if (tag === field.SUMMARY_SUM) sumAt = from
      else if (tag === field.SUMMARY_ATTRIBUTES) this.#addRange(at, to)
      else if (tag === field.SUMMARY_FLAGS) this.#isStale = (fieldVarint(cursor) & field.FLAG_NO_RECORDED_VALUE) !== 0
      else if (tag === field.SUMMARY_QUANTILES) quantiles.push(from, to)
    }
    if (cursor.isBad) return undefined
    this.#low = sumAt < 0 ? 0 : getUint32(this.#body, sumAt)
    this.#high = sumAt < 0 ? 0 : getUint32(this.#body, sumAt + 4)
    this.#row(context, SUFFIXES.sum, 0)
    this.#setDouble(countAt < 0 ? 0 : this.#count(countAt))
    this.#row(context, SUFFIXES.count, 0)
    for (let i = 0; i < quantiles.length; i += 2) {
      if (!this.#quantile(context, quantiles[i] as number, quantiles[i + 1] as number)) return undefined
    }
    return 8 + quantiles.length * 4
  }

  #quantile(context: MetricContext, from: number, to: number): boolean {
    const inner = this.#inner
    let quantile = 0
    this.#low = 0
    this.#high = 0
    inner.reset(this.#body, from, to)
    while (nextField(inner)) {
      if (inner.tag === field.QUANTILE_QUANTILE) quantile = this.#view.getFloat64(inner.from, true)
      else if (inner.tag === field.QUANTILE_VALUE) {
        this.#low = getUint32(this.#body, inner.from)
        this.#high = getUint32(this.#body, inner.from + 4)
      }
    }
    if (!inner.isBad) this.#row(context, SUFFIXES.quantile, quantile)
    return !inner.isBad
  }

  #row(context: MetricContext, suffix: number, extra: number): void {
    const low = this.#isStale ? STALE_LOW : this.#low
    const high = this.#isStale ? STALE_HIGH : this.#high
    const isDelta = context.temporality === field.TEMPORALITY_DELTA && context.kind !== KINDS.gauge
    // A marker is no part of the sum: it says that the series ends here.
    const startMs = isDelta && !this.#isStale ? this.#startMs : Number.NaN
    const sinceMs = !isDelta && isCounting(context, suffix) ? this.#startMs : 0
    this.#rows.writeRow(this.#timeMs, startMs, sinceMs, low, high, suffix, extra)
  }

  /** Attribute fields that follow each other are one range. */
  #addRange(from: number, to: number): void {
    const last = this.#ranges.length - 1
    if (last > 0 && this.#ranges[last] === from) this.#ranges[last] = to
    else this.#ranges.push(from, to)
  }

  #setDouble(value: number): void {
    this.#bits[0] = value
    this.#low = this.#halves[0] as number
    this.#high = this.#halves[1] as number
  }

  /** A count (fixed64) as a double; beyond 2^53 it is rounded, and the client hears of it. */
  #count(at: number): number {
    const low = getUint32(this.#body, at)
    const high = getUint32(this.#body, at + 4)
    if (high >= 0x200000) warnOnce(this.#batch as MetricBatch, 'integers beyond 2^53 were rounded')
    return high * 4294967296 + low
  }

  #setInteger(at: number, isSigned: boolean): void {
    const low = getUint32(this.#body, at)
    const high = getUint32(this.#body, at + 4)
    const value = (isSigned ? high | 0 : high) * 4294967296 + low
    if (!Number.isSafeInteger(value)) warnOnce(this.#batch as MetricBatch, 'integers beyond 2^53 were rounded')
    this.#setDouble(value)
  }

  /** An exemplar that cannot be kept is dropped with a warning; it never costs the point. */
  #exemplar(from: number, to: number, rowOf: (value: number) => number): void {
    const batch = this.#batch as MetricBatch
    if (batch.exemplars.length >= EXEMPLARS_MAX_PER_REQUEST) {
      warnOnce(batch, `exemplars beyond ${EXEMPLARS_MAX_PER_REQUEST} in one request were dropped`)
      return
    }
    const exemplar = readExemplar(this.#body, this.#view, this.#inner, from, to)
    if (exemplar === undefined) warnOnce(batch, 'exemplar dropped: it is malformed, not UTF-8 or too long')
    else batch.exemplars.push({ row: rowOf(exemplar.value), exemplar })
  }
}

/** True for rows that only grow since a start: gauges, sums that may fall and quantiles have none. */
export function isCounting(context: MetricContext, suffix: number): boolean {
  if (suffix === SUFFIXES.quantile || context.kind === KINDS.gauge) return false
  return context.kind !== KINDS.sum || context.isMonotonic
}

function bucketProblem(counts: readonly number[], bounds: readonly number[]): string | undefined {
  if (counts.length === 0 && bounds.length === 0) return undefined
  if (counts.length !== bounds.length + 1)
    return `want one bucket more than bounds, got ${counts.length} and ${bounds.length}`
  for (let i = 0; i < bounds.length; i++) {
    if (!((bounds[i] as number) > (bounds[i - 1] ?? Number.NEGATIVE_INFINITY)))
      return `want ascending bounds, got ${bounds[i]} at ${i}`
  }
  return undefined
}

/** Exemplar labels as Prometheus has them: trace_id and span_id in hex, then the filtered attributes. */
function readExemplar(
  body: Uint8Array,
  view: DataView,
  cursor: FieldCursor,
  from: number,
  to: number,
): Exemplar | undefined {
  const pairs: string[] = []
  let value = 0
  let timeMs = 0
  cursor.reset(body, from, to)
  while (nextField(cursor)) {
    const tag = cursor.tag
    if (tag === field.EXEMPLAR_TIME) timeMs = millisAt(body, cursor.from)
    else if (tag === field.EXEMPLAR_DOUBLE) value = view.getFloat64(cursor.from, true)
    else if (tag === field.EXEMPLAR_INT) {
      value = (getUint32(body, cursor.from + 4) | 0) * 4294967296 + getUint32(body, cursor.from)
    } else if (tag === field.EXEMPLAR_TRACE_ID && cursor.to - cursor.from === 16)
      pairs.push('trace_id', hex(body, cursor.from, cursor.to))
    else if (tag === field.EXEMPLAR_SPAN_ID && cursor.to - cursor.from === 8)
      pairs.push('span_id', hex(body, cursor.from, cursor.to))
    else if (tag === field.EXEMPLAR_ATTRIBUTES && readAttribute(body, cursor.from, cursor.to, pairs) !== undefined)
      return undefined
  }
  if (cursor.isBad) return undefined
  const entries: [string, string][] = []
  let bytes = 0
  for (let i = 0; i < pairs.length; i += 2) {
    bytes += Buffer.byteLength(pairs[i] as string) + Buffer.byteLength(pairs[i + 1] as string)
    if (pairs[i] !== '') entries.push([pairs[i] as string, pairs[i + 1] as string])
  }
  if (bytes > EXEMPLAR_LABEL_BYTES_MAX) return undefined
  return { labels: labelsFrom(entries), value, timeMs }
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('hex')
}

/**
 * Unix nanoseconds (fixed64) → whole milliseconds, rounded down. A double of nanoseconds is off by up to 128, which
 * would move exact milliseconds: the division is done in two exact steps.
 */
function millisAt(bytes: Uint8Array, at: number): number {
  const low = getUint32(bytes, at)
  const high = getUint32(bytes, at + 4)
  const highMillis = Math.floor(high / 1_000_000)
  return highMillis * 4294967296 + Math.floor(((high % 1_000_000) * 4294967296 + low) / 1_000_000)
}
