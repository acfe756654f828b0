import { ByteCursor, readVarint, readVarint64, readVarintSigned } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, type LabelsOutcome, type MetricBatch } from '@vantage/model'
import {
  FIELDS_PER_CLOCK_READ,
  LABEL_LIMITS,
  type LabelLimits,
  ROWS_MAX_PER_REQUEST,
  SAMPLES_MAX_PER_REQUEST,
} from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import { readExemplar, readLabels, readMetadata } from './parts.ts'

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
  #histogramCount = 0
  #hasStrayLabels = false
  /** Label field ranges of the open series, only where they are not contiguous: from, to, from, to … */
  readonly #labelRanges: number[] = []
  /** Bytes in use of the arena, 0 where the rows point into the body itself. */
  #arenaLength = 0

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
      fields += 8
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
    this.#histogramCount = 0
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
        if (!this.#readSample(batch, end)) return cut('sample', at, end - at)
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

  /** Fast path: value then timestamp, both there, nothing else; anything else is read field by field. */
  #readSample(batch: MetricBatch, seriesEnd: number): boolean {
    const cursor = this.#cursor
    const bytes = cursor.bytes
    const at = cursor.at
    const length = bytes[at + 1] as number
    const end = at + 2 + length
    if (batch.sampleCount === batch.times.length) batch.growSamples()
    if (length >= 11 && length < 0x80 && end <= seriesEnd && bytes[at + 2] === 0x09 && bytes[at + 11] === 0x10) {
      let low = 0
      let high = 0
      let shift = 0
      let to = at + 12
      // Up to 8 bytes of varint hold 56 bits: every time until the year 2 285 000.
      for (const stop = Math.min(end, to + 8); to < stop; shift += 7) {
        const byte = bytes[to++] as number
        if (shift < 28) low |= (byte & 0x7f) << shift
        else high |= (byte & 0x7f) << (shift - 28)
        if (byte < 0x80) break
      }
      if (to === end && (bytes[to - 1] as number) < 0x80) {
        const sample = batch.sampleCount++
        batch.times[sample] = high * 268435456 + low
        copyHalves(bytes, at + 3, batch.halves, sample * 2)
        cursor.at = end
        return true
      }
    }
    cursor.at = at + 1
    const slowEnd = fieldEnd(cursor, seriesEnd)
    if (slowEnd < 0) return false
    return readSlowSample(cursor, slowEnd, batch)
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
    else this.#histogramCount++
    cursor.at = end
    return undefined
  }

  #closeSeries(): Fault | undefined {
    const batch = this.#openBatch()
    if (this.#hasStrayLabels) this.#joinLabels()
    if (this.#histogramCount > 0) this.#refuseHistograms()
    const isEmpty = batch.sampleCount === this.#rowSampleFrom && batch.exemplars.length === this.#exemplarFrom
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

  #refuseHistograms(): void {
    const batch = this.#openBatch()
    const labels = readLabels(batch.bytes, this.#labelFrom, this.#labelTo, this.#limits)
    const name = labels.ok ? nameOf(labels.labels) : 'a series'
    refuseItems(
      batch,
      'histogram_invalid',
      this.#histogramCount,
      `native histogram ${name}: not stored by this version; send classic buckets (send_native_histograms: false)`,
    )
  }
}

function nameOf(labels: readonly string[]): string {
  const at = labels.indexOf('__name__')
  return at < 0 ? 'a series' : (labels[at + 1] as string)
}

function copyHalves(bytes: Uint8Array, at: number, halves: Uint32Array, to: number): void {
  halves[to] =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  halves[to + 1] =
    (bytes[at + 4] as number) |
    ((bytes[at + 5] as number) << 8) |
    ((bytes[at + 6] as number) << 16) |
    ((bytes[at + 7] as number) << 24)
}

/** A sample in any field order, with defaults (0) for absent fields and unknown ones skipped. */
function readSlowSample(cursor: ByteCursor, end: number, batch: MetricBatch): boolean {
  const outerEnd = cursor.end
  cursor.end = end
  const sample = batch.sampleCount
  batch.times[sample] = 0
  batch.halves[sample * 2] = 0
  batch.halves[sample * 2 + 1] = 0
  let isGood = true
  while (isGood && cursor.at < end) {
    const at = cursor.at
    const tag = readVarint(cursor)
    if (tag === 0x09) {
      isGood = cursor.at + 8 <= end
      if (isGood) copyHalves(cursor.bytes, cursor.at, batch.halves, sample * 2)
      cursor.at += 8
    } else if (tag === 0x10) batch.times[sample] = readVarintSigned(cursor)
    else isGood = skipField(cursor, tag, at) === undefined
    if (cursor.isBad) isGood = false
  }
  cursor.end = outerEnd
  batch.sampleCount++
  return isGood
}

/** Reads a length; @returns the end of the field's content, or −1 where it leaves `end` */
function fieldEnd(cursor: ByteCursor, end: number): number {
  if (cursor.at >= end) return -1
  const length = readVarint(cursor)
  const to = cursor.at + length
  return cursor.isBad || to > end ? -1 : to
}

/** Skips an unknown field whose tag was read. Groups (wire types 3 and 4) are not part of proto3. */
function skipField(cursor: ByteCursor, tag: number, at: number): Fault | undefined {
  if (cursor.isBad || tag < 8) return cut('tag', at, cursor.end - at)
  const wireType = tag % 8
  if (wireType === 0) readVarint64(cursor)
  else if (wireType === 1) cursor.at += 8
  else if (wireType === 5) cursor.at += 4
  else if (wireType === 2) {
    const length = readVarint(cursor)
    cursor.at += length
  } else return fault('bad_request', `protobuf: want wire type 0, 1, 2 or 5, got ${wireType} at offset ${at}`)
  if (cursor.isBad || cursor.at > cursor.end) return cut('unknown field', at, cursor.end - at)
  return undefined
}

function cut(what: string, at: number, left: number): Fault {
  return fault('bad_request', `protobuf: want a whole ${what} at offset ${at}, got ${left} bytes that do not hold it`)
}

function tooMany(what: string, max: number): Fault {
  return fault('too_large', `want at most ${max} ${what} in one request, got more`)
}
