import type { PrometheusClient } from '@prometheus-io/codemirror-promql'
import { client } from '../app/client.ts'
import { useCatalogue } from './catalogue.ts'
import { selector } from './default-query.ts'

/** Series that one completion looks at. */
const SERIES_LOOKED_AT_MAX = 2_000

/** What the editor completes from: real names, labels and values of this server. A failed request completes nothing. */
export const completionClient: PrometheusClient = {
  async labelNames(metricName) {
    if (metricName === undefined || metricName === '') {
      const names = await client.labelNames()
      return names.ok ? [...names.value] : []
    }
    const rows = await seriesOf(metricName)
    return [...new Set(rows.flatMap((row) => Object.keys(row)))]
  },
  async labelValues(labelName, metricName) {
    if (metricName === undefined || metricName === '') {
      const values = await client.labelValues(labelName)
      return values.ok ? [...values.value] : []
    }
    const rows = await seriesOf(metricName)
    return [...new Set(rows.map((row) => row[labelName]).filter((value) => value !== undefined))]
  },
  async metricMetadata() {
    const { metrics } = useCatalogue.getState()
    return Object.fromEntries(metrics.map(({ name, type, help }) => [name, [{ type, help }]]))
  },
  async series(metricName) {
    return (await seriesOf(metricName)).map((row) => new Map(Object.entries(row)))
  },
  async metricNames() {
    return [...useCatalogue.getState().names]
  },
  async flags() {
    return {}
  },
}

/** All series of a metric: matchers that stand already do not narrow what else may be written. */
async function seriesOf(metricName: string) {
  const rows = await client.series(selector(metricName), SERIES_LOOKED_AT_MAX)
  return rows.ok ? rows.value : []
}
