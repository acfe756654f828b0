import { NativeBuffer, putUint32, utf8Floor } from '@vantage/bytes'
import {
  assert,
  type Clock,
  type Fault,
  fault,
  type Histogram,
  type LabelsOutcome,
  type MetricBatch,
} from '@vantage/model'
import { FieldCursor, fieldVarint, nextField } from '../field-cursor.ts'
import { pushHistogram } from '../histogram.ts'
import {
  FIELDS_PER_CLOCK_READ,
  HELP_BYTES_MAX,
  HISTOGRAMS_MAX_PER_REQUEST,
  LABEL_LIMITS,
  type LabelLimits,
  METADATA_MAX_PER_REQUEST,
  NO_LABEL_LIMITS,
  ROWS_MAX_PER_REQUEST,
  SAMPLES_MAX_PER_REQUEST,
} from '../limits.ts'
import { refuseItems } from '../refusals.ts'
import * as field from './fields.ts'
import type { OtlpInterner } from './interner.ts'
import { KINDS, type MetricContext, metadataOf, rowLabels, SUFFIXES, targetInfoLabels } from './labels.ts'
import { emptyContext, METRIC_KINDS, malformed, refusalOf, tooManyNames } from './metric-context.ts'
import { type NativePoints, nativePoints, POINT_WORDS, POINTS_PER_RUN } from './native-points.ts'
import { isCounting, PointReader, type RowWriter } from './points.ts'

/**
 * OTLP metrics (`ExportMetricsServiceRequest`, protobuf) → rows of a metric batch, the way Prometheus translates
 * them. Source: opentelemetry-proto metrics/v1; prometheus/prometheus storage/remote/otlptranslator.
 *
 * Alias bytes of a row (in the decoder's arena, because rows of one point share its attributes):
 *
 *     epoch u32 | metric number u32 | suffix u8 | bucket bound or quantile f64 | attribute fields as sent
 */

export const OTLP_ALIAS_SPACE = 2
const ALIAS_HEAD_BYTES = 17
/** Rows of one histogram repeat its attributes: a small body could ask for gigabytes. */
const ALIAS_BYTES_MAX = 128 * 1024 * 1024

/**
 * Decodes one body at a time, in slices. Owner: one request. The interner is the tenant's, shared by its requests
 * on this thread. The body must stay until the store has applied the batch; the batch points into this decoder's
 * arena until the next `start`.
 */
export class OtlpMetricsDecoder implements RowWriter {
  readonly #interner: OtlpInterner
  readonly #limits: LabelLimits
  readonly #arena = new NativeBuffer()
  #arenaLength = 0
  #body: Uint8Array = new Uint8Array(0)
  #batch: MetricBatch | undefined
  /** One level each: request, resource, scope, data of a metric; and one to look ahead. */
  readonly #request = new FieldCursor()
  readonly #resource = new FieldCursor()
  readonly #scope = new FieldCursor()
  readonly #data = new FieldCursor()
  readonly #ahead = new FieldCursor()
  readonly #points: PointReader
  #isResourceOpen = false
  #context: MetricContext
  #contexts: MetricContext[] = []
  #rowContext = new Int32Array(1024)
  /** Number of the data point that each row came from; −1 for target_info. */
  #rowPoint = new Int32Array(1024)
  #pointCount = 0
  #epoch = 0
  #resourceId = 0
  #scopeId = 0
  #metricId = 0
  #newestMs = Number.NEGATIVE_INFINITY
  #isOverflowing = false
  /** Points of the metric in `#data` are numbers. */
  #isNumbers = false

  constructor(interner: OtlpInterner, limits: LabelLimits = LABEL_LIMITS) {
    this.#interner = interner
    this.#limits = limits
    this.#context = emptyContext()
    this.#points = new PointReader(this)
  }

  /** Begins with `body[0, length)`; `batch` must be reset. */
  start(body: Uint8Array, length: number, batch: MetricBatch): void {
    assert(length <= body.length, 'OTLP body is shorter than its length')
    this.#body = body
    this.#batch = batch
    this.#request.reset(body, 0, length)
    for (const cursor of [this.#resource, this.#scope, this.#data]) cursor.reset(body, 0, 0)
    this.#isResourceOpen = false
    this.#contexts = []
    this.#arenaLength = 0
    this.#arena.trim(ALIAS_BYTES_MAX / 16)
    this.#isOverflowing = false
    this.#pointCount = 0
    this.#epoch = 0
    batch.bytes = this.#arena.bytes
    batch.aliasSpace = OTLP_ALIAS_SPACE
    batch.labelsOf = (row) => this.labelsOf(row)
    this.#points.start(body, length, batch)
  }

  /** As `RemoteWriteDecoder.step`. */
  step(deadlineMs: number, clock: Clock): 'more' | 'done' | Fault {
    let work = 0
    while (true) {
      const cost = this.#advance()
      if (cost === DONE) {
        this.#openBatch().bytes = this.#arena.bytes
        return 'done'
      }
      if (typeof cost !== 'number') return cost
      if (this.#isOverflowing)
        return fault(
          'too_large',
          `want at most ${SAMPLES_MAX_PER_REQUEST} samples, ${HISTOGRAMS_MAX_PER_REQUEST} exponential histograms and ${ALIAS_BYTES_MAX} bytes of attributes in one request, got more`,
        )
      work += cost
      if (work < FIELDS_PER_CLOCK_READ) continue
      work = 0
      if (clock.monotonicMs() >= deadlineMs) return 'more'
    }
  }

  labelsOf(row: number): LabelsOutcome {
    const batch = this.#openBatch()
    const from = batch.aliasStart[row] as number
    const context = this.#contexts[this.#rowContext[row] as number] as MetricContext
    const suffix = batch.bytes[from + 8] as number
    if (suffix === SUFFIXES.targetInfo) return targetInfoLabels(this.#body, context, this.#limits)
    const extra = new DataView(batch.bytes.buffer, batch.bytes.byteOffset).getFloat64(from + 9, true)
    const to = batch.aliasEnd[row] as number
    return rowLabels(this.#body, context, suffix, extra, batch.bytes, from + ALIAS_HEAD_BYTES, to, this.#limits)
  }

  /**
   * Data points of which the store refused a sample: what `rejected_data_points` counts, because a histogram is one
   * point and many rows.
   * @param verdict of `ApplyOutcome`: bit i set = sample i was refused; every row has one, a float or a histogram
   */
  rejectedPoints(verdict: Uint8Array | undefined): number {
    if (verdict === undefined) return 0
    const batch = this.#openBatch()
    let rejected = 0
    let last = -1
    let histogram = batch.sampleCount
    for (let row = 0; row < batch.rowCount; row++) {
      const sample = batch.sampleFrom[row] as number
      const item = sample < (batch.sampleFrom[row + 1] as number) ? sample : histogram++
      const isRefused = (((verdict[item >> 3] ?? 0) >> (item & 7)) & 1) === 1
      const point = this.#rowPoint[row] as number
      if (!isRefused || point < 0 || point === last) continue
      last = point
      rejected++
    }
    return rejected
  }

  /** Called by the point reader: one row with one sample; `low`, `high` are the bits of its value. */
  writeRow(
    timeMs: number,
    startMs: number,
    sinceMs: number,
    low: number,
    high: number,
    suffix: number,
    extra: number,
  ): void {
    const batch = this.#openBatch()
    const row = batch.rowCount
    if (
      batch.sampleCount >= SAMPLES_MAX_PER_REQUEST ||
      row >= ROWS_MAX_PER_REQUEST ||
      this.#arenaLength > ALIAS_BYTES_MAX
    ) {
      this.#isOverflowing = true
      return
    }
    if (batch.sampleCount === batch.times.length) batch.growSamples()
    const sample = batch.sampleCount++
    batch.times[sample] = timeMs
    batch.halves[sample * 2] = low
    batch.halves[sample * 2 + 1] = high
    if (!Number.isNaN(startMs) && batch.deltaStarts === undefined) {
      batch.deltaStarts = new Float64Array(batch.times.length).fill(Number.NaN)
    }
    if (batch.deltaStarts !== undefined) batch.deltaStarts[sample] = startMs
    batch.noteStart(sample, sinceMs)
    this.#closeRow(timeMs, suffix, extra)
  }

  /** Called by the point reader: one row with one native histogram. */
  writeHistogramRow(timeMs: number, startMs: number, sinceMs: number, histogram: Histogram): string | undefined {
    const batch = this.#openBatch()
    if (batch.histogramCount >= HISTOGRAMS_MAX_PER_REQUEST || this.#arenaLength > ALIAS_BYTES_MAX) {
      this.#isOverflowing = true
      return undefined
    }
    const problem = pushHistogram(batch, timeMs, sinceMs, histogram, 'integer')
    if (problem !== undefined) return problem
    if (!Number.isNaN(startMs)) batch.noteHistogramDelta(batch.histogramCount - 1, startMs)
    this.#closeRow(timeMs, SUFFIXES.value, 0)
    return undefined
  }

  #closeRow(timeMs: number, suffix: number, extra: number): void {
    const batch = this.#openBatch()
    const row = batch.rowCount
    const from = this.#arenaLength
    this.#writeAlias(suffix, extra)
    if (row === this.#rowContext.length) this.#growRows()
    this.#rowPoint[row] = suffix === SUFFIXES.targetInfo ? -1 : this.#pointCount
    this.#rowContext[row] = this.#contexts.length - 1
    batch.endRow(from, this.#arenaLength)
    if (timeMs > this.#newestMs) this.#newestMs = timeMs
  }

  #writeAlias(suffix: number, extra: number): void {
    const points = this.#points
    const isTarget = suffix === SUFFIXES.targetInfo
    const attributeBytes = isTarget ? 0 : points.attributeBytes()
    this.#arena.reserve(this.#arenaLength + ALIAS_HEAD_BYTES + attributeBytes, Math.max(1, this.#arenaLength))
    const { bytes, view } = this.#arena
    let at = putUint32(bytes, this.#arenaLength, this.#epoch)
    at = putUint32(bytes, at, isTarget ? this.#resourceId : this.#metricId)
    bytes[at++] = suffix
    view.setFloat64(at, extra, true)
    at += 8
    this.#arenaLength = isTarget ? at : points.copyAttributes(this.#arena, at)
  }

  /** Does one small piece of work. @returns its cost in fields, DONE, or a fault */
  #advance(): number | Fault {
    // Fast path: runs of plain number points.
    const run = this.#isNumbers ? this.#readRun() : 0
    if (run > 0) return run * 4
    if (nextField(this.#data)) {
      if (this.#data.tag !== field.DATA_POINTS) return 1
      this.#pointCount++
      return (
        this.#points.read(this.#context, this.#data.from, this.#data.to) ?? malformed('data point', this.#data.from)
      )
    }
    if (this.#data.isBad) return malformed('metric data', this.#data.at)
    if (nextField(this.#scope)) {
      return this.#scope.tag === field.SCOPE_METRICS_METRICS ? this.#openMetric() : 1
    }
    if (this.#scope.isBad) return malformed('ScopeMetrics', this.#scope.at)
    if (nextField(this.#resource)) {
      return this.#resource.tag === field.RESOURCE_METRICS_SCOPE_METRICS ? this.#openScope() : 1
    }
    if (this.#resource.isBad) return malformed('ResourceMetrics', this.#resource.at)
    if (this.#isResourceOpen) return this.#closeResource()
    if (nextField(this.#request)) {
      return this.#request.tag === field.REQUEST_RESOURCE_METRICS ? this.#openResource() : 1
    }
    return this.#request.isBad ? malformed('request', this.#request.at) : DONE
  }

  #openResource(): number | Fault {
    const { from, to } = this.#request
    this.#context = emptyContext()
    this.#newestMs = Number.NEGATIVE_INFINITY
    const ahead = this.#ahead
    ahead.reset(this.#body, from, to)
    let cost = 1
    for (; nextField(ahead); cost++) {
      if (ahead.tag !== field.RESOURCE_METRICS_RESOURCE) continue
      this.#context.resourceFrom = ahead.from
      this.#context.resourceTo = ahead.to
    }
    if (ahead.isBad) return malformed('ResourceMetrics', ahead.at)
    this.#resource.reset(this.#body, from, to)
    this.#isResourceOpen = true
    this.#epoch = 0
    return cost
  }

  /** All points of the resource are read: one target_info at the time of the newest. */
  #closeResource(): number | Fault {
    this.#isResourceOpen = false
    if (this.#newestMs === Number.NEGATIVE_INFINITY) return 1
    // Without limits: a replay under other limits must find the same rows, or verdicts would mean others.
    const target = targetInfoLabels(this.#body, this.#context, NO_LABEL_LIMITS, true)
    if (!target.ok || target.labels.length === 0) return 1
    if (!this.#internAll()) return tooManyNames()
    this.#contexts.push(this.#context)
    // 1 as a double.
    this.writeRow(this.#newestMs, Number.NaN, 0, 0, 0x3ff00000, SUFFIXES.targetInfo, 0)
    return 8
  }

  #openScope(): number | Fault {
    const { from, to } = this.#resource
    const ahead = this.#ahead
    const context = { ...this.#context, scopeFrom: 0, scopeTo: 0, schemaFrom: 0, schemaTo: 0 }
    ahead.reset(this.#body, from, to)
    let cost = 1
    for (; nextField(ahead); cost++) {
      if (ahead.tag === field.SCOPE_METRICS_SCOPE) {
        context.scopeFrom = ahead.from
        context.scopeTo = ahead.to
      } else if (ahead.tag === field.SCOPE_METRICS_SCHEMA_URL) {
        context.schemaFrom = ahead.from
        context.schemaTo = ahead.to
      }
    }
    if (ahead.isBad) return malformed('ScopeMetrics', ahead.at)
    this.#context = context
    this.#scope.reset(this.#body, from, to)
    this.#epoch = 0
    return cost
  }

  #openMetric(): number | Fault {
    const { from, to } = this.#scope
    const ahead = this.#ahead
    const context = {
      ...this.#context,
      nameFrom: 0,
      nameTo: 0,
      unitFrom: 0,
      unitTo: 0,
      helpFrom: 0,
      helpTo: 0,
      kind: 0,
      temporality: 0,
      isMonotonic: false,
    }
    let dataFrom = 0
    let dataTo = 0
    ahead.reset(this.#body, from, to)
    let cost = 4
    for (; nextField(ahead); cost++) {
      const kind = METRIC_KINDS[ahead.tag]
      if (kind !== undefined) {
        context.kind = kind
        dataFrom = ahead.from
        dataTo = ahead.to
      } else if (ahead.tag === field.METRIC_NAME) {
        context.nameFrom = ahead.from
        context.nameTo = ahead.to
      } else if (ahead.tag === field.METRIC_UNIT) {
        context.unitFrom = ahead.from
        context.unitTo = ahead.to
      } else if (ahead.tag === field.METRIC_DESCRIPTION) {
        context.helpFrom = ahead.from
        context.helpTo = utf8Floor(this.#body, ahead.from, Math.min(ahead.to, ahead.from + HELP_BYTES_MAX))
      }
    }
    if (ahead.isBad) return malformed('metric', ahead.at)
    return this.#openData(context, dataFrom, dataTo, cost)
  }

  /** Temporality may come behind the points it is about: looked for first. */
  #openData(context: MetricContext, from: number, to: number, lookCost: number): number | Fault {
    const ahead = this.#ahead
    ahead.reset(this.#body, from, to)
    let cost = lookCost
    let points = 0
    for (; nextField(ahead); cost++) {
      if (ahead.tag === field.DATA_POINTS) points++
      else if (ahead.tag === field.DATA_TEMPORALITY) context.temporality = fieldVarint(ahead)
      else if (ahead.tag === field.DATA_MONOTONIC) context.isMonotonic = fieldVarint(ahead) !== 0
    }
    if (ahead.isBad) return malformed('metric data', ahead.at)
    this.#context = context
    if (points === 0) return cost
    const refusal = refusalOf(context, this.#body)
    if (refusal !== undefined) {
      refuseItems(this.#openBatch(), refusal.reason, points, refusal.message)
      return cost
    }
    if (!this.#internAll()) return tooManyNames()
    this.#contexts.push(context)
    this.#noteMetadata(context)
    this.#data.reset(this.#body, from, to)
    this.#isNumbers = context.kind === KINDS.gauge || context.kind === KINDS.sum
    return cost
  }

  /** The points in front of `#data` that the SIMD loop can read. @returns how many */
  #readRun(): number {
    const { at, end, isBad } = this.#data
    const native = nativePoints()
    const bodyAddress = native?.addressOf(this.#body) ?? -1
    const batch = this.#openBatch()
    const samples = batch.sampleCount + POINTS_PER_RUN
    const aliasBytes = this.#arenaLength + (end - at) + POINTS_PER_RUN * ALIAS_HEAD_BYTES
    if (at >= end || isBad || native === undefined || bodyAddress < 0) return 0
    if (samples > Math.min(SAMPLES_MAX_PER_REQUEST, ROWS_MAX_PER_REQUEST) || aliasBytes > ALIAS_BYTES_MAX) return 0
    this.#arena.reserve(aliasBytes, Math.max(1, this.#arenaLength))
    const arena = native.addressOf(this.#arena.bytes)
    if (arena < 0) return 0
    native.head.setUint32(0, this.#epoch, true)
    native.head.setUint32(4, this.#metricId, true)
    native.head.setUint8(8, SUFFIXES.value)
    native.head.setFloat64(9, 0, true)
    const count = native.run(bodyAddress + at, bodyAddress + end, arena + this.#arenaLength)
    this.#data.at = native.end - bodyAddress
    if (count > 0) this.#addRun(native, count, arena)
    return count
  }

  #addRun({ doubles, words }: NativePoints, count: number, arena: number): void {
    const batch = this.#openBatch()
    const context = this.#context
    const isDelta = context.temporality === field.TEMPORALITY_DELTA && context.kind !== KINDS.gauge
    const isSince = !isDelta && isCounting(context, SUFFIXES.value)
    const contextId = this.#contexts.length - 1
    while (batch.times.length < batch.sampleCount + count) batch.growSamples()
    while (this.#rowContext.length < batch.rowCount + count) this.#growRows()
    if (isDelta) batch.deltaStarts ??= new Float64Array(batch.times.length).fill(Number.NaN)
    const { times, halves, deltaStarts } = batch
    for (let i = 0; i < count; i++) {
      const word = i * POINT_WORDS
      const timeMs = doubles[i * 4] as number
      const startMs = doubles[i * 4 + 1] as number
      const row = batch.rowCount
      const sample = batch.sampleCount++
      times[sample] = timeMs
      halves[sample * 2] = words[word + 4] as number
      halves[sample * 2 + 1] = words[word + 5] as number
      if (deltaStarts !== undefined) deltaStarts[sample] = isDelta ? startMs : Number.NaN
      batch.noteStart(sample, isSince ? startMs : 0)
      this.#rowPoint[row] = ++this.#pointCount
      this.#rowContext[row] = contextId
      batch.endRow((words[word + 6] as number) - arena, (words[word + 7] as number) - arena)
      if (timeMs > this.#newestMs) this.#newestMs = timeMs
    }
    this.#arenaLength = batch.aliasEnd[batch.rowCount - 1] as number
  }

  #growRows(): void {
    this.#rowContext = doubled(this.#rowContext)
    this.#rowPoint = doubled(this.#rowPoint)
  }

  /** Numbers for resource, scope and metric, all of one epoch. False where they alone are too much. */
  #internAll(): boolean {
    const interner = this.#interner
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#internOnce()) return true
      interner.startOver()
      this.#epoch = 0
    }
    return false
  }

  #internOnce(): boolean {
    const context = this.#context
    const interner = this.#interner
    const body = this.#body
    if (this.#epoch !== interner.epoch) {
      this.#resourceId = interner.intern(body, context.resourceFrom, context.resourceTo, -1, 0)
      const schema =
        this.#resourceId < 0 ? -1 : interner.intern(body, context.schemaFrom, context.schemaTo, this.#resourceId, 1)
      this.#scopeId = schema < 0 ? -1 : interner.intern(body, context.scopeFrom, context.scopeTo, schema, 2)
      if (this.#scopeId < 0) return false
      this.#epoch = interner.epoch
    }
    const shape = 8 + context.kind * 8 + (context.isMonotonic ? 4 : 0) + context.temporality
    const name = interner.intern(body, context.nameFrom, context.nameTo, this.#scopeId, shape)
    if (name < 0) return false
    const unit = interner.intern(body, context.unitFrom, context.unitTo, name, 3)
    if (unit < 0) return false
    this.#metricId = interner.intern(body, context.helpFrom, context.helpTo, unit, 4)
    return this.#metricId >= 0
  }

  #noteMetadata(context: MetricContext): void {
    const batch = this.#openBatch()
    if (batch.metadata.length >= METADATA_MAX_PER_REQUEST) return
    let metadata = this.#interner.metadata.get(this.#metricId)
    if (metadata === undefined) {
      metadata = metadataOf(this.#body, context)
      this.#interner.metadata.set(this.#metricId, metadata)
    }
    batch.metadata.push(metadata)
  }

  #openBatch(): MetricBatch {
    assert(this.#batch !== undefined, 'start before step')
    return this.#batch
  }
}

function doubled(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2)
  to.set(from)
  return to
}

/** No cost is negative. */
const DONE = -1
