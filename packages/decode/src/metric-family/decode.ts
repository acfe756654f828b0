import { ByteCursor, getUint32, isUtf8Range, readVarint, readVarintSigned, utf8Floor, utf8Text } from '@vantage/bytes'
import { assert, type Clock, type Fault, fault, foreign, type MetricBatch, type MetricType } from '@vantage/model'
import { pushExemplar } from '../exemplar.ts'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { pushHistogram } from '../histogram.ts'
import { readLabels, readPair } from '../label-fields.ts'
import {
  FIELDS_PER_CLOCK_READ,
  HELP_BYTES_MAX,
  HISTOGRAMS_MAX_PER_REQUEST,
  LABEL_LIMITS,
  type LabelLimits,
  METADATA_MAX_PER_REQUEST,
  ROWS_MAX_PER_REQUEST,
} from '../limits.ts'
import {
  COUNTER_CREATED,
  COUNTER_EXEMPLAR,
  doubleAt,
  EXEMPLAR_LABEL,
  EXEMPLAR_TIME,
  EXEMPLAR_VALUE,
  FAMILY_HELP,
  FAMILY_METRIC,
  FAMILY_NAME,
  FAMILY_TYPE,
  FAMILY_UNIT,
  METRIC_COUNTER,
  METRIC_GAUGE,
  METRIC_HISTOGRAM,
  METRIC_LABEL,
  METRIC_SUMMARY,
  METRIC_TIME_MS,
  METRIC_UNTYPED,
  QUANTILE_QUANTILE,
  QUANTILE_VALUE,
  SUMMARY_COUNT,
  SUMMARY_CREATED,
  SUMMARY_QUANTILE,
  SUMMARY_SUM,
  TIMESTAMP_NANOS,
  TIMESTAMP_SECONDS,
  VALUE,
} from './fields.ts'
import { HistogramFields, VALUES_PER_METRIC_MAX } from './histogram.ts'
import { SeriesArena, type Suffix } from './series-arena.ts'

/** Alias bytes are label pairs: name, own label, those of the metric. */
const METRIC_FAMILY_ALIAS_SPACE = 8

/** Bytes of the names of all series of one metric: each bucket repeats the labels. */
const SERIES_BYTES_PER_METRIC_MAX = 4 * 1024 * 1024
/** The same of a whole body. */
const SERIES_BYTES_MAX = 128 * 1024 * 1024

/**
 * What becomes of a histogram with native buckets: the native one alone (a scrape of native histograms), the classic
 * series alone (one that did not ask for them), or both.
 */
export type HistogramForms = 'native' | 'classic' | 'both'

export interface MetricFamilyOptions {
  readonly histograms: HistogramForms
  readonly limits?: LabelLimits
}

interface FamilyType {
  readonly type: MetricType
  /** The field of Metric that holds the value. */
  readonly tag: number
}

/** By the number of the wire. */
const TYPES: readonly FamilyType[] = [
  { type: 'counter', tag: METRIC_COUNTER },
  { type: 'gauge', tag: METRIC_GAUGE },
  { type: 'summary', tag: METRIC_SUMMARY },
  { type: 'unknown', tag: METRIC_UNTYPED },
  { type: 'histogram', tag: METRIC_HISTOGRAM },
  { type: 'gaugehistogram', tag: METRIC_HISTOGRAM },
]

/**
 * Decodes the protobuf exposition: `io.prometheus.client.MetricFamily` messages, each behind its length as a varint.
 * Rows hold one float sample or one native histogram. What is bad fails the body as a whole, as it fails a scrape.
 * One body at a time, in slices. Source: prometheus/docs docs/instrumenting/exposition_formats.md, "Protobuf format";
 * names and labels as prometheus/prometheus model/textparse/protobufparse.go.
 */
export class MetricFamilyDecoder {
  readonly #forms: HistogramForms
  readonly #limits: LabelLimits
  readonly #arena = new SeriesArena()
  readonly #histogram = new HistogramFields()
  readonly #family = new FieldCursor()
  readonly #metric = new FieldCursor()
  readonly #value = new FieldCursor()
  readonly #inner = new FieldCursor()
  readonly #numbers = new ByteCursor()
  readonly #pairs: string[] = []
  #bytes: Uint8Array = new Uint8Array(0)
  #batch: MetricBatch | undefined
  #defaultTimeMs = 0
  #at = 0
  #familyCount = 0
  #isOpen = false
  #name = ''
  #familyType: FamilyType = TYPES[3] as FamilyType
  #timeMs = 0
  #createdMs = 0
  #valueFrom = -1
  #valueTo = -1

  constructor({ histograms, limits = LABEL_LIMITS }: MetricFamilyOptions) {
    this.#forms = histograms
    this.#limits = limits
  }

  /**
   * Begins with `body[0, length)`; `batch` must be reset and belongs to this decoder until `step` is done.
   * @param defaultTimeMs of samples without a time
   */
  start(body: Uint8Array, length: number, batch: MetricBatch, defaultTimeMs: number): void {
    assert(length <= body.length, 'exposition is shorter than its length')
    this.#bytes = body.subarray(0, length)
    this.#batch = batch
    this.#defaultTimeMs = defaultTimeMs
    this.#at = 0
    this.#familyCount = 0
    this.#isOpen = false
    this.#arena.reset()
    batch.bytes = this.#arena.bytes
    batch.aliasSpace = METRIC_FAMILY_ALIAS_SPACE
    batch.labelsOf = (row) =>
      readLabels(batch.bytes, batch.aliasStart[row] as number, batch.aliasEnd[row] as number, this.#limits)
  }

  /**
   * Goes on until the body is done or `clock.monotonicMs()` reaches `deadlineMs`.
   * @returns `more`: call again in a later turn; `done`: the batch is complete; a fault: bad_request or too_large, and
   *   nothing of the batch is used
   */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const batch = this.#openBatch()
    let work = 0
    for (;;) {
      if (work >= FIELDS_PER_CLOCK_READ) {
        if (clock.monotonicMs() >= deadlineMs) return 'more'
        work = 0
      }
      work++
      if (!this.#isOpen) {
        if (this.#at === this.#bytes.length) return 'done'
        const problem = this.#openFamily(batch)
        if (problem !== '') return this.#fault(problem)
        continue
      }
      const family = this.#family
      const hasField = nextField(family)
      if (family.isBad) return this.#fault('want a whole metric')
      if (!hasField) {
        this.#isOpen = false
        continue
      }
      if (family.tag !== FAMILY_METRIC) continue
      const rows = batch.rowCount
      const problem = this.#takeMetric(batch, family.from, family.to)
      batch.bytes = this.#arena.bytes
      if (problem !== '') return this.#fault(problem)
      if (batch.rowCount > ROWS_MAX_PER_REQUEST) return tooMany('series', ROWS_MAX_PER_REQUEST)
      if (batch.histogramCount > HISTOGRAMS_MAX_PER_REQUEST) return tooMany('histograms', HISTOGRAMS_MAX_PER_REQUEST)
      if (this.#arena.length > SERIES_BYTES_MAX) return tooMany('bytes of names and labels', SERIES_BYTES_MAX)
      work += (batch.rowCount - rows) * 8 + ((family.to - family.from) >>> 4)
    }
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }

  #fault(problem: string): Fault {
    const named = this.#name === '' ? '' : ` ${JSON.stringify(foreign(this.#name))}`
    return fault('bad_request', `metric family ${this.#familyCount}${named}: ${problem}`, { reason: 'invalid_value' })
  }

  /** Reads length, name, type, help and unit; metrics may stand before them, so they are passed over here. */
  #openFamily(batch: MetricBatch): string {
    this.#familyCount++
    this.#name = ''
    const outer = this.#numbers
    outer.reset(this.#bytes, this.#at, this.#bytes.length)
    const length = readVarint(outer)
    const from = outer.at
    if (outer.isBad || from + length > this.#bytes.length) return `want a whole message at offset ${this.#at}`
    this.#at = from + length
    const family = this.#family
    family.reset(this.#bytes, from, this.#at)
    let help = ''
    let unit = ''
    let type = 0
    let isText = true
    let hasMetrics = false
    for (let fields = 0; nextField(family); fields++) {
      // Passed over in one go: more of them would hold up everybody else.
      if (fields === ROWS_MAX_PER_REQUEST) return `want at most ${ROWS_MAX_PER_REQUEST} metrics in one family`
      if (family.tag === FAMILY_METRIC) hasMetrics = true
      else if (family.tag === FAMILY_TYPE) type = fieldVarint(family)
      else if (family.tag === FAMILY_NAME || family.tag === FAMILY_HELP || family.tag === FAMILY_UNIT) {
        isText &&= isUtf8Range(this.#bytes, family.from, family.to)
        if (family.tag === FAMILY_NAME) this.#name = utf8Text(this.#bytes, family.from, family.to)
        else if (family.tag === FAMILY_HELP) help = this.#cutText(family)
        else unit = this.#cutText(family)
      }
    }
    if (family.isBad) return 'want a whole message'
    // Without metrics it says nothing, whatever else it says.
    if (!hasMetrics) return ''
    if (!isText) return 'want UTF-8'
    if (this.#name === '') return 'want a name'
    const known = TYPES[type]
    if (known === undefined) return `want a type from 0 to ${TYPES.length - 1}, got ${type}`
    this.#familyType = known
    this.#isOpen = true
    family.reset(this.#bytes, from, this.#at)
    this.#arena.openFamily(this.#name)
    if (batch.metadata.length < METADATA_MAX_PER_REQUEST) {
      batch.metadata.push({ metric: this.#name, type: known.type, unit, help })
    }
    return ''
  }

  #cutText({ bytes, from, to }: FieldCursor): string {
    return utf8Text(bytes, from, utf8Floor(bytes, from, Math.min(to, from + HELP_BYTES_MAX)))
  }

  #takeMetric(batch: MetricBatch, from: number, to: number): string {
    const metric = this.#metric
    metric.reset(this.#bytes, from, to)
    this.#arena.openMetric()
    this.#timeMs = this.#defaultTimeMs
    this.#createdMs = 0
    this.#valueFrom = -1
    while (nextField(metric)) {
      if (metric.tag === METRIC_LABEL) this.#arena.addLabel(this.#bytes, metric.from, metric.to)
      else if (metric.tag === METRIC_TIME_MS) {
        this.#numbers.reset(this.#bytes, metric.from, metric.to)
        // 0 is what an absent time looks like to proto3 senders.
        this.#timeMs = readVarintSigned(this.#numbers) || this.#defaultTimeMs
      } else if (metric.tag === this.#familyType.tag) {
        this.#valueFrom = metric.from
        this.#valueTo = metric.to
      }
    }
    const { type } = this.#familyType
    if (metric.isBad) return 'want a whole metric'
    if (this.#valueFrom < 0) return `want a value of the type ${type} in each metric`
    if (type === 'summary') return this.#takeSummary(batch)
    if (type === 'histogram' || type === 'gaugehistogram') return this.#takeHistogram(batch)
    return this.#takeNumber(batch)
  }

  /** Counter, gauge, untyped: one value, kept bit by bit. */
  #takeNumber(batch: MetricBatch): string {
    const value = this.#value
    value.reset(this.#bytes, this.#valueFrom, this.#valueTo)
    let low = 0
    let high = 0
    let exemplarFrom = -1
    let exemplarTo = -1
    const isCounter = this.#familyType.type === 'counter'
    while (nextField(value)) {
      if (value.tag === VALUE) {
        low = getUint32(this.#bytes, value.from)
        high = getUint32(this.#bytes, value.from + 4)
      } else if (isCounter && value.tag === COUNTER_EXEMPLAR) {
        exemplarFrom = value.from
        exemplarTo = value.to
      } else if (isCounter && value.tag === COUNTER_CREATED) {
        this.#createdMs = this.#timestampMs(value.from, value.to) ?? 0
      }
    }
    if (value.isBad) return 'want a whole value'
    const from = this.#arena.length
    this.#arena.write('')
    this.#pushSample(batch, from, 0)
    const sample = batch.sampleCount - 1
    batch.halves[sample * 2] = low
    batch.halves[sample * 2 + 1] = high
    return exemplarFrom < 0 ? '' : this.#takeExemplar(batch, exemplarFrom, exemplarTo, false)
  }

  #takeSummary(batch: MetricBatch): string {
    const value = this.#value
    value.reset(this.#bytes, this.#valueFrom, this.#valueTo)
    let count = 0
    let sum = 0
    let quantiles = 0
    while (nextField(value)) {
      if (value.tag === SUMMARY_COUNT) count = fieldVarint(value)
      else if (value.tag === SUMMARY_SUM) sum = doubleAt(this.#bytes, value.from)
      else if (value.tag === SUMMARY_CREATED) this.#createdMs = this.#timestampMs(value.from, value.to) ?? 0
      else if (value.tag === SUMMARY_QUANTILE) quantiles++
    }
    if (value.isBad) return 'want a whole summary'
    const problem = this.#roomProblem(quantiles)
    if (problem !== '') return problem
    this.#pushSuffixed(batch, '_count', count)
    this.#pushSuffixed(batch, '_sum', sum)
    value.reset(this.#bytes, this.#valueFrom, this.#valueTo)
    while (nextField(value)) {
      if (value.tag === SUMMARY_QUANTILE && !this.#takeQuantile(batch, value)) return 'want a whole quantile'
    }
    return ''
  }

  #takeQuantile(batch: MetricBatch, { from, to }: FieldCursor): boolean {
    const inner = this.#inner
    inner.reset(this.#bytes, from, to)
    let quantile = 0
    let value = 0
    while (nextField(inner)) {
      if (inner.tag === QUANTILE_QUANTILE) quantile = doubleAt(this.#bytes, inner.from)
      else if (inner.tag === QUANTILE_VALUE) value = doubleAt(this.#bytes, inner.from)
    }
    const at = this.#arena.length
    this.#arena.writeNumbered('', 'quantile', quantile)
    // Quantiles are no counters: nothing of them began to count.
    const createdMs = this.#createdMs
    this.#createdMs = 0
    this.#pushSample(batch, at, value)
    this.#createdMs = createdMs
    return !inner.isBad
  }

  #takeHistogram(batch: MetricBatch): string {
    const histogram = this.#histogram
    const problem = histogram.read(this.#bytes, this.#valueFrom, this.#valueTo)
    if (problem !== '') return problem
    const { createdFrom, createdTo } = histogram
    if (createdTo > 0) this.#createdMs = this.#timestampMs(createdFrom, createdTo) ?? 0
    const isNative = histogram.isNative && this.#forms !== 'classic'
    if (isNative) {
      const bad = this.#takeNative(batch)
      if (bad !== '') return bad
    }
    if (isNative && (this.#forms === 'native' || histogram.bounds.length === 0)) return ''
    return this.#takeClassic(batch)
  }

  #takeNative(batch: MetricBatch): string {
    const histogram = this.#histogram
    const native = histogram.native(this.#familyType.type === 'gaugehistogram')
    if (typeof native === 'string') return native
    const from = this.#arena.length
    const kind = histogram.isFloat ? 'float' : 'integer'
    const problem = pushHistogram(batch, this.#timeMs, this.#createdMs, native, kind)
    if (problem !== undefined) return problem
    this.#arena.write('')
    batch.endRow(from, this.#arena.length)
    const ranges = histogram.exemplars.length > 0 ? histogram.exemplars : histogram.bucketExemplars
    for (let i = 0; i < ranges.length; i += 2) {
      if ((ranges[i + 1] as number) === 0) continue
      // Exemplars of a native histogram are told apart by their time alone: one without is left out.
      const bad = this.#takeExemplar(batch, ranges[i] as number, ranges[i + 1] as number, true)
      if (bad !== '') return bad
    }
    return ''
  }

  #takeClassic(batch: MetricBatch): string {
    const { count, sum, bounds, counts, bucketExemplars } = this.#histogram
    const problem = this.#roomProblem(bounds.length + 1)
    if (problem !== '') return problem
    this.#pushSuffixed(batch, '_count', count)
    this.#pushSuffixed(batch, '_sum', sum)
    for (let i = 0; i < bounds.length; i++) {
      this.#pushBucket(batch, bounds[i] as number, counts[i] as number)
      const exemplarTo = bucketExemplars[i * 2 + 1] as number
      const bad = exemplarTo === 0 ? '' : this.#takeExemplar(batch, bucketExemplars[i * 2] as number, exemplarTo, false)
      if (bad !== '') return bad
    }
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) this.#pushBucket(batch, Number.POSITIVE_INFINITY, count)
    return ''
  }

  #pushBucket(batch: MetricBatch, bound: number, count: number): void {
    const from = this.#arena.length
    this.#arena.writeNumbered('_bucket', 'le', bound)
    this.#pushSample(batch, from, count)
  }

  #pushSuffixed(batch: MetricBatch, suffix: Suffix, value: number): void {
    const from = this.#arena.length
    this.#arena.write(suffix)
    this.#pushSample(batch, from, value)
  }

  /** One row of one sample, whose series was just written from `from` on. */
  #pushSample(batch: MetricBatch, from: number, value: number): void {
    batch.pushSample(this.#timeMs, value)
    batch.noteStart(batch.sampleCount - 1, this.#createdMs)
    batch.endRow(from, this.#arena.length)
  }

  #roomProblem(values: number): string {
    if (values > VALUES_PER_METRIC_MAX)
      return `want at most ${VALUES_PER_METRIC_MAX} values in one metric, got ${values}`
    const bytes = (values + 2) * (this.#arena.labelBytes + this.#name.length)
    if (bytes <= SERIES_BYTES_PER_METRIC_MAX) return ''
    return `want labels of at most ${SERIES_BYTES_PER_METRIC_MAX} bytes on all series of one metric, got ${bytes}`
  }

  /** Adds an Exemplar to the row before. @returns what is wrong with its bytes, '' where nothing is */
  #takeExemplar(batch: MetricBatch, from: number, to: number, wantsTime: boolean): string {
    const cursor = this.#value
    const pairs = this.#pairs
    cursor.reset(this.#bytes, from, to)
    pairs.length = 0
    let count = 0
    let value = 0
    let timeMs: number | undefined
    while (nextField(cursor)) {
      if (cursor.tag === EXEMPLAR_VALUE) value = doubleAt(this.#bytes, cursor.from)
      else if (cursor.tag === EXEMPLAR_TIME) timeMs = this.#timestampMs(cursor.from, cursor.to)
      else if (cursor.tag === EXEMPLAR_LABEL) {
        this.#numbers.reset(this.#bytes, cursor.from, cursor.to)
        if (!readPair(this.#numbers, cursor.to, pairs)) return 'want whole labels of an exemplar'
        count += 2
      }
    }
    if (cursor.isBad) return 'want a whole exemplar'
    if (wantsTime && timeMs === undefined) return ''
    pushExemplar(batch, batch.rowCount - 1, pairs.length === count ? pairs : undefined, value, timeMs ?? this.#timeMs)
    return ''
  }

  /** A google.protobuf.Timestamp in unix ms, or undefined where it is malformed. */
  #timestampMs(from: number, to: number): number | undefined {
    const inner = this.#inner
    inner.reset(this.#bytes, from, to)
    let seconds = 0
    let nanos = 0
    while (nextField(inner)) {
      if (inner.tag !== TIMESTAMP_SECONDS && inner.tag !== TIMESTAMP_NANOS) continue
      this.#numbers.reset(this.#bytes, inner.from, inner.to)
      if (inner.tag === TIMESTAMP_SECONDS) seconds = readVarintSigned(this.#numbers)
      else nanos = readVarintSigned(this.#numbers)
    }
    return inner.isBad ? undefined : seconds * 1_000 + Math.floor(nanos / 1_000_000)
  }
}

function tooMany(what: string, max: number): Fault {
  return fault('too_large', `want at most ${max} ${what} in one exposition, got more`)
}
