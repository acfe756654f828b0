import { fault, type Result } from '@vantage/model'
import { count, type Fields, hex, message, nanoseconds, readRequest, text, texts } from '../request-fields.ts'

/**
 *     GetTraceRequest         1 trace_id (bytes in the second version, hex in the third)
 *     FindTracesRequest       1 query
 *     TraceQueryParameters    1 service_name   2 operation_name   3 tags or attributes map<string, string>
 *                             4 start_time_min   5 start_time_max   6 duration_min   7 duration_max   8 search_depth
 *                             10 filter
 *     GetOperationsRequest    1 service   2 span_kind
 *     GetDependenciesRequest  1 start_time   2 end_time
 *     Timestamp, Duration     1 seconds   2 nanos
 *
 * Source: jaegertracing/jaeger-idl proto/api_v2/query.proto, proto/api_v3/query_service.proto.
 */
const QUERY: Fields = {
  10: text('query.service_name'),
  18: text('query.operation_name'),
  26: texts('query.attributes'),
  34: nanoseconds('query.start_time_min'),
  42: nanoseconds('query.start_time_max'),
  50: nanoseconds('query.duration_min', 'ns'),
  58: nanoseconds('query.duration_max', 'ns'),
  64: count('query.search_depth'),
  // Leaving it out would answer with more than was asked for.
  82: () => fault('bad_request', 'query.filter: want the other members, structured filters are not served'),
}

const REQUESTS = {
  empty: {},
  'trace-v2': { 10: hex('trace_id') },
  'trace-v3': { 10: text('trace_id') },
  find: { 10: message(QUERY) },
  operations: { 10: text('service'), 18: text('span_kind') },
  dependencies: { 10: nanoseconds('start_time'), 18: nanoseconds('end_time') },
} as const satisfies Readonly<Record<string, Fields>>

/** A request of Jaeger's query services; its members under the names of the third version's HTTP API. */
export function readJaegerRequest(kind: keyof typeof REQUESTS, body: Uint8Array): Result<URLSearchParams> {
  return readRequest(body, REQUESTS[kind])
}
