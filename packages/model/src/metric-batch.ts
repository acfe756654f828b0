import type { Exemplar, MetricMetadata } from './columns.ts'
import type { Labels } from './labels.ts'

/**
 * One decoded metrics request in columns, the same for every door. Filled by a decoder, read by the store.
 *
 * Owner: the request that holds it, from decode until its log write is done; then it is reset and reused.
 * Rows are *series runs*: row r is one series with the samples [sampleFrom[r], sampleFrom[r + 1]).
 * A series may occur in several rows. Times inside a row may be in any order.
 *
 * Each row names its series by **alias bytes** `bytes[aliasStart[r], aliasEnd[r])`: any bytes that always mean the
 * same label set for this tenant and `aliasSpace`. For remote write these are the raw label fields as sent; for
 * OTLP an interned prefix id and the raw attribute bytes. The store finds the series by them without parsing, and
 * calls `labelsOf` only for bytes that it meets for the first time.
 */
export class MetricBatch {
  /** What alias bytes point into; set by the decoder to the body or to its own arena. */
  bytes: Uint8Array = new Uint8Array(0)
  /** One byte mixed into the alias hash, so that doors with different alias forms never meet. */
  aliasSpace = 0
  rowCount = 0
  aliasStart = new Int32Array(1024)
  aliasEnd = new Int32Array(1024)
  /** Length rowCount + 1 once finished: `sampleFrom[rowCount] === sampleCount`. */
  sampleFrom = new Int32Array(1025)
  /** Item index in the request of each row (the unit the client counts), for verdicts and error text. */
  sampleCount = 0
  times = new Float64Array(1024)
  values = new Float64Array(1024)
  /** The same memory as `values`: decoders write 64-bit patterns through it, low half first. */
  halves = new Uint32Array(this.values.buffer)
  /** Per sample: start of the interval of a delta point (unix ms), or NaN where the sample is cumulative or a gauge. */
  deltaStarts: Float64Array | undefined
  /**
   * Per sample: when the counter behind it began to count (unix ms), 0 where nobody said so. Absent = nobody did, which
   * costs nothing; `noteStart` makes it.
   */
  startTimes: Float64Array | undefined
  /**
   * Native histograms, beside the samples: histogram h is one sample of row `histogramRows[h]`, encoded
   * (`encodeHistogram`) in `histogramBytes[histogramFrom[h], histogramFrom[h + 1])`. Rows ascend.
   */
  histogramCount = 0
  histogramRows = new Int32Array(0)
  histogramTimes = new Float64Array(0)
  histogramFrom = new Int32Array(1)
  histogramBytes = new Uint8Array(0)
  /** Per histogram, like `startTimes`; `noteHistogramStart` makes it. */
  histogramStartTimes: Float64Array | undefined
  /** Per histogram, like `deltaStarts`; `noteHistogramDelta` makes it. */
  histogramDeltaStarts: Float64Array | undefined
  readonly exemplars: { readonly row: number; readonly exemplar: Exemplar }[] = []
  readonly metadata: MetricMetadata[] = []
  /** Refused while decoding (stateless checks), before the store saw anything. */
  readonly refused: Refusal[] = []
  /** Things the client should know although nothing was refused (truncated attribute, rounded counter). */
  readonly warnings: string[] = []
  /** Parses a row's labels; called by the store while it applies the batch, never later. */
  labelsOf: (row: number) => LabelsOutcome = () => ({ ok: true, labels: [] })

  reset(): void {
    this.rowCount = 0
    this.sampleCount = 0
    this.sampleFrom[0] = 0
    this.histogramCount = 0
    this.deltaStarts = undefined
    this.startTimes = undefined
    this.histogramStartTimes = undefined
    this.histogramDeltaStarts = undefined
    this.exemplars.length = 0
    this.metadata.length = 0
    this.refused.length = 0
    this.warnings.length = 0
  }

  /** Opens row `rowCount`; its samples are those pushed until the next call of `endRow`. */
  growRows(): void {
    const size = this.aliasStart.length * 2
    this.aliasStart = copyInts(this.aliasStart, size)
    this.aliasEnd = copyInts(this.aliasEnd, size)
    this.sampleFrom = copyInts(this.sampleFrom, size + 1)
  }

  growSamples(): void {
    const size = this.times.length * 2
    const values = copyDoubles(this.values, size)
    this.times = copyDoubles(this.times, size)
    this.values = values
    this.halves = new Uint32Array(values.buffer)
    if (this.deltaStarts !== undefined) this.deltaStarts = copyDoubles(this.deltaStarts, size)
    if (this.startTimes !== undefined) this.startTimes = copyDoubles(this.startTimes, size)
  }

  /** Forgets the samples and histograms behind these counts: those of a row that was not ended. */
  dropBehind(sampleCount: number, histogramCount: number): void {
    this.startTimes?.fill(0, sampleCount, this.sampleCount)
    this.histogramStartTimes?.fill(0, histogramCount, this.histogramCount)
    this.histogramDeltaStarts?.fill(Number.NaN, histogramCount, this.histogramCount)
    this.sampleCount = sampleCount
    this.histogramCount = histogramCount
  }

  /** Says since when sample `sample` counts; one that is there already. */
  noteStart(sample: number, startMs: number): void {
    if (this.startTimes === undefined) {
      if (startMs === 0) return
      this.startTimes = new Float64Array(this.times.length)
    }
    this.startTimes[sample] = startMs
  }

  /** The same for histogram `at`. */
  noteHistogramStart(at: number, startMs: number): void {
    if (this.histogramStartTimes === undefined) {
      if (startMs === 0) return
      this.histogramStartTimes = new Float64Array(this.histogramTimes.length)
    }
    this.histogramStartTimes[at] = startMs
  }

  /** Says that histogram `at`, one that is there already, counts from `startMs` to its time and no more. */
  noteHistogramDelta(at: number, startMs: number): void {
    this.histogramDeltaStarts ??= new Float64Array(this.histogramTimes.length).fill(Number.NaN)
    this.histogramDeltaStarts[at] = startMs
  }

  /** Closes the row that holds all samples pushed since the last call. */
  endRow(aliasStart: number, aliasEnd: number): void {
    if (this.rowCount === this.aliasStart.length) this.growRows()
    this.aliasStart[this.rowCount] = aliasStart
    this.aliasEnd[this.rowCount] = aliasEnd
    this.rowCount++
    this.sampleFrom[this.rowCount] = this.sampleCount
  }

  /** Convenience for doors that are not hot; hot decoders write the columns themselves. */
  pushSample(timeMs: number, value: number): void {
    if (this.sampleCount === this.times.length) this.growSamples()
    this.times[this.sampleCount] = timeMs
    this.values[this.sampleCount] = value
    this.sampleCount++
  }

  /** Adds an encoded histogram to the row that the next `endRow` closes; copies the bytes. */
  pushHistogram(timeMs: number, encoded: Uint8Array): void {
    const at = this.histogramCount
    if (at === this.histogramTimes.length) this.#growHistograms()
    const from = this.histogramFrom[at] as number
    const to = from + encoded.length
    if (to > this.histogramBytes.length) {
      const bytes = new Uint8Array(Math.max(to, this.histogramBytes.length * 2, 4096))
      bytes.set(this.histogramBytes.subarray(0, from))
      this.histogramBytes = bytes
    }
    this.histogramBytes.set(encoded, from)
    this.histogramRows[at] = this.rowCount
    this.histogramTimes[at] = timeMs
    this.histogramFrom[at + 1] = to
    this.histogramCount++
  }

  #growHistograms(): void {
    const size = Math.max(64, this.histogramTimes.length * 2)
    this.histogramTimes = copyDoubles(this.histogramTimes, size)
    if (this.histogramStartTimes !== undefined) this.histogramStartTimes = copyDoubles(this.histogramStartTimes, size)
    if (this.histogramDeltaStarts !== undefined) {
      const from = this.histogramDeltaStarts.length
      this.histogramDeltaStarts = copyDoubles(this.histogramDeltaStarts, size).fill(Number.NaN, from)
    }
    this.histogramRows = copyInts(this.histogramRows, size)
    this.histogramFrom = copyInts(this.histogramFrom, size + 1)
  }
}

function copyInts(from: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(size)
  to.set(from)
  return to
}

function copyDoubles(from: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(size)
  to.set(from)
  return to
}

export type LabelsOutcome =
  | { readonly ok: true; readonly labels: Labels }
  | { readonly ok: false; readonly reason: ItemReason; readonly message: string }

/** Why an item was refused: a closed list, the label `reason` of `vantage_discarded_items_total`. */
export const ITEM_REASONS = [
  'missing_name',
  'invalid_utf8',
  'duplicate_label',
  'empty_label_name',
  'too_many_labels',
  'label_name_too_long',
  'label_value_too_long',
  'series_limit',
  'stream_limit',
  'out_of_order',
  'duplicate_timestamp',
  'too_old',
  'too_far_in_future',
  'line_too_long',
  'too_many_attributes',
  'nested_too_deep',
  'invalid_id',
  'invalid_value',
  'histogram_invalid',
  'tenant_rate',
  'trace_too_large',
] as const

export type ItemReason = (typeof ITEM_REASONS)[number]

/** `count` items of the request that were refused for one reason; `message` shows the first of them. */
export interface Refusal {
  readonly reason: ItemReason
  readonly count: number
  readonly message: string
}

/**
 * What happened to a batch in the store. Sum check: samples in batch = stored + duplicates + refused, where native
 * histograms count as samples.
 */
export interface ApplyOutcome {
  readonly storedSamples: number
  /** Same series, time and value again: accepted silently. */
  readonly duplicateSamples: number
  /** Native histograms that are stored or were there already. */
  readonly storedHistograms: number
  readonly storedExemplars: number
  /** Series that the batch named for the first time. */
  readonly createdSeries: number
  readonly refused: readonly Refusal[]
  /**
   * Bit i set = sample i of the batch was refused; absent = all taken. Native histogram h is bit `sampleCount + h`.
   * Goes into the log record.
   */
  readonly verdict: Uint8Array | undefined
}
