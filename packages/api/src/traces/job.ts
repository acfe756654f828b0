import {
  err,
  type Fault,
  FaultError,
  fault,
  hexBytes,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
  unreachable,
} from '@vantage/model'
import {
  type MetricsRequest,
  readTrace,
  type SearchRequest,
  searchTraces,
  type TagValuesRequest,
  TRACEQL_LIMITS,
  type TraceqlLimits,
  type TraceView,
  tagValues,
  traceMetrics,
} from '@vantage/query/traceql'
import { type DiffFormat, encodeTrace, traceDiff } from '@vantage/query/traces'
import { AnswerWriter } from '../answer-writer.ts'
import { metricsAnswer, searchAnswer, tagNamesAnswer, tagValuesAnswer } from '../tempo/answers.ts'
import { type TempoMessage, tempoFrame } from '../tempo/messages.ts'
import { type PartsSink, TempoParts } from '../tempo/parts.ts'
import { ANSWER_FACTOR, type FaceForm, type FaceJob, faceAnswer, traceAnswer } from './face-job.ts'
import { resourceSpansJson } from './otlp-json.ts'
import { structureJson } from './structure.ts'

/** How one trace is written. `v2`: inside an envelope. */
export type TraceForm = 'otlp-json' | 'otlp-json-v2' | 'otlp-protobuf' | 'otlp-protobuf-v2' | 'structure' | FaceForm

/** Everything that a query thread can be asked about traces; plain data, so that it can be posted. */
export type TracesJob =
  /** 32 hex digits. */
  | { readonly kind: 'trace'; readonly traceId: string; readonly form: TraceForm }
  /** Spans of a trace with one id, 16 hex digits; Zipkin's client and server share theirs. */
  | { readonly kind: 'span'; readonly traceId: string; readonly spanId: string }
  /** When a trace began and ended. */
  | { readonly kind: 'trace-times'; readonly traceId: string }
  /** Two traces, 32 hex digits each. */
  | { readonly kind: 'diff'; readonly base: string; readonly compare: string; readonly format: DiffFormat }
  | { readonly kind: 'search'; readonly request: SearchRequest }
  | {
      readonly kind: 'tag-names'
      readonly range: NsRange
      /** One scope, or all. */
      readonly scope: string | undefined
      readonly form: 'flat' | 'scoped'
    }
  | { readonly kind: 'tag-values'; readonly request: TagValuesRequest; readonly form: 'flat' | 'typed' }
  | { readonly kind: 'metrics'; readonly request: MetricsRequest; readonly form: 'range' | 'instant' }
  /** The answer of another job as a message of gRPC. */
  | { readonly kind: 'tempo-rpc'; readonly job: TracesJob; readonly message: TempoMessage }
  | FaceJob

/**
 * Runs one job to its complete answer: JSON, or protobuf where the form says so. Synchronous: the caller's thread
 * waits.
 * @param sink takes messages in front of the last one
 */
export function runTracesJob(
  job: TracesJob,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits = TRACEQL_LIMITS,
  sink?: PartsSink,
): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    const parts = job.kind === 'tempo-rpc' && sink !== undefined ? new TempoParts(job.message, sink) : undefined
    const answer = answerOf(job, tenant, reader, budget, limits, parts)
    if (!answer.ok) return answer
    if (answer.value instanceof Uint8Array) return ok(new Uint8Array(answer.value))
    const out = new AnswerWriter((bytes) => budget.chargeBytes(bytes))
    out.text(JSON.stringify(answer.value))
    return ok(out.finish())
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** What JSON.stringify takes, or bytes that are the answer already. */
function answerOf(
  job: TracesJob,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  parts: TempoParts | undefined,
): Result<unknown, Fault> {
  switch (job.kind) {
    case 'trace': {
      const trace = storedTrace(job.traceId, tenant, reader, budget, limits)
      return trace.ok ? ok(formedTrace(job.traceId, trace.value, job.form)) : trace
    }
    case 'trace-times': {
      const trace = storedTrace(job.traceId, tenant, reader, budget, limits)
      return trace.ok ? ok({ startNs: String(trace.value.startNs), endNs: String(trace.value.endNs) }) : trace
    }
    case 'diff': {
      const base = storedTrace(job.base, tenant, reader, budget, limits)
      if (!base.ok) return base
      const compare = storedTrace(job.compare, tenant, reader, budget, limits)
      if (!compare.ok) return compare
      const sides = [
        { traceId: job.base, trace: base.value },
        { traceId: job.compare, trace: compare.value },
      ] as const
      return ok(traceDiff(...sides, job.format, budget))
    }
    case 'span':
      return spanAnswer(job, tenant, reader, budget, limits)
    case 'search': {
      const result = searchTraces(job.request, tenant, reader, budget, limits, parts)
      return result.ok ? ok(searchAnswer(result.value)) : result
    }
    case 'tag-names':
      return ok(tagNamesAnswer(reader.attributeNames(tenant, job.range, budget), job.scope, job.form))
    case 'tag-values': {
      const values = tagValues(job.request, tenant, reader, budget, limits)
      return values.ok ? ok(tagValuesAnswer(values.value, job.form)) : values
    }
    case 'metrics': {
      const result = traceMetrics(job.request, tenant, reader, budget, limits, parts)
      return result.ok ? ok(metricsAnswer(result.value, job.form)) : result
    }
    case 'tempo-rpc': {
      const body = answerOf(job.job, tenant, reader, budget, limits, parts)
      return body.ok ? ok(tempoFrame(job.message, body.value as object)) : body
    }
    case 'services':
    case 'operations':
    case 'remote-services':
    case 'find':
    case 'summaries':
    case 'traces':
    case 'dependencies':
    case 'attribute-values':
    case 'deep-dependencies':
    case 'quality':
      return faceAnswer(job, tenant, reader, budget, limits)
    default:
      return unreachable(job)
  }
}

/** A trace whole, and memory for its answer. */
function storedTrace(
  traceId: string,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Result<TraceView, Fault> {
  const trace = readTrace(hexBytes(traceId, 16) as Uint8Array, tenant, reader, budget, limits)
  if (trace === undefined) return err(fault('not_found', `trace ${traceId} not found`))
  budget.chargeBytes(trace.bytes * ANSWER_FACTOR)
  return ok(trace)
}

/** Of the batches that were not asked for nothing is written, so that the answer is small. */
function spanAnswer(
  { traceId, spanId }: Extract<TracesJob, { kind: 'span' }>,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
): Result<unknown, Fault> {
  const trace = readTrace(hexBytes(traceId, 16) as Uint8Array, tenant, reader, budget, limits)
  const spans = trace?.spans.filter((span) => span.spanId === spanId) ?? []
  if (spans.length === 0) return err(fault('not_found', `span ${spanId} of trace ${traceId} not found`))
  return ok({ batches: resourceSpansJson({ spans }) })
}

function formedTrace(traceId: string, trace: TraceView, form: TraceForm): unknown {
  switch (form) {
    case 'otlp-json':
      return { batches: resourceSpansJson(trace) }
    case 'otlp-json-v2':
      return { trace: { resourceSpans: resourceSpansJson(trace) }, metrics: {} }
    case 'structure':
      return structureJson(traceId, trace)
    case 'otlp-protobuf':
      return encodeTrace(trace)
    case 'otlp-protobuf-v2':
      return enveloped(encodeTrace(trace))
    default:
      return traceAnswer(traceId, trace, form)
  }
}

/** `TraceByIDResponse`: the trace is field 1. Source: grafana/tempo pkg/tempopb/tempo.proto. */
function enveloped(trace: Uint8Array): Uint8Array {
  const head = [0x0a]
  let rest = trace.length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push((rest % 0x80) | 0x80)
  head.push(rest)
  const out = new Uint8Array(head.length + trace.length)
  out.set(head)
  out.set(trace, head.length)
  return out
}
