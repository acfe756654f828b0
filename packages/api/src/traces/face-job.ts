import {
  err,
  type Fault,
  fault,
  hexBytes,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  SPAN_KINDS,
  type SpanReader,
  type TenantId,
  unreachable,
  valueText,
} from '@vantage/model'
import { findTraces, readTrace, SpanView, type TraceqlLimits, type TraceView } from '@vantage/query/traceql'
import {
  CallPaths,
  type ServiceEdge,
  SpanQuality,
  serviceGraph,
  type TraceSummary,
  traceSummary,
} from '@vantage/query/traces'
import {
  jaegerBody,
  jaegerDependencies,
  jaegerSummaries,
  jaegerThirdDependencies,
  jaegerTrace,
} from '../jaeger/answers.ts'
import { deepDependenciesBody, qualityBody } from '../jaeger/insight-answers.ts'
import {
  isJaegerRpc,
  type JaegerRpcForm,
  rpcDependencies,
  rpcOperations,
  rpcServices,
  rpcSummaries,
  rpcTraces,
} from '../jaeger/rpc-answers.ts'
import { remoteService, zipkinDependencies, zipkinTrace } from '../zipkin/answers.ts'
import { resourceSpansJson } from './otlp-json.ts'

/** Whose form an answer has. */
export type FaceForm = 'jaeger' | 'jaeger-v3' | 'zipkin' | JaegerRpcForm

/** What Jaeger's and Zipkin's read APIs ask, beside single traces. */
export type FaceJob =
  | { readonly kind: 'services'; readonly range: NsRange; readonly form: FaceForm }
  | {
      readonly kind: 'operations'
      readonly service: string
      /** Only of this kind. */
      readonly spanKind: string | undefined
      readonly range: NsRange
      readonly form: FaceForm | 'jaeger-names'
    }
  /** Names that spans of a service have for whom they call or who calls them. */
  | { readonly kind: 'remote-services'; readonly service: string; readonly range: NsRange }
  /** Whole traces with a span that a TraceQL query selects. */
  | {
      readonly kind: 'find'
      readonly query: string
      readonly range: NsRange
      readonly limit: number
      readonly form: FaceForm
    }
  /** A few figures of each trace that `find` would give. */
  | {
      readonly kind: 'summaries'
      readonly query: string
      readonly range: NsRange
      readonly limit: number
      readonly form: 'jaeger-v3' | 'jaeger-v3-rpc'
    }
  /** Whole traces by their ids, 32 hex digits each. */
  | { readonly kind: 'traces'; readonly traceIds: readonly string[]; readonly form: FaceForm }
  | { readonly kind: 'dependencies'; readonly range: NsRange; readonly form: FaceForm }
  /** Ways of calls through a service, and how well its spans join to traces, in its newest traces. */
  | {
      readonly kind: 'deep-dependencies' | 'quality'
      readonly service: string
      /** That selects its traces. */
      readonly query: string
      readonly range: NsRange
      readonly limit: number
    }
  /** Texts of a span's attribute. */
  | { readonly kind: 'attribute-values'; readonly name: string; readonly range: NsRange }

/** Memory that an answer takes while it is made, by the bytes of the traces it is of. */
export const ANSWER_FACTOR = 3

/** Names of services, of operations of one service, values of one attribute. */
const NAMES_MAX = 10_000

/** @returns what JSON.stringify takes, or messages of gRPC */
export function faceAnswer(
  job: FaceJob,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Result<unknown, Fault> {
  switch (job.kind) {
    case 'services':
      return ok(servicesBody(serviceNames(job.range, tenant, reader, budget), job.form))
    case 'operations':
      return ok(operationsBody(operationsOf(job, tenant, reader, budget), job.form))
    case 'remote-services': {
      const names = new Set<string>()
      for (const span of spansOfService(job, tenant, reader, budget)) {
        const name = remoteService(span)
        if (name !== '') names.add(name)
        if (names.size >= NAMES_MAX) break
      }
      return ok([...names].sort())
    }
    case 'find': {
      const found: [string, TraceView][] = []
      const request = { ...job.range, query: job.query, limit: job.limit }
      const counts = findTraces(request, tenant, reader, budget, limits, (id, trace) => {
        budget.chargeBytes(trace.bytes * (1 + ANSWER_FACTOR))
        found.push([id, trace])
      })
      return counts.ok ? ok(tracesBody(found, job.form)) : counts
    }
    case 'summaries': {
      const summaries: TraceSummary[] = []
      const request = { ...job.range, query: job.query, limit: job.limit }
      const counts = findTraces(request, tenant, reader, budget, limits, (id, trace) => {
        summaries.push(traceSummary(id, trace))
      })
      if (!counts.ok) return counts
      return ok(job.form === 'jaeger-v3' ? jaegerSummaries(summaries) : rpcSummaries(summaries))
    }
    case 'traces': {
      const found = job.traceIds.flatMap((id): [string, TraceView][] => {
        const trace = readTrace(hexBytes(id, 16) as Uint8Array, tenant, reader, budget, limits)
        if (trace === undefined) return []
        budget.chargeBytes(trace.bytes * ANSWER_FACTOR)
        return [[id, trace]]
      })
      if (found.length === 0 && job.form !== 'zipkin') return err(fault('not_found', 'trace not found'))
      return ok(tracesBody(found, job.form))
    }
    case 'dependencies': {
      const scan = { ...job.range, conditions: [], isAll: true, direction: 'forward' as const }
      const edges = serviceGraph(reader.scan(tenant, scan, budget), budget)
      return ok(dependenciesBody(edges, job.form))
    }
    case 'deep-dependencies': {
      const paths = new CallPaths(job.service)
      const counts = findTraces({ ...job.range, ...job }, tenant, reader, budget, limits, (id, trace) =>
        paths.add(id, trace),
      )
      return counts.ok ? ok(deepDependenciesBody(paths)) : counts
    }
    case 'quality': {
      const quality = new SpanQuality(job.service)
      const counts = findTraces({ ...job.range, ...job }, tenant, reader, budget, limits, (id, trace) =>
        quality.add(id, trace),
      )
      return counts.ok ? ok(qualityBody(quality)) : counts
    }
    case 'attribute-values': {
      const field = { scope: 'span', name: job.name } as const
      const values = reader.values(tenant, field, job.range, NAMES_MAX, budget)
      return ok([...new Set(values.map(valueText))].sort())
    }
    default:
      return unreachable(job)
  }
}

/** One trace, as the face that asked writes it. */
export function traceAnswer(traceId: string, trace: TraceView, form: FaceForm): unknown {
  return form === 'zipkin' ? zipkinTrace(trace) : tracesBody([[traceId, trace]], form)
}

function tracesBody(found: readonly [string, TraceView][], form: FaceForm): unknown {
  if (isJaegerRpc(form)) return rpcTraces(found, form)
  switch (form) {
    case 'jaeger':
      return jaegerBody(found.map(([id, trace]) => jaegerTrace(id, trace)))
    case 'jaeger-v3':
      return { result: { resourceSpans: found.flatMap(([, trace]) => resourceSpansJson(trace)) } }
    case 'zipkin':
      return found.map(([, trace]) => zipkinTrace(trace))
    default:
      return unreachable(form)
  }
}

function serviceNames(range: NsRange, tenant: TenantId, reader: SpanReader, budget: QueryBudget): string[] {
  const values = reader.values(tenant, { scope: 'resource', name: 'service.name' }, range, NAMES_MAX, budget)
  return [...new Set(values.map(valueText))].sort()
}

function servicesBody(names: readonly string[], form: FaceForm): unknown {
  if (isJaegerRpc(form)) return rpcServices(names)
  if (form === 'zipkin') return names
  return form === 'jaeger' ? jaegerBody(names) : { services: names }
}

interface Operation {
  readonly name: string
  readonly spanKind: string
}

function operationsOf(
  job: Extract<FaceJob, { kind: 'operations' }>,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
): Operation[] {
  const found = new Map<string, Operation>()
  for (const { kind, name } of spansOfService(job, tenant, reader, budget)) {
    const spanKind = SPAN_KINDS[kind] ?? 'unspecified'
    if (job.spanKind !== undefined && job.spanKind !== spanKind) continue
    found.set(`${spanKind} ${name}`, { name, spanKind })
    if (found.size >= NAMES_MAX) break
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** The view moves on with each. */
function* spansOfService(
  { service, range }: { readonly service: string; readonly range: NsRange },
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
): Iterable<SpanView> {
  const field = { scope: 'resource', name: 'service.name' } as const
  const value = { kind: 'string', value: service } as const
  const scan = {
    ...range,
    conditions: [{ field, op: '=' as const, value }],
    isAll: true,
    direction: 'backward' as const,
  }
  const view = new SpanView()
  for (const { columns, rows, origins } of reader.scan(tenant, scan, budget)) {
    budget.check()
    for (const row of rows) {
      view.moveTo(columns, origins, row)
      const isOf = view.origin.resource.some((one) => one.key === field.name && valueText(one.value) === service)
      if (isOf) yield view
    }
  }
}

function operationsBody(operations: readonly Operation[], form: FaceForm | 'jaeger-names'): unknown {
  if (isJaegerRpc(form)) return rpcOperations(operations, form)
  const names = [...new Set(operations.map(({ name }) => name))]
  switch (form) {
    case 'zipkin':
      return names
    case 'jaeger-names':
      return jaegerBody(names)
    case 'jaeger':
      return jaegerBody(operations)
    case 'jaeger-v3':
      return { operations }
    default:
      return unreachable(form)
  }
}

function dependenciesBody(edges: readonly ServiceEdge[], form: FaceForm): unknown {
  if (isJaegerRpc(form)) return rpcDependencies(edges)
  switch (form) {
    case 'zipkin':
      return zipkinDependencies(edges)
    case 'jaeger':
      return jaegerDependencies(edges)
    case 'jaeger-v3':
      return jaegerThirdDependencies(edges)
    default:
      return unreachable(form)
  }
}
