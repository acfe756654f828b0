import { ProtobufWriter } from '@vantage/bytes'
import { serviceOf } from '@vantage/model'
import type { TraceView } from '../traceql/index.ts'

interface ServiceSummary {
  readonly name: string
  spanCount: number
  errorSpanCount: number
}

/** What a list of traces shows of one. Source: jaegertracing/jaeger-idl proto/api_v3/query_service.proto, TraceSummary. */
export interface TraceSummary {
  /** 32 hex digits. */
  readonly traceId: string
  /** '' where no span is without a parent. */
  readonly rootServiceName: string
  readonly rootOperationName: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly spanCount: number
  readonly errorSpanCount: number
  /** Spans whose parent is not there. */
  readonly orphanSpanCount: number
  /** Sorted by name. */
  readonly services: readonly Readonly<ServiceSummary>[]
}

const ERROR = 2

/** @param trace one span at least */
export function traceSummary(traceId: string, { spans }: Pick<TraceView, 'spans'>): TraceSummary {
  const ids = new Set(spans.map((span) => span.spanId))
  const services = new Map<string, ServiceSummary>()
  let root = { service: '', operation: '', startNs: 0n, isThere: false }
  let [startNs, endNs] = [spans[0]?.startNs ?? 0n, 0n]
  let [errors, orphans] = [0, 0]
  for (const span of spans) {
    const name = serviceOf(span.origin)
    const service = services.get(name) ?? { name, spanCount: 0, errorSpanCount: 0 }
    services.set(name, service)
    service.spanCount++
    if (span.statusCode === ERROR) {
      service.errorSpanCount++
      errors++
    }
    if (span.startNs < startNs) startNs = span.startNs
    if (span.endNs > endNs) endNs = span.endNs
    const { parentSpanId } = span
    if (parentSpanId !== '') orphans += ids.has(parentSpanId) ? 0 : 1
    else if (!root.isThere || span.startNs < root.startNs) {
      root = { service: name, operation: span.name, startNs: span.startNs, isThere: true }
    }
  }
  return {
    traceId,
    rootServiceName: root.service,
    rootOperationName: root.operation,
    startNs,
    endNs,
    spanCount: spans.length,
    errorSpanCount: errors,
    orphanSpanCount: orphans,
    services: [...services.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

/** `FindTraceSummariesResponse`. */
export function encodeJaegerSummaries(summaries: readonly TraceSummary[]): Uint8Array {
  const out = new ProtobufWriter()
  for (const one of summaries) {
    const mark = out.open(0x0a)
    out.text(0x0a, one.traceId)
    out.text(0x12, one.rootServiceName)
    out.text(0x1a, one.rootOperationName)
    out.fixed64(0x21, Number(one.startNs & 0xffffffffn), Number(one.startNs >> 32n))
    out.fixed64(0x29, Number(one.endNs & 0xffffffffn), Number(one.endNs >> 32n))
    out.varint(0x30, one.spanCount)
    out.varint(0x38, one.errorSpanCount)
    out.varint(0x40, one.orphanSpanCount)
    for (const { name, spanCount, errorSpanCount } of one.services) {
      const inner = out.open(0x4a)
      out.text(0x0a, name)
      out.varint(0x10, spanCount)
      out.varint(0x18, errorSpanCount)
      out.close(inner)
    }
    out.close(mark)
  }
  return out.finish()
}
