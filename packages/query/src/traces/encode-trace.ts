import { ProtobufWriter } from '@vantage/bytes'
import { encodeAttributes, type Origin } from '@vantage/model'
import type { SpanView } from '../traceql/evaluate/span-view.ts'
import type { TraceView } from '../traceql/evaluate/trace-view.ts'

/** Spans by who sent them, in the order in which senders first appear. */
export interface OriginSpans {
  readonly origin: Origin
  readonly spans: readonly SpanView[]
}

/** Spans by resource, then by scope; equal ones are one. */
export function spansByOrigin(trace: Pick<TraceView, 'spans'>): OriginSpans[][] {
  const resources = new Map<string, Map<string, { origin: Origin; spans: SpanView[] }>>()
  const keys = new Map<Origin, [resource: string, scope: string]>()
  for (const span of trace.spans) {
    const { origin } = span
    const [resource, scope] = keys.get(origin) ?? [resourceKey(origin), scopeKey(origin)]
    keys.set(origin, [resource, scope])
    let scopes = resources.get(resource)
    if (scopes === undefined) {
      scopes = new Map()
      resources.set(resource, scopes)
    }
    const known = scopes.get(scope)
    if (known === undefined) scopes.set(scope, { origin, spans: [span] })
    else known.spans.push(span)
  }
  return [...resources.values()].map((scopes) => [...scopes.values()])
}

function resourceKey({ resource, resourceDroppedCount, resourceSchemaUrl }: Origin): string {
  return `${encodeAttributes(resource).join()} ${resourceDroppedCount} ${resourceSchemaUrl}`
}

function scopeKey({ scope, scopeName, scopeVersion, scopeDroppedCount, scopeSchemaUrl }: Origin): string {
  const texts = JSON.stringify([scopeName, scopeVersion, scopeSchemaUrl])
  return `${encodeAttributes(scope).join()} ${scopeDroppedCount} ${texts}`
}

/**
 * Writes a trace as `TracesData`; attributes, events and links are copied as they were sent.
 * Source: opentelemetry-proto trace/v1/trace.proto, common/v1, resource/v1.
 */
export function encodeTrace(trace: Pick<TraceView, 'spans'>): Uint8Array {
  const out = new ProtobufWriter()
  for (const scopes of spansByOrigin(trace)) {
    const { origin } = scopes[0] as OriginSpans
    const resourceSpans = out.open(0x0a)
    const resource = out.open(0x0a)
    out.append(encodeAttributes(origin.resource))
    if (origin.resourceDroppedCount > 0) out.varint(0x10, origin.resourceDroppedCount)
    out.close(resource)
    for (const { origin: from, spans } of scopes) writeScope(out, from, spans)
    if (origin.resourceSchemaUrl !== '') out.text(0x1a, origin.resourceSchemaUrl)
    out.close(resourceSpans)
  }
  return out.finish()
}

function writeScope(out: ProtobufWriter, origin: Origin, spans: readonly SpanView[]): void {
  const scopeSpans = out.open(0x12)
  const scope = out.open(0x0a)
  if (origin.scopeName !== '') out.text(0x0a, origin.scopeName)
  if (origin.scopeVersion !== '') out.text(0x12, origin.scopeVersion)
  appendFields(out, 0x1a, encodeAttributes(origin.scope))
  if (origin.scopeDroppedCount > 0) out.varint(0x20, origin.scopeDroppedCount)
  out.close(scope)
  for (const span of spans) writeSpan(out, span)
  if (origin.scopeSchemaUrl !== '') out.text(0x1a, origin.scopeSchemaUrl)
  out.close(scopeSpans)
}

function writeSpan(out: ProtobufWriter, { columns, row }: SpanView): void {
  const span = out.open(0x12)
  const at8 = row * 8
  out.bytes(0x0a, columns.traceIds, row * 16, row * 16 + 16)
  out.bytes(0x12, columns.spanIds, at8, at8 + 8)
  writeRange(out, 0x1a, columns.traceStates, row)
  if (columns.parentSpanIds.subarray(at8, at8 + 8).some((byte) => byte !== 0)) {
    out.bytes(0x22, columns.parentSpanIds, at8, at8 + 8)
  }
  writeRange(out, 0x2a, columns.names, row)
  if (columns.kinds[row] !== 0) out.varint(0x30, columns.kinds[row] as number)
  writeTime(out, 0x39, columns.startTimes[row] as bigint)
  writeTime(out, 0x41, columns.endTimes[row] as bigint)
  appendRange(out, 0x4a, columns.attributes, row)
  writeCount(out, 0x50, columns.droppedAttributes[row] as number)
  appendRange(out, 0x5a, columns.events, row)
  writeCount(out, 0x60, columns.droppedEvents[row] as number)
  appendRange(out, 0x6a, columns.links, row)
  writeCount(out, 0x70, columns.droppedLinks[row] as number)
  const status = out.open(0x7a)
  writeRange(out, 0x12, columns.statusMessages, row)
  writeCount(out, 0x18, columns.statusCodes[row] as number)
  out.close(status)
  // Field 16: the tag takes two bytes.
  if (columns.flags[row] !== 0) out.fixed32((16 << 3) | 5, columns.flags[row] as number)
  out.close(span)
}

function writeTime(out: ProtobufWriter, tag: number, ns: bigint): void {
  out.fixed64(tag, Number(BigInt.asUintN(32, ns)), Number(BigInt.asUintN(32, ns >> 32n)))
}

function writeCount(out: ProtobufWriter, tag: number, count: number): void {
  if (count > 0) out.varint(tag, count)
}

interface Ranges {
  readonly bytes: Uint8Array
  readonly from: Int32Array
  readonly to: Int32Array
}

function writeRange(out: ProtobufWriter, tag: number, { bytes, from, to }: Ranges, row: number): void {
  const [start, end] = [from[row] as number, to[row] as number]
  if (end > start) out.bytes(tag, bytes, start, end)
}

function appendRange(out: ProtobufWriter, tag: number, { bytes, from, to }: Ranges, row: number): void {
  appendFields(out, tag, bytes.subarray(from[row], to[row]))
}

/** Copies (one byte tag, varint length, content)* under another tag. */
function appendFields(out: ProtobufWriter, tag: number, fields: Uint8Array): void {
  let at = 0
  while (at < fields.length) {
    at++
    let length = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = fields[at++] ?? 0
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const end = Math.min(fields.length, at + length)
    out.bytes(tag, fields, at, end)
    at = end
  }
}
