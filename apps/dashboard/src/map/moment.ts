import type { TimeRange } from '@vantage/model'

/** Parts of the chosen time that the map can be looked at one after the other. */
export const MOMENTS = 12

/** One part of a range, counted from 1; all of it where none is chosen. */
export function momentRange({ startMs, endMs }: TimeRange, moment: number | undefined): TimeRange {
  if (moment === undefined) return { startMs, endMs }
  const partMs = (endMs - startMs) / MOMENTS
  return { startMs: Math.round(startMs + partMs * (moment - 1)), endMs: Math.round(startMs + partMs * moment) }
}

/** A whole number from 1 to the last; undefined for anything else. */
export function momentIn(text: string | null): number | undefined {
  const moment = Number(text ?? Number.NaN)
  return Number.isInteger(moment) && moment >= 1 && moment <= MOMENTS ? moment : undefined
}
