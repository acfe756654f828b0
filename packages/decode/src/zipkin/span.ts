import { type Attribute, err, hexBytes, type ItemReason, ok, type Result, type SpanEvent } from '@vantage/model'

/** Source: openzipkin/zipkin-api zipkin2-api.yaml, `Span`. Absent ids are all zero, absent times 0. */
export interface ZipkinSpan {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId: Uint8Array
  readonly name: string
  /** Place in SPAN_KINDS. */
  readonly kind: number
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly service: string
  readonly attributes: readonly Attribute[]
  readonly events: readonly SpanEvent[]
  /** The tag `error`; undefined without one. */
  readonly error: string | undefined
}

export interface SpanProblem {
  readonly reason: Extract<ItemReason, 'invalid_id' | 'invalid_value'>
  readonly message: string
}

const KINDS: Readonly<Record<string, number>> = { SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 }
const NS_PER_US = 1_000n

/** Reads one span of Zipkin's JSON, version 2. */
export function readZipkinSpan(value: unknown): Result<ZipkinSpan, SpanProblem> {
  if (!isRecord(value)) return bad('invalid_value', 'span: want an object')
  const traceId = idOf(value['traceId'], [16, 8])
  const spanId = idOf(value['id'], [8])
  const parentSpanId = value['parentId'] === undefined ? new Uint8Array(8) : idOf(value['parentId'], [8])
  if (traceId === undefined || isZero(traceId))
    return bad('invalid_id', 'traceId: want 16 or 32 hex digits, not all zero')
  if (spanId === undefined || isZero(spanId)) return bad('invalid_id', 'id: want 16 hex digits, not all zero')
  if (parentSpanId === undefined) return bad('invalid_id', 'parentId: want 16 hex digits')
  const startUs = microsOf(value['timestamp'])
  const durationUs = microsOf(value['duration'])
  if (startUs === undefined) return bad('invalid_value', 'timestamp: want whole microseconds')
  if (durationUs === undefined) return bad('invalid_value', 'duration: want whole microseconds')
  const tags = isRecord(value['tags']) ? value['tags'] : {}
  const local = isRecord(value['localEndpoint']) ? value['localEndpoint'] : {}
  const remote = isRecord(value['remoteEndpoint']) ? value['remoteEndpoint'] : {}
  const service = textOf(local['serviceName'])
  return ok({
    traceId,
    spanId,
    parentSpanId,
    name: textOf(value['name']),
    kind: KINDS[textOf(value['kind']).toUpperCase()] ?? 0,
    startNs: startUs * NS_PER_US,
    durationNs: durationUs * NS_PER_US,
    service,
    attributes: [
      ...Object.entries(tags).map(([key, tag]) => text(key, typeof tag === 'string' ? tag : JSON.stringify(tag))),
      ...endpointAttributes('net.host', local),
      ...(textOf(remote['serviceName']) === '' ? [] : [text('peer.service', textOf(remote['serviceName']))]),
      ...endpointAttributes('net.peer', remote),
      ...flagAttributes(value),
    ],
    events: annotationsOf(value['annotations']),
    error: typeof tags['error'] === 'string' ? tags['error'] : undefined,
  })
}

/** Names as OpenTelemetry's translation of Zipkin has them (opentelemetry-collector-contrib pkg/translator/zipkin). */
function endpointAttributes(prefix: string, endpoint: Readonly<Record<string, unknown>>): Attribute[] {
  const ip = textOf(endpoint['ipv4']) || textOf(endpoint['ipv6'])
  const port = Number(endpoint['port'] ?? 0)
  const out: Attribute[] = []
  if (ip !== '') out.push(text(`${prefix}.ip`, ip))
  if (Number.isInteger(port) && port > 0)
    out.push({ key: `${prefix}.port`, value: { kind: 'int', value: BigInt(port) } })
  return out
}

function flagAttributes(span: Readonly<Record<string, unknown>>): Attribute[] {
  const flags = ['debug', 'shared'].filter((name) => span[name] === true)
  return flags.map((name) => ({ key: `zipkin.${name}`, value: { kind: 'bool', value: true } }))
}

function annotationsOf(value: unknown): SpanEvent[] {
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((one) => ({
    timeUnixNs: (microsOf(one['timestamp']) ?? 0n) * NS_PER_US,
    name: textOf(one['value']),
    attributes: [],
    droppedAttributes: 0,
  }))
}

/** Bytes of an id of one of these lengths; shorter ones are filled up with zeros in front. */
function idOf(value: unknown, lengths: readonly number[]): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const full = lengths[0] as number
  for (const length of lengths) {
    const bytes = hexBytes(value, length)
    if (bytes === undefined) continue
    const id = new Uint8Array(full)
    id.set(bytes, full - length)
    return id
  }
  return undefined
}

function microsOf(value: unknown): bigint | undefined {
  if (value === undefined || value === null) return 0n
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  return typeof value === 'string' && /^\d{1,18}$/.test(value) ? BigInt(value) : undefined
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

function text(key: string, value: string): Attribute {
  return { key: key.toWellFormed(), value: { kind: 'string', value: value.toWellFormed() } }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.toWellFormed() : ''
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function bad(reason: SpanProblem['reason'], message: string): Result<never, SpanProblem> {
  return err({ reason, message })
}
