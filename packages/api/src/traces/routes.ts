import { err, fault, foreign, ok } from '@vantage/model'
import type { ApiRequest, Route } from '../route.ts'
import type { TracesJob } from './job.ts'
import { parseTraceId } from './params.ts'
import type { TraceQueries } from './queries.ts'
import { type Answer, answered, traceRoutes } from './route-factory.ts'

const SPAN_ID = /^[0-9a-f]{16}$/

/** Our own questions about one trace: its tree at once, what a span was sent with when it is looked at. */
export function traceDetailRoutes(queries: TraceQueries): Route[] {
  const route = traceRoutes('/api/vantage/v1', 'vantage')
  return [
    route('/traces/:traceId/structure', 'The tree of one trace as columns, without attributes', [], (request) =>
      askTrace(queries, request, (traceId) => ({ kind: 'trace', traceId, form: 'structure' })),
    ),
    route('/traces/:traceId/spans/:spanId', 'One span with everything it was sent with, as OTLP', [], (request) =>
      askSpan(queries, request),
    ),
  ]
}

async function askSpan(queries: TraceQueries, request: ApiRequest): Answer {
  const spanId = (request.path['spanId'] ?? '').toLowerCase()
  if (!SPAN_ID.test(spanId)) {
    return err(fault('bad_request', `span id: want 16 hex digits, got ${JSON.stringify(foreign(spanId))}`))
  }
  return askTrace(queries, request, (traceId) => ({ kind: 'span', traceId, spanId }))
}

async function askTrace(queries: TraceQueries, request: ApiRequest, jobOf: (traceId: string) => TracesJob): Answer {
  const traceId = parseTraceId(request.path['traceId'] ?? '')
  if (!traceId.ok) return traceId
  return answered(queries, request, ok(jobOf(traceId.value)))
}
