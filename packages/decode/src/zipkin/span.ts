import { type Attribute, err, isZero, NO_ORIGIN, type Origin, ok, type Result, type SpanEvent } from '@vantage/model'
import type { ReadSpan, SpanProblem, SpanRows } from '../span-rows.ts'

/** Spans of both forms name their origin by the service alone. */
export const ZIPKIN_ORIGIN_SPACE = 3

export interface ZipkinEndpoint {
  readonly service: string
  /** As text; '' = absent. */
  readonly ip: string
  /** 0 = absent. */
  readonly port: number
}

/** A span as either form of Zipkin's model says it; undefined = cannot be read. Times are µs, 0 = absent. */
export interface ZipkinParts {
  readonly traceId: Uint8Array | undefined
  readonly spanId: Uint8Array | undefined
  readonly parentSpanId: Uint8Array | undefined
  readonly name: string
  /** Place in SPAN_KINDS. */
  readonly kind: number
  readonly timestampUs: bigint | undefined
  readonly durationUs: bigint | undefined
  readonly local: ZipkinEndpoint
  readonly remote: ZipkinEndpoint
  readonly annotations: readonly { readonly timestampUs: bigint; readonly value: string }[]
  readonly tags: readonly (readonly [string, string])[]
  readonly isDebug: boolean
  readonly isShared: boolean
}

const STATUS_ERROR = 2
const NS_PER_US = 1_000n

/** What is no time: beyond it no nanoseconds fit 64 bits. */
const MICROS_MAX = 2n ** 63n / NS_PER_US - 1n

/** Adds what was read, or refuses it. */
export function addZipkinSpan(rows: SpanRows, parts: ZipkinParts): void {
  const span = zipkinSpan(parts)
  const { service } = parts.local
  if (span.ok)
    rows.add(
      rows.origin(service, () => originOf(service)),
      span.value,
    )
  else rows.refuse(span.error)
}

function zipkinSpan(parts: ZipkinParts): Result<ReadSpan, SpanProblem> {
  const { traceId, spanId, parentSpanId, timestampUs, durationUs } = parts
  if (traceId === undefined || isZero(traceId, 0, traceId.length))
    return bad('invalid_id', 'traceId: want 16 or 32 hex digits (8 or 16 bytes), not all zero')
  if (spanId === undefined || isZero(spanId, 0, spanId.length))
    return bad('invalid_id', 'id: want 16 hex digits (8 bytes), not all zero')
  if (parentSpanId === undefined) return bad('invalid_id', 'parentId: want 16 hex digits (8 bytes)')
  if (timestampUs === undefined || timestampUs > MICROS_MAX)
    return bad('invalid_value', 'timestamp: want whole microseconds')
  if (durationUs === undefined || timestampUs + durationUs > MICROS_MAX)
    return bad('invalid_value', 'duration: want whole microseconds')
  const error = parts.tags.findLast(([key]) => key === 'error')?.[1]
  const isError = error !== undefined && error !== 'false'
  return ok({
    traceId,
    spanId,
    parentSpanId,
    name: parts.name,
    kind: parts.kind,
    startNs: timestampUs * NS_PER_US,
    // A duration is at least 1 µs: without one the end is not known.
    endNs: durationUs === 0n ? 0n : (timestampUs + durationUs) * NS_PER_US,
    statusCode: isError ? STATUS_ERROR : 0,
    statusMessage: isError ? error.toWellFormed() : '',
    traceState: '',
    flags: 0,
    attributes: attributesOf(parts),
    events: parts.annotations.map((one): SpanEvent => {
      return { timeUnixNs: one.timestampUs * NS_PER_US, name: one.value, attributes: [], droppedAttributes: 0 }
    }),
    links: [],
  })
}

/** An id of 8 bytes or, filled up in front, of 16. */
export function fullId(id: Uint8Array, length: number): Uint8Array | undefined {
  if (id.length === length) return id
  if (id.length !== 8) return undefined
  const full = new Uint8Array(length)
  full.set(id, length - id.length)
  return full
}

function attributesOf({ tags, local, remote, isDebug, isShared }: ZipkinParts): Attribute[] {
  return [
    ...tags.map(([key, value]) => text(key, value)),
    ...endpointAttributes('net.host', local),
    ...(remote.service === '' ? [] : [text('peer.service', remote.service)]),
    ...endpointAttributes('net.peer', remote),
    ...(isDebug ? [flag('zipkin.debug')] : []),
    ...(isShared ? [flag('zipkin.shared')] : []),
  ]
}

/** Names as OpenTelemetry's translation of Zipkin has them (opentelemetry-collector-contrib pkg/translator/zipkin). */
function endpointAttributes(prefix: string, { ip, port }: ZipkinEndpoint): Attribute[] {
  const out: Attribute[] = []
  if (ip !== '') out.push(text(`${prefix}.ip`, ip))
  if (port > 0) out.push({ key: `${prefix}.port`, value: { kind: 'int', value: BigInt(port) } })
  return out
}

function originOf(service: string): Origin {
  if (service === '') return NO_ORIGIN
  return { ...NO_ORIGIN, resource: [text('service.name', service)] }
}

function flag(key: string): Attribute {
  return { key, value: { kind: 'bool', value: true } }
}

function text(key: string, value: string): Attribute {
  return { key: key.toWellFormed(), value: { kind: 'string', value: value.toWellFormed() } }
}

function bad(reason: SpanProblem['reason'], message: string): Result<never, SpanProblem> {
  return err({ reason, message })
}
