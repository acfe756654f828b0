import { PLAIN, type Unit, unitOf } from '@vantage/charts'
import type { CatalogueMetric } from './catalogue.ts'

/** Window of `rate` in a suggested query; four scrapes of a minute fit. */
const RATE_WINDOW = '5m'

/** A sensible first query for a metric of this type. @param matcher narrows it, such as `service_name="shop"` */
export function defaultQuery(metric: CatalogueMetric, names: ReadonlySet<string>, matcher = ''): string {
  const { name, type } = metric
  const quoted = selector(name, matcher)
  switch (type) {
    case 'counter':
      return `rate(${quoted}[${RATE_WINDOW}])`
    case 'histogram':
    case 'gaugehistogram':
      return names.has(`${name}_bucket`)
        ? `histogram_quantile(0.95, sum by (le) (rate(${selector(`${name}_bucket`, matcher)}[${RATE_WINDOW}])))`
        : `histogram_quantile(0.95, sum(rate(${quoted}[${RATE_WINDOW}])))`
    case 'summary':
      return names.has(name) ? quoted : `rate(${selector(`${name}_count`, matcher)}[${RATE_WINDOW}])`
    default:
      return quoted
  }
}

/** A plain name stands for itself; any other (dots, spaces) is written as a quoted matcher. */
export function selector(name: string, matcher = ''): string {
  const isPlain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)
  const matchers = [isPlain ? '' : JSON.stringify(name), matcher].filter(Boolean).join(',')
  return `${isPlain ? name : ''}${matchers === '' ? '' : `{${matchers}}`}`
}

/**
 * Unit and baseline of what a query returns, as far as its text and the metadata tell. Ratios of two
 * metrics and counts of series have no unit.
 */
export function unitOfQuery(query: string, metrics: readonly CatalogueMetric[]): { unit: Unit; fromZero: boolean } {
  const isRate = /\b(rate|irate|deriv)\s*\(/.test(query)
  const isIncrease = /\bincrease\s*\(/.test(query)
  const fromZero = isRate || isIncrease || /\b(count|count_values)\b/.test(query)
  if (/\bcount\s*(by|without|\()/.test(query) || / [/*^%] /.test(query)) return { unit: PLAIN, fromZero }
  const byName = new Map(metrics.map((one) => [one.name, one]))
  for (const token of query.match(/[a-zA-Z_:][a-zA-Z0-9_:.]*/g) ?? []) {
    const metric = byName.get(token) ?? byName.get(token.replace(/_(bucket|sum|count)$/, ''))
    if (metric === undefined) continue
    // Buckets count; their quantiles are of what was measured.
    const isQuantile = /\bhistogram_quantile\s*\(/.test(query)
    const unit = isQuantile
      ? unitOf(token.replace(/_bucket$/, ''), metric.unit, false)
      : unitOf(token, metric.unit, isRate)
    return { unit, fromZero: fromZero || metric.type === 'counter' }
  }
  return { unit: PLAIN, fromZero }
}
