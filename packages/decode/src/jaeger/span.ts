import {
  type Attribute,
  type Attributes,
  attribute,
  err,
  hexText,
  isZero,
  NO_ORIGIN,
  type Origin,
  ok,
  type Result,
  SPAN_KINDS,
  type SpanEvent,
  type SpanLink,
  valueText,
} from '@vantage/model'
import type { ReadSpan, SpanProblem, SpanRows } from '../span-rows.ts'

/** Origin bytes of both forms: a letter for the form, the process as it was sent, the scope. */
export const JAEGER_ORIGIN_SPACE = 4

/** Who sent spans. Source: jaegertracing/jaeger-idl, `Process`. */
export interface JaegerProcess {
  /** Always the same text for the same process. */
  readonly key: string
  readonly service: string
  readonly tags: Attributes
  readonly isUtf8: boolean
}

export interface JaegerReference {
  readonly isChild: boolean
  /** 16 bytes. */
  readonly traceId: Uint8Array
  /** 8 bytes. */
  readonly spanId: Uint8Array
}

/** A span as either form of Jaeger's model says it. Ids: wrong lengths are kept, to be refused. */
export interface JaegerParts {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  /** Zeros = not said: then a reference may say it. */
  readonly parentSpanId: Uint8Array
  readonly name: string
  readonly references: readonly JaegerReference[]
  readonly flags: number
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly tags: Attributes
  readonly logs: readonly { readonly timeNs: bigint; readonly fields: Attributes }[]
}

const NS_MAX = 2n ** 63n - 1n
const FLAGS_MASK = 0xff
const STATUS_OK = 1
const STATUS_ERROR = 2

/** Tags that say what a span has a place of its own for. Source: OpenTelemetry specification trace/sdk_exporters/jaeger.md. */
const KIND = 'span.kind'
const ERROR = 'error'
const STATUS_CODE = 'otel.status_code'
const STATUS_MESSAGE = 'otel.status_description'
const TRACE_STATE = 'w3c.tracestate'
const SCOPE_NAMES = ['otel.scope.name', 'otel.library.name']
const SCOPE_VERSIONS = ['otel.scope.version', 'otel.library.version']
const OWN_TAGS: ReadonlySet<string> = new Set([
  STATUS_CODE,
  STATUS_MESSAGE,
  TRACE_STATE,
  ...SCOPE_NAMES,
  ...SCOPE_VERSIONS,
])

/** Adds a span, or refuses it. */
export function addJaegerSpan(rows: SpanRows, parts: JaegerParts, process: JaegerProcess): void {
  const span = jaegerSpan(parts)
  if (!span.ok) {
    rows.refuse(span.error)
    return
  }
  const scopeName = firstText(parts.tags, SCOPE_NAMES)
  const scopeVersion = firstText(parts.tags, SCOPE_VERSIONS)
  const key = `${process.key}\0${scopeName}\0${scopeVersion}`
  rows.add(
    rows.origin(key, () => originOf(process, scopeName, scopeVersion)),
    span.value,
  )
}

function originOf({ service, tags }: JaegerProcess, scopeName: string, scopeVersion: string): Origin {
  const named: Attribute[] = service === '' ? [] : [{ key: 'service.name', value: { kind: 'string', value: service } }]
  const others = tags.filter(({ key }) => named.length === 0 || key !== 'service.name')
  return { ...NO_ORIGIN, resource: [...named, ...others], scopeName, scopeVersion }
}

function jaegerSpan(parts: JaegerParts): Result<ReadSpan, SpanProblem> {
  const { traceId, spanId, tags, startNs, durationNs } = parts
  if (traceId.length !== 16 || isZero(traceId, 0, 16)) return bad('invalid_id', 'trace id: want 16 bytes, not all zero')
  if (spanId.length !== 8 || isZero(spanId, 0, 8)) return bad('invalid_id', 'span id: want 8 bytes, not all zero')
  if (parts.parentSpanId.length !== 8) return bad('invalid_id', 'parent span id: want 8 bytes')
  if (parts.references.some((one) => one.traceId.length !== 16 || one.spanId.length !== 8))
    return bad('invalid_id', 'reference: want a trace id of 16 bytes and a span id of 8')
  if (startNs < 0n || startNs > NS_MAX)
    return bad('invalid_value', 'start: want a time after 1970 that fits 64 bits of ns')
  if (durationNs < 0n || startNs + durationNs > NS_MAX) return bad('invalid_value', 'duration: want none below zero')
  const kind = kindOf(tags)
  const parentSpanId = parentOf(parts)
  return ok({
    traceId,
    spanId,
    parentSpanId,
    name: parts.name,
    kind,
    startNs,
    endNs: startNs + durationNs,
    statusCode: statusOf(tags),
    statusMessage: firstText(tags, [STATUS_MESSAGE]),
    traceState: firstText(tags, [TRACE_STATE]),
    flags: parts.flags & FLAGS_MASK,
    attributes: tags.filter((tag) => !OWN_TAGS.has(tag.key) && !(tag.key === KIND && kind > 0) && !isError(tag)),
    events: parts.logs.map(({ timeNs, fields }) => eventOf(timeNs, fields)),
    links: parts.references.filter((one) => !isParent(one, traceId, parentSpanId)).map(linkOf),
  })
}

/** The first reference to a child's parent in the same trace, else the first to any span of it. */
function parentOf({ parentSpanId, references, traceId }: JaegerParts): Uint8Array {
  if (!isZero(parentSpanId, 0, 8)) return parentSpanId
  const inTrace = references.filter((one) => isEqual(one.traceId, traceId))
  return (inTrace.find(({ isChild }) => isChild) ?? inTrace[0])?.spanId ?? parentSpanId
}

function isParent(one: JaegerReference, traceId: Uint8Array, parentSpanId: Uint8Array): boolean {
  return isEqual(one.traceId, traceId) && isEqual(one.spanId, parentSpanId)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function linkOf({ traceId, spanId, isChild }: JaegerReference): SpanLink {
  const kind = isChild ? 'child_of' : 'follows_from'
  return {
    traceId: hexText(traceId, 0, 16),
    spanId: hexText(spanId, 0, 8),
    traceState: '',
    attributes: [{ key: 'opentracing.ref_type', value: { kind: 'string', value: kind } }],
    droppedAttributes: 0,
    flags: 0,
  }
}

/** The field `event` names it, else the field `message`. */
function eventOf(timeUnixNs: bigint, fields: Attributes): SpanEvent {
  const named = ['event', 'message'].find((key) => attribute(fields, key)?.kind === 'string')
  const name = named === undefined ? '' : firstText(fields, [named])
  return { timeUnixNs, name, attributes: fields.filter(({ key }) => key !== named), droppedAttributes: 0 }
}

function kindOf(tags: Attributes): number {
  return Math.max(0, (SPAN_KINDS as readonly string[]).indexOf(firstText(tags, [KIND]).toLowerCase()))
}

function statusOf(tags: Attributes): number {
  const code = firstText(tags, [STATUS_CODE]).toUpperCase()
  if (code === 'OK') return STATUS_OK
  return code === 'ERROR' || tags.some(isError) ? STATUS_ERROR : 0
}

/** The tag that says no more than that the span failed. */
function isError({ key, value }: Attribute): boolean {
  return key === ERROR && (value.kind === 'bool' || value.kind === 'string') && valueText(value) === 'true'
}

function firstText(attributes: Attributes, keys: readonly string[]): string {
  for (const key of keys) {
    const value = attribute(attributes, key)
    if (value !== undefined && valueText(value) !== '') return valueText(value)
  }
  return ''
}

function bad(reason: SpanProblem['reason'], message: string): Result<never, SpanProblem> {
  return err({ reason, message })
}
