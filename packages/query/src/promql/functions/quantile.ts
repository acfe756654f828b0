/**
 * Quantile of plain values with linear interpolation; sorts `values` in place, NaN first.
 * Source: prometheus/prometheus promql/quantile.go, quantile.
 */
export function quantileOf(quantile: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN
  if (quantile < 0) return -Infinity
  if (quantile > 1) return Infinity
  sortNaNFirst(values)
  const rank = quantile * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return (values[lower] as number) * (1 - weight) + (values[upper] as number) * weight
}

/** Typed arrays sort NaN to the end; Prometheus counts it as the smallest value. */
function sortNaNFirst(values: Float64Array): void {
  values.sort()
  let end = values.length
  while (end > 0 && Number.isNaN(values[end - 1] as number)) end--
  const nanCount = values.length - end
  if (nanCount === 0) return
  values.copyWithin(nanCount, 0, end)
  values.fill(Number.NaN, 0, nanCount)
}
