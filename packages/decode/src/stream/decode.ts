import { getUint32, isUtf8Range, putUint32, ReusableBuffer, utf8Text } from '@vantage/bytes'
import {
  assert,
  type Clock,
  type Fault,
  fault,
  HISTOGRAM_BUCKETS_MAX,
  type LabelsOutcome,
  METRIC_NAME,
  type MetricBatch,
} from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { canonicalLabels } from '../labels.ts'
import {
  FIELDS_PER_CLOCK_READ,
  LABEL_LIMITS,
  type LabelLimits,
  ROWS_MAX_PER_REQUEST,
  SAMPLES_MAX_PER_REQUEST,
} from '../limits.ts'
import { plainNumber } from '../number-text.ts'
import { refuseItems, warnOnce } from '../refusals.ts'

/**
 * A `TelemetryBatch` of proto/telemetry.proto → rows of a metric batch. Names are kept as sent (UTF-8); the labels
 * `service_name` and `instance` come from the batch.
 *
 * Alias bytes of a row, in the decoder's arena: suffix u8 | bound f64 | length of service and instance u32 |
 * service | instance | name and label fields of the metric as sent.
 */

export const STREAM_ALIAS_SPACE = 7

const BATCH_SERVICE = 0x0a
const BATCH_INSTANCE = 0x12
const BATCH_METRICS = 0x1a
const BATCH_CLIENT_ID = 0x22
const BATCH_SEQ = 0x28
const METRIC_NAME_FIELD = 0x0a
const METRIC_LABELS = 0x12
const METRIC_SAMPLES = 0x1a
const SAMPLE_TIME = 0x08
const SAMPLE_GAUGE = 0x11
const SAMPLE_COUNTER = 0x18
const SAMPLE_HISTOGRAM = 0x22
const HISTOGRAM_BOUNDS = 0x0a
const HISTOGRAM_BOUND = 0x09
const HISTOGRAM_COUNTS = 0x12
const HISTOGRAM_COUNT = 0x10
const HISTOGRAM_SUM = 0x19
const HISTOGRAM_TOTAL = 0x20

const SUFFIXES = { value: 0, bucket: 1, sum: 2, count: 3 } as const
const SUFFIX_TEXTS = ['', '_bucket', '_sum', '_count'] as const
const HEAD_BYTES = 17
/** Rows of one histogram repeat its labels: a small message could ask for gigabytes. */
const ALIAS_BYTES_MAX = 64 * 1024 * 1024

/** Who sent a batch and its number; '' and 0 where the client does not say. */
export interface BatchIdentity {
  readonly clientId: string
  readonly seq: number
}

/** Reads the two fields that name a batch, and nothing else. @returns undefined where the bytes are no message */
export function readBatchIdentity(body: Uint8Array): BatchIdentity | undefined {
  const cursor = new FieldCursor()
  cursor.reset(body, 0, body.length)
  let clientId = ''
  let seq = 0
  while (nextField(cursor)) {
    if (cursor.tag === BATCH_CLIENT_ID) clientId = utf8Text(body, cursor.from, Math.min(cursor.to, cursor.from + 256))
    else if (cursor.tag === BATCH_SEQ) seq = fieldVarint(cursor)
  }
  return cursor.isBad ? undefined : { clientId, seq }
}

/** Decodes one message at a time, in slices. The body must stay until the store has applied the batch. */
export class TelemetryDecoder {
  readonly #limits: LabelLimits
  readonly #arena = new ReusableBuffer()
  #arenaLength = 0
  #body: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #batch: MetricBatch | undefined
  #defaultTimeMs = 0
  readonly #outer = new FieldCursor()
  readonly #metric = new FieldCursor()
  readonly #sample = new FieldCursor()
  readonly #inner = new FieldCursor()
  /** Service and instance: from, to, from, to. */
  readonly #who = new Int32Array(4)
  /** Name and label fields of the open metric: from, to, … */
  readonly #ranges: number[] = []
  readonly #scratch = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#scratch.buffer)
  #isOverflowing = false

  constructor(limits: LabelLimits = LABEL_LIMITS) {
    this.#limits = limits
  }

  /** @param defaultTimeMs of samples without a time */
  start(body: Uint8Array, length: number, batch: MetricBatch, defaultTimeMs: number): void {
    assert(length <= body.length, 'telemetry body is shorter than its length')
    this.#body = body
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    this.#batch = batch
    this.#defaultTimeMs = defaultTimeMs
    this.#arenaLength = 0
    this.#arena.trim(ALIAS_BYTES_MAX / 16)
    this.#isOverflowing = false
    this.#who.fill(0)
    this.#outer.reset(body, 0, length)
    // Who sends may stand behind what is sent.
    while (nextField(this.#outer)) {
      const at = this.#outer.tag === BATCH_SERVICE ? 0 : this.#outer.tag === BATCH_INSTANCE ? 2 : -1
      if (at < 0) continue
      this.#who[at] = this.#outer.from
      this.#who[at + 1] = this.#outer.to
    }
    const isBad = this.#outer.isBad
    this.#outer.reset(body, 0, length)
    this.#outer.isBad = isBad
    batch.bytes = this.#arena.bytes
    batch.aliasSpace = STREAM_ALIAS_SPACE
    batch.labelsOf = (row) => this.labelsOf(row)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    const outer = this.#outer
    let work = 0
    while (nextField(outer)) {
      if (outer.tag !== BATCH_METRICS) continue
      const cost = this.#readMetric(outer.from, outer.to)
      if (cost < 0) return fault('bad_request', `protobuf: want a whole Metric at offset ${outer.from}`)
      if (this.#isOverflowing) {
        const limits = `${SAMPLES_MAX_PER_REQUEST} samples and ${ALIAS_BYTES_MAX} bytes of labels`
        return fault('too_large', `want at most ${limits} in one batch, got more`)
      }
      work += cost
      if (work < FIELDS_PER_CLOCK_READ) continue
      work = 0
      if (clock.monotonicMs() >= deadlineMs) {
        this.#openBatch().bytes = this.#arena.bytes
        return 'more'
      }
    }
    this.#openBatch().bytes = this.#arena.bytes
    return outer.isBad ? fault('bad_request', `protobuf: malformed TelemetryBatch at offset ${outer.at}`) : 'done'
  }

  labelsOf(row: number): LabelsOutcome {
    const batch = this.#openBatch()
    const { bytes } = batch
    const from = batch.aliasStart[row] as number
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const suffix = bytes[from] as number
    const service = view.getUint32(from + 9, true)
    const instance = view.getUint32(from + 13, true)
    const at = from + HEAD_BYTES
    const pairs: string[] = []
    const isText = isUtf8Range(bytes, at, at + service) && isUtf8Range(bytes, at + service, at + service + instance)
    if (!isText) return notUtf8()
    if (service > 0) pairs.push('service_name', utf8Text(bytes, at, at + service))
    if (instance > 0) pairs.push('instance', utf8Text(bytes, at + service, at + service + instance))
    if (suffix === SUFFIXES.bucket) pairs.push('le', plainNumber(view.getFloat64(from + 1, true)))
    const own = readOwnLabels(bytes, at + service + instance, batch.aliasEnd[row] as number, suffix)
    if (own === undefined) return notUtf8()
    return canonicalLabels([...pairs, ...own], this.#limits)
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }

  /** @returns its cost in fields, or −1 where it is malformed */
  #readMetric(from: number, to: number): number {
    const metric = this.#metric
    metric.reset(this.#body, from, to)
    this.#ranges.length = 0
    let at = metric.at
    let hasSamples = false
    let cost = 4
    for (; nextField(metric); at = metric.at, cost++) {
      if (metric.tag === METRIC_NAME_FIELD || metric.tag === METRIC_LABELS) this.#addRange(at, metric.to)
      else if (metric.tag === METRIC_SAMPLES) hasSamples = true
    }
    if (metric.isBad) return -1
    if (!hasSamples) return cost
    metric.reset(this.#body, from, to)
    while (nextField(metric)) {
      if (metric.tag !== METRIC_SAMPLES) continue
      const spent = this.#readSample(metric.from, metric.to)
      if (spent < 0) return -1
      cost += spent
    }
    return cost
  }

  /** Fields that follow each other are one range. */
  #addRange(from: number, to: number): void {
    const last = this.#ranges.length - 1
    if (last > 0 && this.#ranges[last] === from) this.#ranges[last] = to
    else this.#ranges.push(from, to)
  }

  #readSample(from: number, to: number): number {
    const sample = this.#sample
    sample.reset(this.#body, from, to)
    let timeMs = this.#defaultTimeMs
    let histogramFrom = -1
    let histogramTo = -1
    let hasValue = false
    while (nextField(sample)) {
      if (sample.tag === SAMPLE_TIME) timeMs = millisOf(sample) || this.#defaultTimeMs
      else if (sample.tag === SAMPLE_GAUGE) {
        this.#halves[0] = getUint32(this.#body, sample.from)
        this.#halves[1] = getUint32(this.#body, sample.from + 4)
        hasValue = true
      } else if (sample.tag === SAMPLE_COUNTER) {
        this.#scratch[0] = this.#count(sample)
        hasValue = true
      } else if (sample.tag === SAMPLE_HISTOGRAM) {
        histogramFrom = sample.from
        histogramTo = sample.to
      }
    }
    if (sample.isBad) return -1
    if (histogramFrom >= 0) return this.#readHistogram(timeMs, histogramFrom, histogramTo)
    if (hasValue) this.#row(timeMs, SUFFIXES.value, 0)
    else refuseItems(this.#openBatch(), 'invalid_value', 1, 'sample: want a gauge, a counter or a histogram')
    return 4
  }

  #readHistogram(timeMs: number, from: number, to: number): number {
    const inner = this.#inner
    const bounds: number[] = []
    const counts: number[] = []
    let sum = 0
    let total = 0
    inner.reset(this.#body, from, to)
    while (nextField(inner)) {
      const { tag } = inner
      if (tag === HISTOGRAM_SUM) sum = this.#view.getFloat64(inner.from, true)
      else if (tag === HISTOGRAM_TOTAL) total = this.#count(inner)
      else if (tag === HISTOGRAM_BOUNDS || tag === HISTOGRAM_BOUND) {
        if ((inner.to - inner.from) % 8 !== 0) return -1
        for (let at = inner.from; at < inner.to && bounds.length <= HISTOGRAM_BUCKETS_MAX; at += 8)
          bounds.push(this.#view.getFloat64(at, true))
      } else if (tag === HISTOGRAM_COUNTS || tag === HISTOGRAM_COUNT) {
        if (!readCounts(this.#body, inner.from, inner.to, counts)) return -1
      }
    }
    if (inner.isBad) return -1
    const problem = histogramProblem(bounds, counts)
    if (problem !== undefined) {
      refuseItems(this.#openBatch(), 'histogram_invalid', 1, `histogram: ${problem}`)
      return 8
    }
    let below = 0
    for (let i = 0; i < counts.length; i++) {
      below += counts[i] as number
      this.#scratch[0] = below
      this.#row(timeMs, SUFFIXES.bucket, bounds[i] ?? Number.POSITIVE_INFINITY)
    }
    this.#scratch[0] = sum
    this.#row(timeMs, SUFFIXES.sum, 0)
    this.#scratch[0] = total === 0 ? below : total
    this.#row(timeMs, SUFFIXES.count, 0)
    return 8 + counts.length * 4
  }

  /** One row with one sample, the value in the scratch. */
  #row(timeMs: number, suffix: number, bound: number): void {
    const batch = this.#openBatch()
    const isFull = batch.sampleCount >= SAMPLES_MAX_PER_REQUEST || batch.rowCount >= ROWS_MAX_PER_REQUEST
    if (isFull || this.#arenaLength > ALIAS_BYTES_MAX) {
      this.#isOverflowing = true
      return
    }
    if (batch.sampleCount === batch.times.length) batch.growSamples()
    const sample = batch.sampleCount++
    batch.times[sample] = timeMs
    batch.halves[sample * 2] = this.#halves[0] as number
    batch.halves[sample * 2 + 1] = this.#halves[1] as number
    const from = this.#arenaLength
    this.#writeAlias(suffix, bound)
    batch.endRow(from, this.#arenaLength)
  }

  #writeAlias(suffix: number, bound: number): void {
    const [serviceFrom, serviceTo, instanceFrom, instanceTo] = this.#who as unknown as [number, number, number, number]
    let size = HEAD_BYTES + serviceTo - serviceFrom + instanceTo - instanceFrom
    for (let i = 0; i < this.#ranges.length; i += 2)
      size += (this.#ranges[i + 1] as number) - (this.#ranges[i] as number)
    this.#arena.reserve(this.#arenaLength + size, Math.max(1, this.#arenaLength))
    const { bytes, view } = this.#arena
    let at = this.#arenaLength
    bytes[at] = suffix
    view.setFloat64(at + 1, bound, true)
    at = putUint32(bytes, at + 9, serviceTo - serviceFrom)
    at = putUint32(bytes, at, instanceTo - instanceFrom)
    at = this.#copy(serviceFrom, serviceTo, at)
    at = this.#copy(instanceFrom, instanceTo, at)
    for (let i = 0; i < this.#ranges.length; i += 2)
      at = this.#copy(this.#ranges[i] as number, this.#ranges[i + 1] as number, at)
    this.#arenaLength = at
  }

  /** Label bytes are few: a loop over words beats the call that copies a range. */
  #copy(from: number, to: number, outAt: number): number {
    const { bytes: out, view } = this.#arena
    const body = this.#body
    const bodyView = this.#view
    let at = outAt
    let i = from
    for (const wide = to - 3; i < wide; i += 4, at += 4) view.setUint32(at, bodyView.getUint32(i))
    for (; i < to; i++) out[at++] = body[i] as number
    return at
  }

  /** A count; beyond 2^53 it is rounded, and the client hears of it. */
  #count(cursor: FieldCursor): number {
    const value = fieldVarint(cursor)
    if (!Number.isSafeInteger(value)) warnOnce(this.#openBatch(), 'integers beyond 2^53 were rounded')
    return value
  }
}

/** A varint of nanoseconds in whole milliseconds, exact although a double of nanoseconds is not. */
function millisOf(cursor: FieldCursor): number {
  let low = 0
  let middle = 0
  let top = 0
  let shift = 0
  for (let at = cursor.from; at < cursor.to; at++, shift += 7) {
    const bits = (cursor.bytes[at] as number) & 0x7f
    if (shift < 28) low |= bits << shift
    else if (shift < 56) middle |= bits << (shift - 28)
    else top |= bits << (shift - 56)
  }
  const high = top * 2 ** 28 + middle
  // value = high · 2^28 + low; both parts are exact, and so is the division of each.
  const whole = Math.floor(high / 1_000_000)
  const rest = (high % 1_000_000) * 2 ** 28 + low
  return whole * 2 ** 28 + Math.floor(rest / 1_000_000)
}

function readCounts(body: Uint8Array, from: number, to: number, into: number[]): boolean {
  let value = 0
  let scale = 1
  for (let at = from; at < to; at++) {
    const byte = body[at] as number
    value += (byte & 0x7f) * scale
    scale *= 128
    if (byte >= 0x80) continue
    if (into.length <= HISTOGRAM_BUCKETS_MAX + 1) into.push(value)
    value = 0
    scale = 1
  }
  return scale === 1
}

function histogramProblem(bounds: readonly number[], counts: readonly number[]): string | undefined {
  if (counts.length > HISTOGRAM_BUCKETS_MAX) return `want at most ${HISTOGRAM_BUCKETS_MAX} buckets (limits.maxBuckets)`
  if (counts.length !== bounds.length + 1)
    return `want one count more than bounds, got ${counts.length} and ${bounds.length}`
  for (let i = 0; i < bounds.length; i++) {
    const isAscending = (bounds[i] as number) > (bounds[i - 1] ?? Number.NEGATIVE_INFINITY)
    if (!isAscending || bounds[i] === Number.POSITIVE_INFINITY)
      return `want ascending bounds without +Inf, got ${bounds[i]} at ${i}`
  }
  return undefined
}

/** Name and labels of a metric from its fields. @returns undefined where a text is not UTF-8 */
function readOwnLabels(bytes: Uint8Array, from: number, to: number, suffix: number): string[] | undefined {
  const fields = new FieldCursor()
  const entry = new FieldCursor()
  const pairs: string[] = []
  fields.reset(bytes, from, to)
  while (nextField(fields)) {
    if (fields.tag === METRIC_NAME_FIELD) {
      if (!isUtf8Range(bytes, fields.from, fields.to)) return undefined
      pairs.push(METRIC_NAME, utf8Text(bytes, fields.from, fields.to) + SUFFIX_TEXTS[suffix])
      continue
    }
    const pair = ['', '']
    entry.reset(bytes, fields.from, fields.to)
    while (nextField(entry)) {
      const at = entry.tag === 0x0a ? 0 : entry.tag === 0x12 ? 1 : -1
      if (at < 0) continue
      if (!isUtf8Range(bytes, entry.from, entry.to)) return undefined
      pair[at] = utf8Text(bytes, entry.from, entry.to)
    }
    pairs.push(...pair)
  }
  return pairs
}

function notUtf8(): LabelsOutcome {
  return { ok: false, reason: 'invalid_utf8', message: 'labels: want UTF-8' }
}
