import { foreign, formatLabels, type ItemReason, type Labels, METRIC_NAME } from '@vantage/model'
import { FUTURE_MAX_MS, LABEL_NAME_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, SYMBOL_BYTES_MAX } from '../limits.ts'
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

/** @returns why a series that does not exist yet may not begin, or undefined */
export function refuseSeries(
  head: TenantHead,
  labels: Labels,
  limits: HeadLimits,
  isReplay: boolean,
): ItemReason | undefined {
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

export function refusalText(reason: ItemReason, labels: Labels, limits: HeadLimits): string {
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
