import type { NamedValue } from '../evaluate/search.ts'
import { valueKey } from '../evaluate/value-text.ts'

export interface Exemplar {
  readonly traceId: string
  readonly step: number
  readonly timeMs: number
  /** NaN: the series' own value at the step. */
  readonly value: number
}

/** Values by interval; NaN = none. */
export interface MetricSeries {
  readonly labels: readonly NamedValue[]
  readonly values: Float64Array
  readonly exemplars: readonly Exemplar[]
}

export const METRIC_NAME = '__name__'

/** Equal for series that arithmetic joins: their labels but the name. '' = no labels. */
export function seriesKey(labels: readonly NamedValue[]): string {
  return labels
    .filter(({ name }) => name !== METRIC_NAME)
    .map(({ name, value }) => `${name.length}:${name}=${valueKey(value)}`)
    .sort()
    .join('\n')
}
