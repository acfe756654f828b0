import { ByteCursor, ReusableBuffer, readVarint, readVarintSigned, writeVarint } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, METRIC_NAME, type MetricBatch } from '@vantage/model'
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
import { refuseItems } from '../refusals.ts'
import { REMOTE_WRITE_ALIAS_SPACE } from './decode.ts'
import { cut, fieldEnd, readSample, skipField, tooMany } from './fields.ts'
import { pushMetadata, readExemplarV2 } from './parts.ts'
import { readHistogram } from './wire-histogram.ts'

/**
 * Remote write 2.0 body (`io.prometheus.write.v2.Request`, uncompressed) → rows of a metric batch.
 * Source: prometheus/prometheus prompb/io/prometheus/write/v2/types.proto; Remote-Write 2.0 specification.
 *
 *     Request     4 symbols string*    5 timeseries*  TimeSeries
 *     TimeSeries  1 labels_refs*       2 samples*     Sample        3 histograms*  Histogram
 *                 4 exemplars*         5 metadata     Metadata      6 created_timestamp int64 (ms, drafts of 2.0)
 *     Sample      1 value double       2 timestamp int64 (ms)       3 start_timestamp int64 (ms)
 *
 * Alias bytes of a row are the label fields as version 1.0 would have sent them, written into an arena: a sender that
 * changes its version keeps its series, and one reader of labels serves both.
 */

const TAG_SYMBOL = 0x22
const TAG_SERIES = 0x2a
const TAG_LABEL_REFS = 0x0a
const TAG_LABEL_REF = 0x08
const TAG_SAMPLE = 0x12
const TAG_HISTOGRAM = 0x1a
const TAG_EXEMPLAR = 0x22
const TAG_METADATA = 0x2a
const TAG_CREATED = 0x30
const TAG_SAMPLE_START = 0x18

/** Symbols of one request: every label of every series could be its own. */
const SYMBOLS_MAX = 4 * ROWS_MAX_PER_REQUEST
/** Label references of one series that are read: more are refused anyway, by `limits.maxLabels`. */
const REFS_MAX = 2_048

/** What the arena may take more than the body: series repeat symbols that the body holds once. */
const ARENA_BYTES_MAX = 512 * 1024 * 1024

/**
 * Decodes one body at a time, in slices. Owner: one connection or one request; not for two bodies at once.
 * The body must stay as it is until the store has applied the batch.
 */
export class RemoteWriteV2Decoder {
  readonly #cursor = new ByteCursor()
  readonly #inner = new ByteCursor()
  readonly #limits: LabelLimits
  readonly #arena = new ReusableBuffer()
  #arenaLength = 0
  #batch: MetricBatch | undefined
  /** Where symbol i lies in the body. */
  #symbolFrom = new Int32Array(1024)
  #symbolTo = new Int32Array(1024)
  #symbolCount = 0
  #hasSymbols = false
  readonly #refs: number[] = []
  readonly #exemplars: number[] = []
  readonly #refusedHistograms = new RefusedHistograms()
  #metadataFrom = 0
  #metadataTo = 0
  /** Of the open series, for samples that have no start of their own; 0 = unknown. */
  #createdMs = 0

  constructor(limits: LabelLimits = LABEL_LIMITS) {
    this.#limits = limits
  }

  /** Begins with `body[0, length)`; `batch` must be reset and belongs to this decoder until `step` is done. */
  start(body: Uint8Array, length: number, batch: MetricBatch): void {
    assert(length <= body.length, 'remote write body is shorter than its length')
    this.#cursor.reset(body, 0, length)
    this.#batch = batch
    this.#arenaLength = 0
    this.#symbolCount = 0
    this.#hasSymbols = false
    batch.aliasSpace = REMOTE_WRITE_ALIAS_SPACE
    batch.labelsOf = (row) =>
      readLabels(batch.bytes, batch.aliasStart[row] as number, batch.aliasEnd[row] as number, this.#limits)
  }

  /**
   * Goes on until the body is done or `clock.monotonicMs()` reaches `deadlineMs`; as `RemoteWriteDecoder.step`.
   */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#batch
    assert(batch !== undefined, 'start before step')
    if (!this.#hasSymbols) {
      const bad = this.#readSymbols()
      if (bad !== undefined) return bad
    }
    const cursor = this.#cursor
    let fields = 0
    while (cursor.at < cursor.end) {
      if (fields >= FIELDS_PER_CLOCK_READ) {
        if (clock.monotonicMs() >= deadlineMs) return 'more'
        fields = 0
      }
      const at = cursor.at
      const tag = readVarint(cursor)
      if (tag === TAG_SERIES && !cursor.isBad) {
        const end = fieldEnd(cursor, cursor.end)
        if (end < 0) return cut('series', at, cursor.end - at)
        const bad = this.#readSeries(batch, end)
        if (bad !== undefined) return bad
        fields += 8 + ((end - at) >>> 4)
      } else {
        const bad = skipField(cursor, tag, at)
        if (bad !== undefined) return bad
        fields++
      }
    }
    return 'done'
  }

  /** Passes over the whole body once: symbols may stand behind the series that name them. */
  #readSymbols(): Fault | undefined {
    const cursor = this.#cursor
    while (cursor.at < cursor.end) {
      const at = cursor.at
      const tag = readVarint(cursor)
      if (tag !== TAG_SYMBOL || cursor.isBad) {
        const bad = skipField(cursor, tag, at)
        if (bad !== undefined) return bad
        continue
      }
      const end = fieldEnd(cursor, cursor.end)
      if (end < 0) return cut('symbol', at, cursor.end - at)
      if (this.#symbolCount === this.#symbolFrom.length) this.#growSymbols()
      this.#symbolFrom[this.#symbolCount] = cursor.at
      this.#symbolTo[this.#symbolCount++] = end
      if (this.#symbolCount > SYMBOLS_MAX) return tooMany('symbols', SYMBOLS_MAX)
      cursor.at = end
    }
    this.#hasSymbols = true
    cursor.at = 0
    return undefined
  }

  #growSymbols(): void {
    const from = new Int32Array(this.#symbolFrom.length * 2)
    const to = new Int32Array(from.length)
    from.set(this.#symbolFrom)
    to.set(this.#symbolTo)
    this.#symbolFrom = from
    this.#symbolTo = to
  }

  #readSeries(batch: MetricBatch, end: number): Fault | undefined {
    const cursor = this.#cursor
    const samplesFrom = batch.sampleCount
    const histogramsFrom = batch.histogramCount
    this.#refs.length = 0
    this.#exemplars.length = 0
    this.#refusedHistograms.reset()
    this.#metadataFrom = this.#metadataTo = 0
    this.#createdMs = 0
    while (cursor.at < end) {
      const at = cursor.at
      const tag = cursor.bytes[at] as number
      if (tag === TAG_SAMPLE) {
        if (!readSample(cursor, end, batch, TAG_SAMPLE_START)) return cut('sample', at, end - at)
        if (batch.sampleCount > SAMPLES_MAX_PER_REQUEST) return tooMany('samples', SAMPLES_MAX_PER_REQUEST)
        continue
      }
      const bad = this.#readRare(batch, end)
      if (bad !== undefined) return bad
    }
    return this.#closeSeries(batch, samplesFrom, histogramsFrom)
  }

  #readRare(batch: MetricBatch, seriesEnd: number): Fault | undefined {
    const cursor = this.#cursor
    const at = cursor.at
    const tag = readVarint(cursor)
    if (tag === TAG_LABEL_REF) {
      this.#addRef(readVarint(cursor))
      return cursor.isBad ? cut('label reference', at, seriesEnd - at) : undefined
    }
    if (tag === TAG_CREATED) {
      this.#createdMs = readVarintSigned(cursor)
      return cursor.isBad || cursor.at > seriesEnd ? cut('time of a series', at, seriesEnd - at) : undefined
    }
    const isKnown = tag === TAG_LABEL_REFS || tag === TAG_HISTOGRAM || tag === TAG_EXEMPLAR || tag === TAG_METADATA
    if (!isKnown || cursor.isBad) {
      const bad = skipField(cursor, tag, at)
      return bad ?? (cursor.at > seriesEnd ? cut('field of a series', at, seriesEnd - at) : undefined)
    }
    const end = fieldEnd(cursor, seriesEnd)
    if (end < 0) return cut('field of a series', at, seriesEnd - at)
    if (tag === TAG_LABEL_REFS) {
      while (cursor.at < end && !cursor.isBad) this.#addRef(readVarint(cursor))
      if (cursor.at !== end) return cut('label reference', at, end - at)
    } else if (tag === TAG_EXEMPLAR) this.#exemplars.push(cursor.at, end)
    else if (tag === TAG_METADATA) {
      this.#metadataFrom = cursor.at
      this.#metadataTo = end
    } else {
      if (!readHistogram(cursor.bytes, cursor.at, end, batch, this.#refusedHistograms))
        return cut('histogram', at, end - at)
      if (batch.histogramCount > HISTOGRAMS_MAX_PER_REQUEST) return tooMany('histograms', HISTOGRAMS_MAX_PER_REQUEST)
    }
    cursor.at = end
    return undefined
  }

  #addRef(ref: number): void {
    if (this.#refs.length <= REFS_MAX) this.#refs.push(ref)
  }

  #closeSeries(batch: MetricBatch, samplesFrom: number, histogramsFrom: number): Fault | undefined {
    const samples = batch.sampleCount - samplesFrom
    const histograms = batch.histogramCount - histogramsFrom
    const problem = this.#refsProblem()
    if (problem !== undefined) {
      batch.dropBehind(samplesFrom, histogramsFrom)
      refuseItems(batch, 'invalid_value', Math.max(1, samples + histograms), problem)
      return undefined
    }
    const from = this.#arenaLength
    if (!this.#writeLabels(batch)) return fault('too_large', 'want label references that name at most 512 MiB of text')
    if (this.#metadataTo > 0) this.#readMetadata(batch)
    if (this.#refusedHistograms.count > 0) this.#refusedHistograms.tell(batch, this.#metricName())
    for (let i = 0; i < this.#exemplars.length; i += 2) {
      const at = this.#exemplars[i] as number
      readExemplarV2(this.#inner, this.#cursor.bytes, at, this.#exemplars[i + 1] as number, batch, this.#symbolText)
    }
    if (samples + histograms === 0 && !this.#isNamed(batch, from)) return undefined
    if (samples + histograms + this.#exemplars.length === 0) return undefined
    if (this.#createdMs !== 0) noteCreated(batch, samplesFrom, histogramsFrom, this.#createdMs)
    batch.endRow(from, this.#arenaLength)
    return batch.rowCount > ROWS_MAX_PER_REQUEST ? tooMany('series', ROWS_MAX_PER_REQUEST) : undefined
  }

  /** A series that brings no sample never meets the store's check of its labels: the sender hears of them here. */
  #isNamed(batch: MetricBatch, from: number): boolean {
    const labels = readLabels(batch.bytes, from, this.#arenaLength, this.#limits)
    if (!labels.ok) refuseItems(batch, labels.reason, 1, labels.message)
    return labels.ok
  }

  #refsProblem(): string | undefined {
    const refs = this.#refs
    if (refs.length > REFS_MAX) return `series: want at most ${REFS_MAX} label references, got more`
    if (refs.length % 2 === 1) return `series: want label references in pairs, got ${refs.length}`
    for (const ref of refs) {
      if (ref >= this.#symbolCount) return `series: want references below ${this.#symbolCount} symbols, got ${ref}`
    }
    return undefined
  }

  /** Writes the labels of the open series behind those of the series before. False where the arena is full. */
  #writeLabels(batch: MetricBatch): boolean {
    const refs = this.#refs
    let size = 0
    for (let i = 0; i < refs.length; i++) size += this.#symbolBytes(refs[i] as number) + 16
    if (this.#arenaLength + size > ARENA_BYTES_MAX) return false
    this.#arena.reserve(this.#arenaLength + size, this.#arenaLength)
    const out = this.#arena.bytes
    batch.bytes = out
    let to = this.#arenaLength
    for (let i = 0; i < refs.length; i += 2) {
      const name = refs[i] as number
      const value = refs[i + 1] as number
      out[to++] = 0x0a
      const nameBytes = this.#symbolBytes(name)
      const valueBytes = this.#symbolBytes(value)
      to = writeVarint(out, to, textFieldBytes(nameBytes) + textFieldBytes(valueBytes))
      to = this.#writeText(out, to, 0x0a, name)
      to = this.#writeText(out, to, 0x12, value)
    }
    this.#arenaLength = to
    return true
  }

  #symbolBytes(ref: number): number {
    return (this.#symbolTo[ref] as number) - (this.#symbolFrom[ref] as number)
  }

  #writeText(out: Uint8Array, at: number, tag: number, ref: number): number {
    const from = this.#symbolFrom[ref] as number
    const end = this.#symbolTo[ref] as number
    const body = this.#cursor.bytes
    out[at] = tag
    let to = writeVarint(out, at + 1, end - from)
    // Symbols are short: a loop beats the call that copies a range.
    for (let i = from; i < end; i++) out[to++] = body[i] as number
    return to
  }

  readonly #symbolText = (ref: number): string | undefined => {
    if (ref >= this.#symbolCount) return undefined
    const from = this.#symbolFrom[ref] as number
    return Buffer.from(
      this.#cursor.bytes.buffer,
      this.#cursor.bytes.byteOffset + from,
      this.#symbolBytes(ref),
    ).toString()
  }

  #metricName(): string {
    const at = this.#refs.findIndex((ref, i) => i % 2 === 0 && this.#symbolText(ref) === METRIC_NAME)
    return at < 0 ? '' : (this.#symbolText(this.#refs[at + 1] as number) ?? '')
  }

  /** 1 type enum, 3 help_ref, 4 unit_ref; the metric is the series' own. */
  #readMetadata(batch: MetricBatch): void {
    const inner = this.#inner
    inner.reset(this.#cursor.bytes, this.#metadataFrom, this.#metadataTo)
    let type = 0
    let help = 0
    let unit = 0
    while (inner.at < inner.end && !inner.isBad) {
      const at = inner.at
      const tag = readVarint(inner)
      if (tag === 0x08) type = readVarint(inner)
      else if (tag === 0x18) help = readVarint(inner)
      else if (tag === 0x20) unit = readVarint(inner)
      else if (skipField(inner, tag, at) !== undefined) return
    }
    if (type === 0 && help === 0 && unit === 0) return
    pushMetadata(batch, this.#metricName(), type, this.#symbolText(help) ?? '', this.#symbolText(unit) ?? '')
  }
}

/** Senders of the drafts said it once for all samples of a series. */
function noteCreated(batch: MetricBatch, samplesFrom: number, histogramsFrom: number, createdMs: number): void {
  for (let i = samplesFrom; i < batch.sampleCount; i++) {
    if ((batch.startTimes?.[i] ?? 0) === 0) batch.noteStart(i, createdMs)
  }
  for (let i = histogramsFrom; i < batch.histogramCount; i++) {
    if ((batch.histogramStartTimes?.[i] ?? 0) === 0) batch.noteHistogramStart(i, createdMs)
  }
}

/** Bytes of a text field with tag and length. */
function textFieldBytes(length: number): number {
  let size = 2 + length
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 128)) size++
  return size
}
