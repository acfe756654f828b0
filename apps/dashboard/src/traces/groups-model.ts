import type { TraceFigure } from '@vantage/api/client'

/** Requests, errors and durations of the spans that share a value. */
export interface GroupRow {
  readonly value: string
  readonly rate: number
  readonly errors: number
  readonly p50Ms: number
  readonly p95Ms: number
}

export interface GroupQueries {
  readonly rate: string
  readonly errors: string
  readonly latency: string
}

const FIELD =
  /^(?:span|resource)\.(?:[a-zA-Z_][\w.-]*|"(?:[^"\\]|\\.)*")$|^(?:name|kind|status|span:kind|trace:rootService|trace:rootName)$/

/** Whether spans can be grouped by it: an attribute with its scope, or what every span has. */
export function isField(text: string): boolean {
  return FIELD.test(text)
}

/** The questions of a table by one field, as TraceQL metrics. */
export function groupQueries(query: string, field: string, failed: string): GroupQueries {
  return {
    rate: `${query} | rate() by (${field})`,
    errors: `${failed} | rate() by (${field})`,
    latency: `${query} | quantile_over_time(duration, 0.5, 0.95) by (${field})`,
  }
}

/** Rows by their values, those with most requests first. */
export function groupRows(
  field: string,
  rate: readonly TraceFigure[],
  errors: readonly TraceFigure[],
  latency: readonly TraceFigure[],
): GroupRow[] {
  const groupOf = ({ labels }: TraceFigure) => labels[field] ?? ''
  const failed = new Map(errors.map((one) => [groupOf(one), one.value]))
  const quantile = (value: string, wanted: number) => {
    const found = latency.find((one) => groupOf(one) === value && Number(one.labels['p']) === wanted)
    return found === undefined ? Number.NaN : found.value * 1_000
  }
  return rate
    .map((one) => {
      const value = groupOf(one)
      return {
        value,
        rate: one.value,
        errors: one.value > 0 ? (failed.get(value) ?? 0) / one.value : 0,
        p50Ms: quantile(value, 0.5),
        p95Ms: quantile(value, 0.95),
      }
    })
    .sort((a, b) => b.rate - a.rate || (a.value < b.value ? -1 : 1))
}
