import { type Attribute, type Attributes, SPAN_KINDS, type SpanEvent } from '@vantage/model'
import type { SpanView } from '../traceql/evaluate/span-view.ts'

const STATUS_OK = 1
const STATUS_ERROR = 2

/**
 * All tags of a span in Jaeger's model: its attributes, then what the model has no member for.
 * Source: OpenTelemetry specification trace/sdk_exporters/jaeger.md.
 */
export function jaegerTags(span: SpanView): Attribute[] {
  const tags: Attribute[] = [...span.attributes]
  const { scopeName, scopeVersion } = span.origin
  if (scopeName !== '') tags.push(text('otel.scope.name', scopeName))
  if (scopeVersion !== '') tags.push(text('otel.scope.version', scopeVersion))
  if (span.kind > 0) tags.push(text('span.kind', SPAN_KINDS[span.kind] ?? 'unspecified'))
  if (span.statusCode === STATUS_OK) tags.push(text('otel.status_code', 'OK'))
  if (span.statusCode === STATUS_ERROR) {
    tags.push(text('otel.status_code', 'ERROR'))
    tags.push({ key: 'error', value: { kind: 'bool', value: true } })
  }
  if (span.statusMessage !== '') tags.push(text('otel.status_description', span.statusMessage))
  if (span.traceState !== '') tags.push(text('w3c.tracestate', span.traceState))
  return tags
}

/** An event as the fields of a log of Jaeger's model. */
export function jaegerFields({ name, attributes }: Pick<SpanEvent, 'name' | 'attributes'>): Attributes {
  return name === '' ? attributes : [text('event', name), ...attributes]
}

function text(key: string, value: string): Attribute {
  return { key, value: { kind: 'string', value } }
}
