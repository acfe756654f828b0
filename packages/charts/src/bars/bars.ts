import type { Threshold, Tone } from '@vantage/model/dashboards'
import { toneOf } from '../tone.ts'

export interface BarRow {
  readonly key: string
  readonly label: string
  readonly value: number
  /** Of the scale, 0 to 1. */
  readonly share: number
  readonly tone: Tone
}

export interface Bars {
  readonly rows: readonly BarRow[]
  /** Values that are not shown. */
  readonly others: number
}

/**
 * Values beside each other, the largest first.
 * @param max the end of the scale; 0 = the largest value
 */
export function barsOf(
  values: readonly { readonly key: string; readonly label: string; readonly value: number }[],
  max: number,
  rowsMax: number,
  thresholds: readonly Threshold[],
): Bars {
  const known = values.filter(({ value }) => !Number.isNaN(value))
  const sorted = known.sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1))
  const end = max > 0 ? max : Math.max(0, ...sorted.map(({ value }) => value))
  const rows = sorted.slice(0, rowsMax).map((one) => ({
    ...one,
    share: end > 0 ? Math.min(1, Math.max(0, one.value / end)) : 0,
    tone: toneOf(one.value, thresholds),
  }))
  return { rows, others: sorted.length - rows.length }
}
