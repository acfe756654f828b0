import { type AnyValue, type Attributes, type Origin, SPAN_KINDS } from '@vantage/model'
import type { SpanView, TraceView } from '@vantage/query/traceql'
import { spansByOrigin } from '@vantage/query/traces'

/**
 * A trace as OTLP/JSON has it: ids in hex, enums as numbers, 64-bit integers as texts.
 * Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding".
 */
export function resourceSpansJson(trace: Pick<TraceView, 'spans'>): unknown[] {
  return spansByOrigin(trace).map((scopes) => {
    const { origin } = scopes[0] as { origin: Origin }
    return {
      resource: {
        attributes: attributesJson(origin.resource),
        ...dropped('droppedAttributesCount', origin.resourceDroppedCount),
      },
      scopeSpans: scopes.map(({ origin: from, spans }) => ({
        scope: {
          ...optional('name', from.scopeName),
          ...optional('version', from.scopeVersion),
          ...(from.scope.length === 0 ? {} : { attributes: attributesJson(from.scope) }),
          ...dropped('droppedAttributesCount', from.scopeDroppedCount),
        },
        spans: spans.map(spanJson),
        ...optional('schemaUrl', from.scopeSchemaUrl),
      })),
      ...optional('schemaUrl', origin.resourceSchemaUrl),
    }
  })
}

function spanJson(span: SpanView): unknown {
  const { columns, row, statusCode, statusMessage } = span
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...optional('traceState', span.traceState),
    ...optional('parentSpanId', span.parentSpanId),
    ...dropped('flags', columns.flags[row] as number),
    name: span.name,
    kind: Math.min(span.kind, SPAN_KINDS.length - 1),
    startTimeUnixNano: String(span.startNs),
    endTimeUnixNano: String(span.endNs),
    attributes: attributesJson(span.attributes),
    ...dropped('droppedAttributesCount', columns.droppedAttributes[row] as number),
    events: span.events.map((event) => ({
      timeUnixNano: String(event.timeUnixNs),
      name: event.name,
      attributes: attributesJson(event.attributes),
      ...dropped('droppedAttributesCount', event.droppedAttributes),
    })),
    ...dropped('droppedEventsCount', columns.droppedEvents[row] as number),
    links: span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      ...optional('traceState', link.traceState),
      attributes: attributesJson(link.attributes),
      ...dropped('droppedAttributesCount', link.droppedAttributes),
      ...dropped('flags', link.flags),
    })),
    ...dropped('droppedLinksCount', columns.droppedLinks[row] as number),
    status: { ...(statusCode === 0 ? {} : { code: statusCode }), ...optional('message', statusMessage) },
  }
}

function optional(name: string, text: string): Record<string, string> {
  return text === '' ? {} : { [name]: text }
}

function dropped(name: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [name]: count }
}

function attributesJson(attributes: Attributes): unknown[] {
  return attributes.map(({ key, value }) => ({ key, value: anyValueJson(value) }))
}

/** Source: opentelemetry-proto common/v1, AnyValue; protobuf JSON mapping of doubles and bytes. */
export function anyValueJson(value: AnyValue): unknown {
  switch (value.kind) {
    case 'empty':
      return {}
    case 'string':
      return { stringValue: value.value }
    case 'bool':
      return { boolValue: value.value }
    case 'int':
      return { intValue: String(value.value) }
    case 'double':
      return { doubleValue: doubleJson(value.value) }
    case 'bytes':
      return { bytesValue: Buffer.from(value.value).toString('base64') }
    case 'array':
      return { arrayValue: { values: value.values.map(anyValueJson) } }
    case 'map':
      return { kvlistValue: { values: attributesJson(value.entries) } }
  }
}

/** JSON has no NaN and no infinities: protobuf writes their names. */
function doubleJson(value: number): number | string {
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}
