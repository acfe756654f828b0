import { type AnyValue, type Attributes, type Origin, serviceOf, valueText } from '@vantage/model'
import type { SpanView, TraceView } from '@vantage/query/traceql'
import { jaegerFields, jaegerTags, type ServiceEdge, type TraceSummary } from '@vantage/query/traces'

/** The envelope of every answer of Jaeger's JSON API. Source: jaegertracing/jaeger internal/uimodel. */
export function jaegerBody(data: readonly unknown[]): unknown {
  return { data, total: data.length, limit: 0, offset: 0, errors: null }
}

interface Tag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64' | 'binary'
  readonly value: string | boolean | number
}

/**
 * A trace as Jaeger's interface reads it. Times are µs.
 * Source: OpenTelemetry specification trace/sdk_exporters/jaeger.md; jaegertracing/jaeger internal/uimodel/model.go.
 */
export function jaegerTrace(traceId: string, trace: TraceView): unknown {
  const processes = new Map<string, { readonly id: string; readonly process: unknown }>()
  const spans = trace.spans.map((span) => spanJson(span, processOf(span.origin, processes)))
  return {
    traceID: traceId,
    spans,
    processes: Object.fromEntries([...processes.values()].map(({ id, process }) => [id, process])),
    warnings: null,
  }
}

function processOf(origin: Origin, known: Map<string, { readonly id: string; readonly process: unknown }>): string {
  const tags = tagsOf(origin.resource.filter(({ key }) => key !== 'service.name'))
  const process = { serviceName: serviceOf(origin), tags }
  const key = JSON.stringify(process)
  const found = known.get(key)
  if (found !== undefined) return found.id
  const id = `p${known.size + 1}`
  known.set(key, { id, process })
  return id
}

function spanJson(span: SpanView, processID: string): unknown {
  const { traceId, columns, row } = span
  const references = [
    ...(span.parentSpanId === '' ? [] : [{ refType: 'CHILD_OF', traceID: traceId, spanID: span.parentSpanId }]),
    ...span.links.map((link) => ({ refType: 'FOLLOWS_FROM', traceID: link.traceId, spanID: link.spanId })),
  ]
  return {
    traceID: traceId,
    spanID: span.spanId,
    flags: (columns.flags[row] as number) & 0xff,
    operationName: span.name,
    references,
    startTime: microseconds(span.startNs),
    duration: Math.floor(span.durationNs / 1e3),
    tags: tagsOf(jaegerTags(span)),
    logs: span.events.map((event) => ({
      timestamp: microseconds(event.timeUnixNs),
      fields: tagsOf(jaegerFields(event)),
    })),
    processID,
    warnings: null,
  }
}

function microseconds(ns: bigint): number {
  return Number(ns / 1_000n)
}

function text(key: string, value: string): Tag {
  return { key, type: 'string', value }
}

function tagsOf(attributes: Attributes): Tag[] {
  return attributes.map(({ key, value }) => tagOf(key, value))
}

/** Integers beyond 2^53 are rounded by readers of JSON, as Jaeger's own answers are. */
function tagOf(key: string, value: AnyValue): Tag {
  switch (value.kind) {
    case 'bool':
      return { key, type: 'bool', value: value.value }
    case 'int':
      return { key, type: 'int64', value: Number(value.value) }
    case 'double':
      return Number.isFinite(value.value)
        ? { key, type: 'float64', value: value.value }
        : { key, type: 'float64', value: valueText(value) }
    case 'bytes':
      return { key, type: 'binary', value: valueText(value) }
    default:
      return text(key, valueText(value))
  }
}

/** Only calls between services: what sent no span is no service to Jaeger. */
export function callsOf(edges: readonly ServiceEdge[]): ServiceEdge[] {
  return edges.filter(({ connection }) => connection === 'call' || connection === 'messaging')
}

export function jaegerDependencies(edges: readonly ServiceEdge[]): unknown {
  return jaegerBody(
    callsOf(edges).map(({ client, server, calls }) => ({ parent: client, child: server, callCount: calls })),
  )
}

/** Of the third version; integers of 64 bits are texts in the JSON of protobuf. */
export function jaegerThirdDependencies(edges: readonly ServiceEdge[]): unknown {
  const dependencies = callsOf(edges).map(({ client, server, calls }) => ({
    parent: client,
    child: server,
    callCount: String(calls),
  }))
  return { dependencies }
}

/** `FindTraceSummariesResponse` as JSON: 64-bit numbers are texts. */
export function jaegerSummaries(summaries: readonly TraceSummary[]): unknown {
  const shown = summaries.map(({ startNs, endNs, ...rest }) => ({
    ...rest,
    minStartTimeUnixNano: String(startNs),
    maxEndTimeUnixNano: String(endNs),
  }))
  return { result: { summaries: shown } }
}
