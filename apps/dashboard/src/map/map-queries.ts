import { spanText } from '../services/service-queries.ts'

/** Labels that tell the calls of the map apart. */
const CALL_LABELS = 'client,server,connection_type,client_service_namespace,server_service_namespace'
const TOTAL = 'traces_service_graph_request_total'
const FAILED = 'traces_service_graph_request_failed_total'
const BUCKETS = 'traces_service_graph_request_server_seconds_bucket'

/**
 * Calls a second between services, those that failed and their p95 in seconds, and the p95 of all calls of each server, told
 * by `figure`, in one question.
 * @param offsetMs how long before the moment of the question the time ends
 */
export function callsQuery(spanMs: number, offsetMs: number): string {
  const window = `[${spanText(spanMs)}]${offsetMs === 0 ? '' : ` offset ${spanText(offsetMs)}`}`
  const named = (figure: string, query: string) => `label_replace(${query}, "figure", "${figure}", "", "")`
  const p95 = (by: string) => `histogram_quantile(0.95, sum by (le,${by}) (rate(${BUCKETS}${window})))`
  return [
    named('rate', `sum by (${CALL_LABELS}) (rate(${TOTAL}${window}))`),
    named('errors', `sum by (${CALL_LABELS}) (rate(${FAILED}${window}))`),
    named('p95', p95(CALL_LABELS)),
    named('served', p95('server')),
  ].join(' or ')
}

/** In which namespace each service is. */
export const NAMESPACES_QUERY = 'group by (service,service_namespace) (traces_spanmetrics_calls_total)'
