import { ByteCursor, readVarint } from '@vantage/bytes'
import {
  assert,
  type Clock,
  type Fault,
  type LabelsOutcome,
  labelValue,
  METRIC_NAME,
  type MetricBatch,
} from '@vantage/model'
import { RefusedHistograms } from '../histogram.ts'
import { readLabels } from '../label-fields.ts'
import {
  FIELDS_PER_CLOCK_READ,
  HISTOGRAMS_MAX_PER_REQUEST,
  LABEL_LIMITS,
  type LabelLimits,
  ROWS_MAX_PER_REQUEST,
  SAMPLES_MAX_PER_REQUEST,
} from '../limits.ts'
import { cut, fieldEnd, readSample, skipField, tooMany } from './fields.ts'
import { nativeSeries, ROWS_PER_RUN, SAMPLES_PER_RUN } from './native-series.ts'
import { readExemplar, readMetadata } from './parts.ts'
import { readHistogram } from './wire-histogram.ts'

/**
 * Remote write 1.0 body (`prometheus.WriteRequest`, uncompressed) → rows of a metric batch.
 * Source: prometheus/prometheus prompb/remote.proto and types.proto; Remote-Write 1.0 specification.
 *
 *     WriteRequest  1 timeseries*  TimeSeries      3 metadata*  MetricMetadata
 *     TimeSeries    1 labels*      Label           2 samples*   Sample
 *                   3 exemplars*   Exemplar        4 histograms* Histogram
 *     Sample        1 value        double          2 timestamp  int64 (ms)
 *
 * Alias bytes of a row = its label fields with tags and lengths, as sent. Where a sender put other fields between
 * them, they are joined in an arena behind a copy of the body.
 */

const TAG_SERIES = 0x0a
const TAG_METADATA = 0x1a
const TAG_LABEL = 0x0a
const TAG_SAMPLE = 0x12
/** Ours: this server's requests to itself (scraping) say since when a sample counts; 1.0 has no field 3 in a Sample. */
const TAG_SAMPLE_START = 0x18
const TAG_EXEMPLAR = 0x1a
const TAG_HISTOGRAM = 0x22

export const REMOTE_WRITE_ALIAS_SPACE = 1

/**
 * Decodes one body at a time, in slices. Owner: one connection or one request; not for two bodies at once.
 * The body must stay as it is until the store has applied the batch: rows point into it.
 */
export class RemoteWriteDecoder {
  readonly #cursor = new ByteCursor()
  readonly #limits: LabelLimits
  #body: Uint8Array = new Uint8Array(0)
  #batch: MetricBatch | undefined
  /** End of the series that is open; 0 = between series. */
  #seriesEnd = 0
  #labelFrom = 0
  #labelTo = 0
  #rowSampleFrom = 0
  #exemplarFrom = 0
  #histogramFrom = 0
  readonly #refusedHistograms = new RefusedHistograms()
  #hasStrayLabels = false
  /** Label field ranges of the open series, only where they are not contiguous: from, to, from, to … */
  readonly #labelRanges: number[] = []
  /** Bytes in use of the arena, 0 where the rows point into the body itself. */
  #arenaLength = 0
  /** The body has series that are read one by one. */
  #isRunless = false

  constructor(limits: LabelLimits = LABEL_LIMITS) {
    this.#limits = limits
  }

  /** Begins with `body[0, length)`; `batch` must be reset and belongs to this decoder until `step` is done. */
  start(body: Uint8Array, length: number, batch: MetricBatch): void {
    assert(length <= body.length, 'remote write body is shorter than its length')
    this.#cursor.reset(body, 0, length)
    this.#body = body
    this.#batch = batch
    this.#seriesEnd = 0
    this.#arenaLength = 0
    this.#isRunless = false
    batch.bytes = body
    batch.aliasSpace = REMOTE_WRITE_ALIAS_SPACE
    batch.labelsOf = (row) => this.labelsOf(row)
  }

  /**
   * Goes on until the body is done or `clock.monotonicMs()` reaches `deadlineMs`.
   * @returns `more`: call again in a later turn; `done`: the batch is complete; a fault: the body is no
   *   WriteRequest (bad_request) or has too many samples (too_large), and nothing of the batch may be used
   */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const cursor = this.#cursor
    let fields = 0
    while (true) {
      if (this.#seriesEnd !== 0) {
        const bad = this.#readSeries(FIELDS_PER_CLOCK_READ - fields)
        if (bad !== undefined) return bad
        if (this.#seriesEnd !== 0) {
          if (clock.monotonicMs() >= deadlineMs) return 'more'
          fields = 0
          continue
        }
      }
      if (cursor.at >= cursor.end) return 'done'
      fields += 8 + this.#readRun()
      if (cursor.at >= cursor.end) return 'done'
      if (fields >= FIELDS_PER_CLOCK_READ) {
        if (clock.monotonicMs() >= deadlineMs) return 'more'
        fields = 0
      }
      const bad = this.#readTop()
      if (bad !== undefined) return bad
    }
  }

  /** Parses the labels of a row of the batch last decoded. */
  labelsOf(row: number): LabelsOutcome {
    const batch = this.#openBatch()
    return readLabels(batch.bytes, batch.aliasStart[row] as number, batch.aliasEnd[row] as number, this.#limits)
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }

  /** Fast path: plain series, many at once. @returns how many fields that were */
  #readRun(): number {
    const batch = this.#openBatch()
    const { rowCount, sampleCount } = batch
    if (this.#isRunless || sampleCount + SAMPLES_PER_RUN > SAMPLES_MAX_PER_REQUEST) return 0
    if (rowCount + ROWS_PER_RUN > ROWS_MAX_PER_REQUEST || this.#arenaLength > 0) return 0
    const cursor = this.#cursor
    cursor.at = nativeSeries()?.read(cursor.bytes, cursor.at, cursor.end, batch) ?? cursor.at
    // Series that the loop leaves have others like them behind them.
    this.#isRunless = batch.rowCount === rowCount
    return batch.rowCount - rowCount + batch.sampleCount - sampleCount
  }

  #readTop(): Fault | undefined {
    const cursor = this.#cursor
    const at = cursor.at
    // Fast path: a series of up to 16 KiB, its length in two bytes.
    const bytes = cursor.bytes
    if (bytes[at] === TAG_SERIES && at + 2 < cursor.end) {
      const low = bytes[at + 1] as number
      const high = bytes[at + 2] as number
      const end = at + 3 + (low & 0x7f) + high * 128
      if (low > 0x7f && high < 0x80 && end <= cursor.end) {
        cursor.at = at + 3
        this.#openSeries(end)
        return undefined
      }
    }
    const tag = readVarint(cursor)
    if ((tag === TAG_SERIES || tag === TAG_METADATA) && !cursor.isBad) {
      const length = readVarint(cursor)
      const end = cursor.at + length
      if (cursor.isBad || end > cursor.end) return cut('field of WriteRequest', at, cursor.end - at)
      if (tag === TAG_SERIES) this.#openSeries(end)
      else {
        if (!readMetadata(cursor.bytes, cursor.at, end, this.#openBatch())) return cut('metadata', at, length)
        cursor.at = end
      }
      return undefined
    }
    return skipField(cursor, tag, at)
  }

  #openSeries(end: number): void {
    const batch = this.#openBatch()
    this.#seriesEnd = end
    this.#labelFrom = this.#cursor.at
    this.#labelTo = this.#cursor.at
    this.#rowSampleFrom = batch.sampleCount
    this.#exemplarFrom = batch.exemplars.length
    this.#histogramFrom = batch.histogramCount
    this.#refusedHistograms.reset()
    this.#hasStrayLabels = false
    // Setting a length is a call into the engine, so only where there is something to drop.
    if (this.#labelRanges.length > 0) this.#labelRanges.length = 0
  }

  /** Reads at most `fieldsMax` fields of the open series and closes it at its end. */
  #readSeries(fieldsMax: number): Fault | undefined {
    const cursor = this.#cursor
    const batch = this.#openBatch()
    const end = this.#seriesEnd
    let left = fieldsMax
    while (cursor.at < end) {
      this.#skipLabels(end)
      if (cursor.at >= end) break
      if (left-- <= 0) return undefined
      const at = cursor.at
      const tag = cursor.bytes[at] as number
      if (tag === TAG_SAMPLE) {
        if (!readSample(cursor, end, batch, TAG_SAMPLE_START)) return cut('sample', at, end - at)
        if (batch.sampleCount > SAMPLES_MAX_PER_REQUEST) return tooMany('samples', SAMPLES_MAX_PER_REQUEST)
      } else if (tag === TAG_LABEL) {
        cursor.at = at + 1
        const next = fieldEnd(cursor, end)
        if (next < 0) return cut('label', at, end - at)
        this.#addLabel(at, next)
        cursor.at = next
      } else {
        const bad = this.#readRare(at, end)
        if (bad !== undefined) return bad
      }
    }
    this.#seriesEnd = 0
    return this.#closeSeries()
  }

  /**
   * Fast path: labels of up to 127 bytes that follow each other are passed over without a look inside. Stops where
   * anything else begins, which the caller reads.
   */
  #skipLabels(end: number): void {
    const bytes = this.#cursor.bytes
    let at = this.#cursor.at
    if (at !== this.#labelTo || this.#hasStrayLabels) return
    while (at + 1 < end && bytes[at] === TAG_LABEL) {
      const length = bytes[at + 1] as number
      if (length > 0x7f || at + 2 + length > end) break
      at += 2 + length
    }
    this.#labelTo = at
    this.#cursor.at = at
  }

  #addLabel(from: number, to: number): void {
    if (from === this.#labelTo && !this.#hasStrayLabels) {
      this.#labelTo = to
      return
    }
    if (!this.#hasStrayLabels && this.#labelFrom === this.#labelTo) {
      this.#labelFrom = from
      this.#labelTo = to
      return
    }
    if (!this.#hasStrayLabels) {
      this.#hasStrayLabels = true
      this.#labelRanges.push(this.#labelFrom, this.#labelTo)
    }
    this.#labelRanges.push(from, to)
  }

  #readRare(at: number, seriesEnd: number): Fault | undefined {
    const cursor = this.#cursor
    const tag = readVarint(cursor)
    if ((tag !== TAG_EXEMPLAR && tag !== TAG_HISTOGRAM) || cursor.isBad) {
      const outerEnd = cursor.end
      cursor.end = seriesEnd
      const bad = skipField(cursor, tag, at)
      cursor.end = outerEnd
      return bad
    }
    const end = fieldEnd(cursor, seriesEnd)
    if (end < 0) return cut(tag === TAG_EXEMPLAR ? 'exemplar' : 'histogram', at, seriesEnd - at)
    const batch = this.#openBatch()
    // A bad exemplar is dropped with a warning: it never fails the request.
    if (tag === TAG_EXEMPLAR) readExemplar(cursor.bytes, cursor.at, end, batch, batch.rowCount)
    else if (!readHistogram(cursor.bytes, cursor.at, end, batch, this.#refusedHistograms))
      return cut('histogram', at, end - at)
    cursor.at = end
    if (batch.histogramCount > HISTOGRAMS_MAX_PER_REQUEST) return tooMany('histograms', HISTOGRAMS_MAX_PER_REQUEST)
    return undefined
  }

  #closeSeries(): Fault | undefined {
    const batch = this.#openBatch()
    if (this.#hasStrayLabels) this.#joinLabels()
    if (this.#refusedHistograms.count > 0) this.#tellRefused()
    const isEmpty =
      batch.sampleCount === this.#rowSampleFrom &&
      batch.exemplars.length === this.#exemplarFrom &&
      batch.histogramCount === this.#histogramFrom
    if (isEmpty) return undefined
    batch.endRow(this.#labelFrom, this.#labelTo)
    if (batch.rowCount > ROWS_MAX_PER_REQUEST) return tooMany('series', ROWS_MAX_PER_REQUEST)
    return undefined
  }

  /** Copies stray label fields behind each other, behind a copy of the body, so that old offsets stay valid. */
  #joinLabels(): void {
    const batch = this.#openBatch()
    const bodyLength = this.#cursor.end
    if (this.#arenaLength === 0) {
      // Joined labels of all series are at most the body once more.
      const arena = new Uint8Array(bodyLength * 2)
      arena.set(this.#body.subarray(0, bodyLength))
      batch.bytes = arena
      this.#arenaLength = bodyLength
    }
    this.#labelFrom = this.#arenaLength
    for (let i = 0; i < this.#labelRanges.length; i += 2) {
      const range = this.#body.subarray(this.#labelRanges[i], this.#labelRanges[i + 1])
      batch.bytes.set(range, this.#arenaLength)
      this.#arenaLength += range.length
    }
    this.#labelTo = this.#arenaLength
  }

  #tellRefused(): void {
    const batch = this.#openBatch()
    const labels = readLabels(batch.bytes, this.#labelFrom, this.#labelTo, this.#limits)
    this.#refusedHistograms.tell(batch, labels.ok ? labelValue(labels.labels, METRIC_NAME) : '')
  }
}
