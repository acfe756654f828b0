import {
  type ApplyOutcome,
  foreign,
  formatLabels,
  type ItemReason,
  type Labels,
  METRIC_NAME,
  type MetricBatch,
} from '@vantage/model'
import {
  FUTURE_MAX_MS,
  LABEL_NAME_BYTES_MAX,
  LABEL_VALUE_BYTES_MAX,
  LABELS_MAX,
  SYMBOL_BYTES_MAX,
  TIME_MAX_MS,
} from '../limits.ts'
import type { SeriesHint } from './alias-table.ts'
import { APPENDED } from './generation.ts'
import { isRefused, Refusals } from './refusals.ts'
import type { TenantHead } from './tenant-head.ts'

/** What intake refuses; replay obeys none of it. `undefined` = no limit. */
export interface HeadLimits {
  readonly maxSeries: number | undefined
  readonly maxSeriesPerMetric: number | undefined
  readonly maxLabels: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
  readonly maxFutureMs: number | undefined
  readonly maxPastMs: number | undefined
  /** Oldest age (wall clock) of a sample that is not the newest of its series; 0 takes none, undefined takes all. */
  readonly outOfOrderWindowMs: number | undefined
  /** True while memory is short: series that exist go on, new ones are refused. */
  readonly refusesNewSeries: () => boolean
}

export const DEFAULT_LIMITS: HeadLimits = {
  maxSeries: undefined,
  maxSeriesPerMetric: undefined,
  maxLabels: LABELS_MAX,
  maxLabelNameBytes: LABEL_NAME_BYTES_MAX,
  maxLabelValueBytes: LABEL_VALUE_BYTES_MAX,
  maxFutureMs: FUTURE_MAX_MS,
  maxPastMs: undefined,
  outOfOrderWindowMs: undefined,
  refusesNewSeries: () => false,
}

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
}

const NO_SERIES = -1
let rowSeries = new Int32Array(1024)

/**
 * Stores one batch in a tenant's head: the only way in, for intake and for replay. Runs in one turn.
 * Every sample of the batch ends as stored, duplicate or refused; what is refused is also in the verdict.
 */
export function applyBatch(
  head: TenantHead,
  batch: MetricBatch,
  limits: HeadLimits,
  options: ApplyOptions,
): ApplyOutcome {
  const refusals = new Refusals()
  const tally: Tally = { stored: 0, duplicates: 0 }
  if (rowSeries.length < batch.rowCount) rowSeries = new Int32Array(batch.aliasStart.length)
  resolveRows(head, batch, limits, options, refusals)
  for (let row = 0; row < batch.rowCount; row++) {
    const series = rowSeries[row] as number
    if (series >= 0) appendRow(head, batch, row, series, limits, options, refusals, tally)
  }
  for (const entry of batch.metadata) head.setMetadata(entry)
  let storedExemplars = 0
  for (const { row, exemplar } of batch.exemplars) {
    const series = rowSeries[row] as number
    if (series >= 0 && head.current.addExemplar(series, exemplar)) storedExemplars++
  }
  return {
    storedSamples: tally.stored,
    duplicateSamples: tally.duplicates,
    storedHistograms: 0,
    storedExemplars,
    refused: refusals.isEmpty ? [] : refusals.list(),
    verdict: refusals.verdict,
  }
}

/** Fills `rowSeries`: by prediction, by alias, or by parsing the labels. */
function resolveRows(
  head: TenantHead,
  batch: MetricBatch,
  limits: HeadLimits,
  options: ApplyOptions,
  refusals: Refusals,
): void {
  const { bytes, aliasStart, aliasEnd, aliasSpace } = batch
  const aliases = head.aliases
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const hint = options.hint
  if (hint !== undefined && hint.epoch !== aliases.epoch) hint.forget(aliases.epoch)
  let last = hint === undefined ? -1 : hint.last
  for (let row = 0; row < batch.rowCount; row++) {
    const at = aliasStart[row] as number
    const end = aliasEnd[row] as number
    // Fast path: the series that followed the last one before follows it again.
    if (hint !== undefined && last >= 0) {
      const predicted = hint.predict(last)
      if (predicted >= 0 && aliases.equals(predicted, view, at, end, aliasSpace)) {
        rowSeries[row] = aliases.seriesOf(predicted)
        last = predicted
        continue
      }
    }
    const hash = aliases.hash(view, at, end, aliasSpace)
    let alias = aliases.find(view, at, end, aliasSpace, hash)
    if (alias >= 0) {
      rowSeries[row] = aliases.seriesOf(alias)
    } else {
      const series = resolveLabels(head, batch, row, limits, options, refusals)
      rowSeries[row] = series
      if (series >= 0) alias = aliases.insert(bytes, at, end, aliasSpace, hash, series)
    }
    if (hint !== undefined) {
      if (hint.epoch !== aliases.epoch) hint.forget(aliases.epoch)
      else if (last >= 0 && alias >= 0) hint.learn(last, alias)
    }
    last = alias
  }
  if (hint !== undefined) hint.last = last
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
  const from = batch.sampleFrom[row] as number
  const to = batch.sampleFrom[row + 1] as number
  const verdict = options.replay?.verdict
  if (verdict !== undefined && to > from && isRangeRefused(verdict, from, to)) return NO_SERIES
  const parsed = batch.labelsOf(row)
  if (!parsed.ok) {
    refusals.add(parsed.reason, from, to, batch.sampleCount, () => parsed.message)
    return NO_SERIES
  }
  const known = head.index.findSeries(parsed.labels)
  if (known >= 0) return known
  // A row without samples names no new series: its exemplars belong to nothing.
  if (from === to) return NO_SERIES
  const reason = refuseSeries(head, parsed.labels, limits, options.replay !== undefined)
  if (reason !== undefined) {
    refusals.add(reason, from, to, batch.sampleCount, () => refusalText(reason, parsed.labels, limits))
    return NO_SERIES
  }
  const series = head.index.addSeries(parsed.labels)
  head.tap.cover(series + 1)
  head.tap.onSeries?.(series, parsed.labels)
  return series
}

function isRangeRefused(verdict: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!isRefused(verdict, i)) return false
  return true
}

/** @returns why a series that does not exist yet may not begin, or undefined */
function refuseSeries(head: TenantHead, labels: Labels, limits: HeadLimits, isReplay: boolean): ItemReason | undefined {
  if (isReplay) return isTooLong(labels, SYMBOL_BYTES_MAX, SYMBOL_BYTES_MAX)
  if (labels.length > limits.maxLabels * 2) return 'too_many_labels'
  const tooLong = isTooLong(
    labels,
    Math.min(limits.maxLabelNameBytes, SYMBOL_BYTES_MAX),
    Math.min(limits.maxLabelValueBytes, SYMBOL_BYTES_MAX),
  )
  if (tooLong !== undefined) return tooLong
  if (limits.refusesNewSeries()) return 'series_limit'
  if (limits.maxSeries !== undefined && head.index.seriesCount >= limits.maxSeries) return 'series_limit'
  if (limits.maxSeriesPerMetric === undefined) return undefined
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] !== METRIC_NAME) continue
    const pair = head.index.findPair(METRIC_NAME, labels[i + 1] as string)
    if (pair >= 0 && head.index.postingCount(pair) >= limits.maxSeriesPerMetric) return 'series_limit'
  }
  return undefined
}

function isTooLong(labels: Labels, nameBytesMax: number, valueBytesMax: number): ItemReason | undefined {
  for (let i = 0; i < labels.length; i += 2) {
    if (isLonger(labels[i] as string, nameBytesMax)) return 'label_name_too_long'
    if (isLonger(labels[i + 1] as string, valueBytesMax)) return 'label_value_too_long'
  }
  return undefined
}

function isLonger(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax
}

function refusalText(reason: ItemReason, labels: Labels, limits: HeadLimits): string {
  const series = foreign(formatLabels(labels))
  switch (reason) {
    case 'too_many_labels':
      return `series ${series}: want at most ${limits.maxLabels} labels, got ${labels.length / 2} (limits.maxLabels)`
    case 'label_name_too_long':
      return `series ${series}: label name over ${limits.maxLabelNameBytes} bytes (limits.maxLabelNameBytes)`
    case 'label_value_too_long':
      return `series ${series}: label value over ${limits.maxLabelValueBytes} bytes (limits.maxLabelValueBytes)`
    default:
      return `series ${series}: no new series are taken (limits.maxSeries, limits.maxSeriesPerMetric or memory)`
  }
}

function appendRow(
  head: TenantHead,
  batch: MetricBatch,
  row: number,
  series: number,
  limits: HeadLimits,
  options: ApplyOptions,
  refusals: Refusals,
  tally: Tally,
): void {
  const { times, values, halves, deltaStarts } = batch
  const generation = head.current
  generation.coverSeries(series)
  const replay = options.replay
  const isReplay = replay !== undefined
  const verdict = replay?.verdict
  const isWatched = head.tap.flags[series] !== 0
  const isWindowed = limits.outOfOrderWindowMs !== undefined
  const latest = isReplay || limits.maxFutureMs === undefined ? TIME_MAX_MS : options.nowMs + limits.maxFutureMs
  const earliest = isReplay || limits.maxPastMs === undefined ? -TIME_MAX_MS : options.nowMs - limits.maxPastMs
  const end = batch.sampleFrom[row + 1] as number
  for (let i = batch.sampleFrom[row] as number; i < end; i++) {
    if (verdict !== undefined && isRefused(verdict, i)) continue
    const timeMs = times[i] as number
    if (!(timeMs <= latest && timeMs >= earliest)) {
      refuseTime(head, series, timeMs, latest, earliest, i, batch.sampleCount, refusals)
      continue
    }
    if (isWindowed && !isReplay && !isInWindow(head, series, timeMs, limits, options, i, batch, refusals)) continue
    let code: number
    if (deltaStarts !== undefined && !Number.isNaN(deltaStarts[i] as number)) {
      code = appendDelta(head, series, deltaStarts[i] as number, timeMs, values[i] as number)
    } else {
      code = generation.append(series, timeMs, halves[i * 2] as number, halves[i * 2 + 1] as number, isReplay)
    }
    if (code === APPENDED.duplicate) {
      tally.duplicates++
      continue
    }
    if (code === APPENDED.conflict) {
      refusals.add('duplicate_timestamp', i, i + 1, batch.sampleCount, () =>
        sampleText(head, series, timeMs, 'has another value already'),
      )
      continue
    }
    tally.stored++
    if (isWatched) head.tap.onSample(series, timeMs, values[i] as number)
    if (isWindowed) head.noteMaxTime(series, timeMs)
  }
}

const valueScratch = new Float64Array(1)
const valueHalves = new Uint32Array(valueScratch.buffer)

/** Sums a delta point; the sum is stored at the interval's end, unless newer points are stored already. */
function appendDelta(head: TenantHead, series: number, startMs: number, endMs: number, value: number): number {
  const sum = head.deltaSums.add(series, startMs, endMs, value)
  if (sum === undefined) return APPENDED.duplicate
  if (endMs <= head.current.maxTimeOf(series)) return APPENDED.stored
  valueScratch[0] = sum
  return head.current.append(series, endMs, valueHalves[0] as number, valueHalves[1] as number, true)
}

function refuseTime(
  head: TenantHead,
  series: number,
  timeMs: number,
  latest: number,
  earliest: number,
  item: number,
  sampleCount: number,
  refusals: Refusals,
): void {
  let reason: ItemReason = 'invalid_value'
  if (timeMs > latest) reason = 'too_far_in_future'
  if (timeMs < earliest) reason = 'too_old'
  const key = timeMs > latest ? 'limits.maxFuture' : 'limits.maxPast'
  refusals.add(reason, item, item + 1, sampleCount, () =>
    sampleText(head, series, timeMs, `lies outside the time that is taken (${key})`),
  )
}

function isInWindow(
  head: TenantHead,
  series: number,
  timeMs: number,
  limits: HeadLimits,
  options: ApplyOptions,
  item: number,
  batch: MetricBatch,
  refusals: Refusals,
): boolean {
  const newest = series < head.maxTimes.length ? (head.maxTimes[series] as number) : Number.NEGATIVE_INFINITY
  // The newest time again is a duplicate or a conflict, which the append tells apart.
  if (timeMs >= newest) return true
  const windowMs = limits.outOfOrderWindowMs as number
  if (windowMs > 0 && timeMs >= options.nowMs - windowMs) return true
  refusals.add(windowMs === 0 ? 'out_of_order' : 'too_old', item, item + 1, batch.sampleCount, () =>
    sampleText(head, series, timeMs, `is older than the series' newest, ${newest} (limits.outOfOrderWindow)`),
  )
  return false
}

function sampleText(head: TenantHead, series: number, timeMs: number, what: string): string {
  return `series ${foreign(formatLabels(head.reader().labels(series)))}: the sample at ${timeMs} ms ${what}`
}
