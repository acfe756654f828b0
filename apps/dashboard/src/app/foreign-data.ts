import { METRIC_NAME } from '@vantage/model'
import { client } from './client.ts'

/** Every series but those that the platform collects by itself, about itself and its host. */
const FOREIGN_SERIES = '{__name__!="",job!~"node|vantage/server"}'

/** The name of some metric that someone sent; undefined where there is none, or no answer. */
export async function foreignMetric(signal: AbortSignal): Promise<string | undefined> {
  const answer = await client.series(FOREIGN_SERIES, 1, signal)
  return answer.ok ? answer.value[0]?.[METRIC_NAME] : undefined
}
