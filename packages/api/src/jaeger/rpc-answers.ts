import type { Origin } from '@vantage/model'
import type { SpanView, TraceView } from '@vantage/query/traceql'
import {
  chunksOfSpans,
  encodeJaegerDependencies,
  encodeJaegerOperations,
  encodeJaegerServices,
  encodeJaegerSpans,
  encodeJaegerSummaries,
  encodeTrace,
  framed,
  type ServiceEdge,
  type TraceSummary,
} from '@vantage/query/traces'
import { callsOf } from './answers.ts'

/** Messages of Jaeger's query services, framed for gRPC. */
export type JaegerRpcForm = 'jaeger-v2-rpc' | 'jaeger-v3-rpc'

export function isJaegerRpc(form: string): form is JaegerRpcForm {
  return form === 'jaeger-v2-rpc' || form === 'jaeger-v3-rpc'
}

/** A message for each piece of each trace. */
export function rpcTraces(found: readonly (readonly [string, TraceView])[], form: JaegerRpcForm): Uint8Array {
  const processes = new Map<Origin, Uint8Array>()
  const encode = (spans: readonly SpanView[]): Uint8Array =>
    form === 'jaeger-v2-rpc' ? encodeJaegerSpans(spans, processes) : encodeTrace({ spans })
  return framed(found.flatMap(([, trace]) => [...chunksOfSpans(trace.spans)].map(encode)))
}

export function rpcServices(names: readonly string[]): Uint8Array {
  return framed([encodeJaegerServices(names)])
}

export function rpcOperations(
  operations: readonly { readonly name: string; readonly spanKind: string }[],
  form: JaegerRpcForm,
): Uint8Array {
  return framed([encodeJaegerOperations(operations, form === 'jaeger-v2-rpc' ? 2 : 3)])
}

export function rpcDependencies(edges: readonly ServiceEdge[]): Uint8Array {
  return framed([encodeJaegerDependencies(callsOf(edges))])
}

/** None is no message. */
export function rpcSummaries(summaries: readonly TraceSummary[]): Uint8Array {
  return framed(summaries.length === 0 ? [] : [encodeJaegerSummaries(summaries)])
}
