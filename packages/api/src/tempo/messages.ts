import { encodeMessage, framed, type Message } from '@vantage/query/traces'

/** Messages of Tempo's streaming service. Source: grafana/tempo pkg/tempopb/tempo.proto, common/v1/common.proto. */

const text = (field: number) => ({ field, type: 'text' }) as const
const integer = (field: number) => ({ field, type: 'integer' }) as const
const double = (field: number) => ({ field, type: 'double' }) as const
const of = (field: number, type: Message) => ({ field, type })

/** Holds itself: filled below. */
const VALUE: Record<string, Message[string]> = {
  stringValue: text(1),
  boolValue: { field: 2, type: 'bool' },
  intValue: integer(3),
  doubleValue: double(4),
  bytesValue: { field: 7, type: 'bytes' },
}
const KEY_VALUE: Message = { key: text(1), value: of(2, VALUE) }
VALUE['arrayValue'] = of(5, { values: of(1, VALUE) })
VALUE['kvlistValue'] = of(6, { values: of(1, KEY_VALUE) })

const METRICS: Message = {
  inspectedTraces: integer(1),
  inspectedBytes: integer(2),
  completedJobs: integer(4),
  totalJobs: integer(5),
  inspectedSpans: integer(7),
}
const SPAN: Message = {
  spanID: text(1),
  name: text(2),
  startTimeUnixNano: integer(3),
  durationNanos: integer(4),
  attributes: of(5, KEY_VALUE),
}
const SPAN_SET: Message = { spans: of(1, SPAN), matched: integer(2), attributes: of(3, KEY_VALUE) }
const TRACE: Message = {
  traceID: text(1),
  rootServiceName: text(2),
  rootTraceName: text(3),
  startTimeUnixNano: integer(4),
  durationMs: integer(5),
  spanSet: of(6, SPAN_SET),
  spanSets: of(7, SPAN_SET),
  serviceStats: { field: 8, type: { map: { spanCount: integer(1), errorCount: integer(2) } } },
}
const SAMPLE: Message = { value: double(1), timestampMs: integer(2) }
const EXEMPLAR: Message = { labels: of(1, KEY_VALUE), value: double(2), timestampMs: integer(3) }
const SERIES: Message = {
  labels: of(1, KEY_VALUE),
  samples: of(2, SAMPLE),
  promLabels: text(3),
  exemplars: of(4, EXEMPLAR),
}
const INSTANT: Message = { labels: of(1, KEY_VALUE), value: double(2), promLabels: text(3) }

const MESSAGES = {
  search: { traces: of(1, TRACE), metrics: of(2, METRICS) },
  tags: { tagNames: text(1), metrics: of(2, METRICS) },
  'tags-v2': { scopes: of(1, { name: text(1), tags: text(2) }), metrics: of(2, METRICS) },
  values: { tagValues: text(1), metrics: of(2, METRICS) },
  'values-v2': { tagValues: of(1, { type: text(1), value: text(2) }), metrics: of(2, METRICS) },
  range: { series: of(1, SERIES), metrics: of(2, METRICS) },
  instant: { series: of(1, INSTANT), metrics: of(2, METRICS) },
} as const satisfies Readonly<Record<string, Message>>

export type TempoMessage = keyof typeof MESSAGES

/** The body of an answer as the one message of a stream: the last one has everything, so it may be the only one. */
export function tempoFrame(message: TempoMessage, body: object): Uint8Array {
  return framed([encodeMessage(MESSAGES[message], body)])
}
