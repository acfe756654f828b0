import {
  type ApplyOutcome,
  assert,
  decodeHistogram,
  encodeHistogram,
  foreign,
  formatLabels,
  type Histogram,
  type ItemReason,
  type MetricBatch,
} from '@vantage/model'
import { HISTOGRAM_BYTES_MAX, TIME_MAX_MS } from '../limits.ts'
import type { AliasTable } from './alias-table.ts'
import { fetchTails } from './fetch.ts'
import { APPENDED } from './generation-layout.ts'
import { type HeadLimits, refusalText, refuseSeries } from './head-limits.ts'
import { isRefused, Refusals } from './refusals.ts'
import type { SeriesHint } from './series-hint.ts'
import type { TenantHead } from './tenant-head.ts'

export interface ApplyOptions {
  /** Set when a log record is applied again: its verdict is obeyed, no limit is. */
  readonly replay?: { readonly verdict: Uint8Array | undefined } | undefined
  readonly nowMs: number
  /** The connection's memory of its order; absent costs a hash per row. */
  readonly hint?: SeriesHint | undefined
}

/** Outcome of the row loop, reused between batches. */
interface Tally {
  stored: number
  duplicates: number
  histograms: number
  /** Of all that was stored. */
  earliestMs: number
}

/** What a row's samples and histograms must pass before they are stored. */
interface Gate {
  readonly verdict: Uint8Array | undefined
  readonly isReplay: boolean
  readonly isWindowed: boolean
  readonly earliestMs: number
  readonly latestMs: number
  readonly limits: HeadLimits
  readonly options: ApplyOptions
  readonly refusals: Refusals
  readonly itemCount: number
}

const NO_SERIES = -1
let rowSeries = new Int32Array(1024)

/**
 * Stores one batch in a tenant's head: the only way in, for intake and for replay. Runs in one turn.
 * Every sample of the batch, native histograms included, ends as stored, duplicate or refused; what is refused is also
 * in the verdict. Of a row the floats are stored before the histograms.
 */
export function applyBatch(
  head: TenantHead,
  batch: MetricBatch,
  limits: HeadLimits,
  options: ApplyOptions,
): ApplyOutcome {
  const refusals = new Refusals()
  const tally: Tally = { stored: 0, duplicates: 0, histograms: 0, earliestMs: Number.POSITIVE_INFINITY }
  if (rowSeries.length < batch.rowCount) rowSeries = new Int32Array(batch.aliasStart.length)
  const seriesBefore = head.index.seriesCount
  const inOrder = resolveRows(head, batch, limits, options, refusals)
  // In order, the processor fetches ahead by itself.
  if (inOrder < batch.rowCount) fetchTails(head.current, rowSeries, batch.rowCount)
  const gate = gateOf(batch, limits, options, refusals)
  assert(
    batch.histogramCount === 0 || (batch.histogramRows[batch.histogramCount - 1] as number) < batch.rowCount,
    'a histogram belongs to a row that was ended',
  )
  for (let row = 0; row < batch.rowCount; row++) {
    const series = rowSeries[row] as number
    if (series >= 0) appendRow(head, batch, row, series, gate, tally)
  }
  for (let at = 0; at < batch.histogramCount; at++) {
    const series = rowSeries[batch.histogramRows[at] as number] as number
    if (series >= 0) appendHistogram(head, batch, at, series, gate, tally)
  }
  head.current.publish()
  head.arrivals.note(tally.earliestMs)
  for (const entry of batch.metadata) head.setMetadata(entry)
  let storedExemplars = 0
  for (const { row, exemplar } of batch.exemplars) {
    const series = rowSeries[row] as number
    if (series >= 0 && head.current.addExemplar(series, exemplar)) storedExemplars++
  }
  return {
    storedSamples: tally.stored,
    duplicateSamples: tally.duplicates,
    storedHistograms: tally.histograms,
    storedExemplars,
    createdSeries: head.index.seriesCount - seriesBefore,
    refused: refusals.isEmpty ? [] : refusals.list(),
    verdict: refusals.verdict,
  }
}

function gateOf(batch: MetricBatch, limits: HeadLimits, options: ApplyOptions, refusals: Refusals): Gate {
  const isReplay = options.replay !== undefined
  return {
    verdict: options.replay?.verdict,
    isReplay,
    isWindowed: limits.outOfOrderWindowMs !== undefined,
    earliestMs: isReplay || limits.maxPastMs === undefined ? -TIME_MAX_MS : options.nowMs - limits.maxPastMs,
    latestMs: isReplay || limits.maxFutureMs === undefined ? TIME_MAX_MS : options.nowMs + limits.maxFutureMs,
    limits,
    options,
    refusals,
    itemCount: itemsOf(batch),
  }
}

/** Items of a verdict: samples, then histograms. */
function itemsOf(batch: MetricBatch): number {
  return batch.sampleCount + batch.histogramCount
}

/** Fills `rowSeries`: by prediction, by alias, or by parsing the labels. @returns how many rows came as their connection's order says */
function resolveRows(
  head: TenantHead,
  batch: MetricBatch,
  limits: HeadLimits,
  options: ApplyOptions,
  refusals: Refusals,
): number {
  const { aliases } = head
  aliases.readFrom(batch.bytes)
  const hint = options.hint?.isUseful() === true ? options.hint : undefined
  const learn = (row: number) => learnRow(head, batch, row, limits, options, refusals)
  const inOrder = hint === undefined ? 0 : followHint(aliases, batch, hint, learn)
  if (inOrder === batch.rowCount) return inOrder
  aliases.findRows(batch, inOrder, rowSeries)
  for (let row = inOrder; row < batch.rowCount; row++) if ((rowSeries[row] as number) < 0) learn(row)
  return inOrder
}

/**
 * As far as the series follow each other as they did before.
 * @returns the row at which it gave up because they do not, or the number of rows
 */
function followHint(aliases: AliasTable, batch: MetricBatch, hint: SeriesHint, learn: (row: number) => number): number {
  if (hint.epoch !== aliases.epoch) hint.forget(aliases.epoch)
  const { aliasStart, aliasEnd, aliasSpace, rowCount } = batch
  let misses = 0
  for (let row = 0; row < rowCount; row++) {
    const predicted = hint.predict()
    // The table may be another tenant's than last time.
    if (predicted >= 0 && predicted < aliases.count) {
      if (aliases.equals(predicted, aliasStart[row] as number, aliasEnd[row] as number, aliasSpace)) {
        rowSeries[row] = aliases.seriesOf(predicted)
        hint.last = predicted
        continue
      }
      misses++
    }
    const alias = learn(row)
    if (hint.epoch !== aliases.epoch) hint.forget(aliases.epoch)
    else hint.learn(alias)
    if (hint.judge(misses, row + 1)) return row + 1
  }
  return rowCount
}

/** Fills `rowSeries` of one row by its alias, or by parsing the labels. @returns the alias, or -1 where it is not kept */
function learnRow(
  head: TenantHead,
  batch: MetricBatch,
  row: number,
  limits: HeadLimits,
  options: ApplyOptions,
  refusals: Refusals,
): number {
  const { aliases } = head
  const at = batch.aliasStart[row] as number
  const end = batch.aliasEnd[row] as number
  const hash = aliases.hash(at, end, batch.aliasSpace)
  const alias = aliases.find(at, end, batch.aliasSpace, hash)
  if (alias >= 0) {
    rowSeries[row] = aliases.seriesOf(alias)
    return alias
  }
  const series = resolveLabels(head, batch, row, limits, options, refusals)
  rowSeries[row] = series
  return series < 0 ? -1 : aliases.insert(batch.bytes, at, end, batch.aliasSpace, hash, series)
}

/** Slow path: parses the labels of a row. @returns the series, new or known, or `NO_SERIES` where it is refused */
function resolveLabels(
  head: TenantHead,
  batch: MetricBatch,
  row: number,
  limits: HeadLimits,
  options: ApplyOptions,
  refusals: Refusals,
): number {
  const isEmpty = isRowEmpty(batch, row)
  const verdict = options.replay?.verdict
  if (verdict !== undefined && !isEmpty && isRowRefused(verdict, batch, row)) return NO_SERIES
  const parsed = batch.labelsOf(row)
  if (!parsed.ok) {
    refuseRow(batch, row, parsed.reason, refusals, () => parsed.message)
    return NO_SERIES
  }
  const known = head.index.findSeries(parsed.labels)
  if (known >= 0) return known
  // A row without samples names no new series: its exemplars belong to nothing.
  if (isEmpty) return NO_SERIES
  const reason = refuseSeries(head, parsed.labels, limits, options.replay !== undefined)
  if (reason !== undefined) {
    refuseRow(batch, row, reason, refusals, () => refusalText(reason, parsed.labels, limits))
    return NO_SERIES
  }
  const series = head.index.addSeries(parsed.labels)
  head.tap.cover(series + 1)
  head.tap.onSeries?.(series, parsed.labels)
  return series
}

function isRowEmpty(batch: MetricBatch, row: number): boolean {
  if (batch.sampleFrom[row] !== batch.sampleFrom[row + 1]) return false
  return histogramsFrom(batch, row) === histogramsFrom(batch, row + 1)
}

function isRowRefused(verdict: Uint8Array, batch: MetricBatch, row: number): boolean {
  if (!isRangeRefused(verdict, batch.sampleFrom[row] as number, batch.sampleFrom[row + 1] as number)) return false
  const { sampleCount } = batch
  return isRangeRefused(verdict, sampleCount + histogramsFrom(batch, row), sampleCount + histogramsFrom(batch, row + 1))
}

function isRangeRefused(verdict: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isRefused(verdict, i)) return false
  return true
}

/** The first histogram of the first row from `row` on that has one: rows ascend. */
function histogramsFrom(batch: MetricBatch, row: number): number {
  let low = 0
  let high = batch.histogramCount
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((batch.histogramRows[middle] as number) < row) low = middle + 1
    else high = middle
  }
  return low
}

/** Refuses all samples and histograms of a row. */
function refuseRow(
  batch: MetricBatch,
  row: number,
  reason: ItemReason,
  refusals: Refusals,
  message: () => string,
): void {
  const itemCount = itemsOf(batch)
  refusals.add(reason, batch.sampleFrom[row] as number, batch.sampleFrom[row + 1] as number, itemCount, message)
  const from = batch.sampleCount + histogramsFrom(batch, row)
  const to = batch.sampleCount + histogramsFrom(batch, row + 1)
  if (to > from) refusals.add(reason, from, to, itemCount, message)
}

function appendRow(head: TenantHead, batch: MetricBatch, row: number, series: number, gate: Gate, tally: Tally): void {
  const { times, values, halves, deltaStarts, startTimes } = batch
  const { verdict, isReplay, isWindowed, earliestMs, latestMs } = gate
  const generation = head.current
  generation.coverSeries(series)
  const isStarted = startTimes !== undefined || generation.startedSeriesCount > 0
  const isWatched = head.tap.flags[series] !== 0
  const end = batch.sampleFrom[row + 1] as number
  let from = batch.sampleFrom[row] as number
  const isPlain = verdict === undefined && deltaStarts === undefined && !isStarted && !isWindowed && !isWatched
  // Fast path: several samples in order.
  if (isPlain && end - from > 1 && (times[from] as number) >= earliestMs) {
    const first = from
    from = generation.appendRun(series, times, halves, first, end, latestMs)
    tally.stored += from - first
    if (from > first && (times[first] as number) < tally.earliestMs) tally.earliestMs = times[first] as number
  }
  for (let i = from; i < end; i++) {
    if (verdict !== undefined && isRefused(verdict, i)) continue
    const timeMs = times[i] as number
    if (!(timeMs <= latestMs && timeMs >= earliestMs)) {
      refuseTime(head, series, timeMs, i, gate)
      continue
    }
    if (isWindowed && !isReplay && !isInWindow(head, series, timeMs, i, gate)) continue
    let code: number
    if (deltaStarts !== undefined && !Number.isNaN(deltaStarts[i] as number)) {
      code = appendDelta(head, series, deltaStarts[i] as number, timeMs, values[i] as number)
    } else if (isStarted) {
      code = generation.appendStarted(series, times, halves, i, startTimes?.[i] ?? 0, isReplay)
    } else {
      code = generation.append(series, times, halves, i, isReplay)
    }
    if (code === APPENDED.duplicate) {
      tally.duplicates++
      continue
    }
    if (code === APPENDED.conflict) {
      refuseConflict(head, series, timeMs, i, gate)
      continue
    }
    tally.stored++
    if (timeMs < tally.earliestMs) tally.earliestMs = timeMs
    if (isWatched) head.tap.onSample(series, timeMs, values[i] as number)
    if (isWindowed) head.noteMaxTime(series, timeMs)
  }
}

/** Stores histogram `at` of the batch. The tap hears floats only: a live view draws numbers. */
function appendHistogram(
  head: TenantHead,
  batch: MetricBatch,
  at: number,
  series: number,
  gate: Gate,
  tally: Tally,
): void {
  const { isReplay, isWindowed, earliestMs, latestMs } = gate
  const item = batch.sampleCount + at
  if (gate.verdict !== undefined && isRefused(gate.verdict, item)) return
  const timeMs = batch.histogramTimes[at] as number
  const from = batch.histogramFrom[at] as number
  const to = batch.histogramFrom[at + 1] as number
  if (to - from > HISTOGRAM_BYTES_MAX) {
    gate.refusals.add('histogram_invalid', item, item + 1, gate.itemCount, () =>
      sampleText(head, series, timeMs, `takes ${to - from} bytes of buckets: want at most ${HISTOGRAM_BYTES_MAX}`),
    )
    return
  }
  if (!(timeMs <= latestMs && timeMs >= earliestMs)) {
    refuseTime(head, series, timeMs, item, gate)
    return
  }
  if (isWindowed && !isReplay && !isInWindow(head, series, timeMs, item, gate)) return
  const generation = head.current
  generation.coverSeries(series)
  const deltaStartMs = batch.histogramDeltaStarts?.[at] ?? Number.NaN
  const startMs = batch.histogramStartTimes?.[at] ?? 0
  const code = Number.isNaN(deltaStartMs)
    ? generation.appendHistogram(series, timeMs, startMs, batch.histogramBytes, from, to, isReplay)
    : appendDeltaHistogram(head, series, deltaStartMs, timeMs, decodeHistogram(batch.histogramBytes, from))
  if (code === APPENDED.duplicate) {
    tally.duplicates++
    return
  }
  if (code === APPENDED.conflict) {
    refuseConflict(head, series, timeMs, item, gate)
    return
  }
  tally.stored++
  tally.histograms++
  if (timeMs < tally.earliestMs) tally.earliestMs = timeMs
  if (isWindowed) head.noteMaxTime(series, timeMs)
}

/** A batch of one sample. */
const sumTime = new Float64Array(1)
const sumValue = new Float64Array(1)
const sumHalves = new Uint32Array(sumValue.buffer)

/** Sums a delta point; the sum is stored at the interval's end, unless newer points are stored already. */
function appendDelta(head: TenantHead, series: number, startMs: number, endMs: number, value: number): number {
  const sum = head.deltaSums.add(series, startMs, endMs, value)
  if (sum === undefined) return APPENDED.duplicate
  if (endMs <= head.current.maxTimeOf(series)) return APPENDED.stored
  sumTime[0] = endMs
  sumValue[0] = sum
  return head.current.appendStarted(series, sumTime, sumHalves, 0, 0, true)
}

/** The same for a native histogram. */
function appendDeltaHistogram(
  head: TenantHead,
  series: number,
  startMs: number,
  endMs: number,
  histogram: Histogram,
): number {
  const sum = head.deltaSums.add(series, startMs, endMs, histogram)
  if (sum === undefined) return APPENDED.duplicate
  if (endMs <= head.current.maxTimeOf(series)) return APPENDED.stored
  const bytes = encodeHistogram(sum)
  return head.current.appendHistogram(series, endMs, 0, bytes, 0, bytes.length, true)
}

function refuseConflict(head: TenantHead, series: number, timeMs: number, item: number, gate: Gate): void {
  gate.refusals.add('duplicate_timestamp', item, item + 1, gate.itemCount, () =>
    sampleText(head, series, timeMs, 'has another value already'),
  )
}

function refuseTime(head: TenantHead, series: number, timeMs: number, item: number, gate: Gate): void {
  let reason: ItemReason = 'invalid_value'
  if (timeMs > gate.latestMs) reason = 'too_far_in_future'
  if (timeMs < gate.earliestMs) reason = 'too_old'
  const key = timeMs > gate.latestMs ? 'limits.maxFuture' : 'limits.maxPast'
  gate.refusals.add(reason, item, item + 1, gate.itemCount, () =>
    sampleText(head, series, timeMs, `lies outside the time that is taken (${key})`),
  )
}

function isInWindow(head: TenantHead, series: number, timeMs: number, item: number, gate: Gate): boolean {
  const newest = series < head.maxTimes.length ? (head.maxTimes[series] as number) : Number.NEGATIVE_INFINITY
  // The newest time again is a duplicate or a conflict, which the append tells apart.
  if (timeMs >= newest) return true
  const windowMs = gate.limits.outOfOrderWindowMs as number
  if (windowMs > 0 && timeMs >= gate.options.nowMs - windowMs) return true
  gate.refusals.add(windowMs === 0 ? 'out_of_order' : 'too_old', item, item + 1, gate.itemCount, () =>
    sampleText(head, series, timeMs, `is older than the series' newest, ${newest} (limits.outOfOrderWindow)`),
  )
  return false
}

function sampleText(head: TenantHead, series: number, timeMs: number, what: string): string {
  return `series ${foreign(formatLabels(head.reader().labels(series)))}: the sample at ${timeMs} ms ${what}`
}
