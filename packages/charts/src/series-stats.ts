/** What a legend row says about a series. All NaN where the series holds no number. */
export interface SeriesStats {
  readonly last: number
  readonly min: number
  readonly mean: number
  readonly max: number
}

/** @param values one per step, null for a gap */
export function seriesStats(values: readonly (number | null)[]): SeriesStats {
  let last = Number.NaN
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    last = value
    if (value < min) min = value
    if (value > max) max = value
    sum += value
    count++
  }
  if (count === 0) return { last, min: Number.NaN, mean: Number.NaN, max: Number.NaN }
  return { last, min, mean: sum / count, max }
}
