import type { QueryAnswer } from '@vantage/api/client'
import { METRIC_NAME } from '@vantage/model'
import { type CatalogueMetric, catalogueOf } from '../explore/catalogue.ts'
import { defaultQuery } from '../explore/default-query.ts'
import { quoted } from './service-queries.ts'

export interface ServiceMetric extends CatalogueMetric {
  readonly series: number
  /** A sensible first question, of this service alone. */
  readonly query: string
}

/**
 * Metrics of a service by name. A classic histogram is one of them, with the series of its parts together.
 * @param counts of series by name
 * @param known what is known of all metrics
 */
export function serviceMetrics(
  counts: QueryAnswer | undefined,
  known: readonly CatalogueMetric[],
  service: string,
): readonly ServiceMetric[] {
  if (counts?.data.kind !== 'vector') return []
  const series = new Map(counts.data.samples.map(({ metric, value }) => [metric[METRIC_NAME] ?? '', value]))
  const names = [...series.keys()].filter((name) => name !== '')
  const nameSet = new Set(names)
  const matcher = `service_name=${quoted(service)}`
  const infos = known.map(({ name, type, unit, help }) => ({ metric: name, type, unit, help }))
  return catalogueOf(names, infos).map((metric) => {
    const parts = [metric.name, ...['bucket', 'sum', 'count'].map((part) => `${metric.name}_${part}`)]
    const total = parts.reduce((sum, name) => sum + (series.get(name) ?? 0), 0)
    return { ...metric, series: total, query: defaultQuery(metric, nameSet, matcher) }
  })
}
