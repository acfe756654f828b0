import type { ClientFault } from '@vantage/api/client'
import { METRIC_NAME, ok, type Result } from '@vantage/model'
import { client } from './client.ts'

/** Every series but those that the platform collects by itself, about itself and its host. */
const FOREIGN_SERIES = '{__name__!="",job!~"node|vantage/server"}'

/** Those among them that somebody sent as metrics: not what is counted from spans. */
const SENT_SERIES = '{__name__!~"|traces_(spanmetrics|service_graph)_.*",job!~"node|vantage/server"}'

export async function hasSentMetrics(signal: AbortSignal): Promise<Result<boolean, ClientFault>> {
  const answer = await client.series(SENT_SERIES, 1, signal)
  return answer.ok ? ok(answer.value.length > 0) : answer
}

/** The name of some metric that someone sent; undefined where there is none, or no answer. */
export async function foreignMetric(signal: AbortSignal): Promise<string | undefined> {
  const answer = await client.series(FOREIGN_SERIES, 1, signal)
  return answer.ok ? answer.value[0]?.[METRIC_NAME] : undefined
}
