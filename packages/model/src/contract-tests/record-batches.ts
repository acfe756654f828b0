import { decodeAttributes, decodeValue, encodeAttributes, encodeValue } from '../attribute-codec.ts'
import type { AnyValue, Attributes } from '../attributes.ts'
import type { ByteRanges } from '../byte-ranges.ts'
import { hexBytes, hexText, isZero } from '../ids.ts'
import { BODY_KIND, LogBatch, type LogColumns } from '../log-batch.ts'
import type { LogBlock } from '../log-reader.ts'
import type { Origin } from '../origin.ts'
import { SpanBatch } from '../span-batch.ts'
import type { SpanBlock } from '../span-reader.ts'

/** A log row as tests write it; what is left out is absent. Ids are hex. */
export interface ContractLogRow {
  readonly timeNs: bigint
  readonly observedTimeNs?: bigint
  readonly severity?: number
  readonly severityText?: string
  readonly flags?: number
  readonly droppedAttributes?: number
  readonly traceId?: string
  readonly spanId?: string
  /** Text, or a value. */
  readonly body?: string | AnyValue
  readonly eventName?: string
  readonly attributes?: Attributes
  readonly origin: Origin
}

/** A span as tests write it. Events and links are bytes as `span-parts.ts` says. */
export interface ContractSpan {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind?: number
  readonly statusCode?: number
  readonly statusMessage?: string
  readonly traceState?: string
  readonly flags?: number
  readonly droppedAttributes?: number
  readonly droppedEvents?: number
  readonly droppedLinks?: number
  readonly name?: string
  readonly attributes?: Attributes
  readonly events?: Uint8Array
  readonly links?: Uint8Array
  readonly origin: Origin
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Bytes of a batch, one range behind the other. */
class Arena {
  readonly #parts: Uint8Array[] = []
  #top = 0

  put(ranges: ByteRanges, row: number, bytes: Uint8Array): void {
    ranges.set(row, this.#top, this.#top + bytes.length)
    this.#parts.push(bytes)
    this.#top += bytes.length
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#top)
    let at = 0
    for (const part of this.#parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
}

function addOrigins(batch: LogBatch | SpanBatch, rows: readonly { readonly origin: Origin }[]): Map<Origin, number> {
  const arena = new Arena()
  const places = new Map<Origin, number>()
  for (const { origin } of rows) {
    if (places.has(origin)) continue
    const place = batch.addOrigin(0, 0)
    const parts = [origin.resource, origin.scope].map((one) => hexOf(encodeAttributes(one)))
    const { resource: _resource, scope: _scope, ...rest } = origin
    arena.put(batch.originBytes, place, encoder.encode(JSON.stringify([rest, parts])))
    places.set(origin, place)
  }
  batch.originBytes.bytes = arena.bytes()
  const origins = [...places.keys()]
  batch.originOf = (place) => origins[place] as Origin
  return places
}

export function logBatchOf(rows: readonly ContractLogRow[]): LogBatch {
  const batch = new LogBatch()
  const places = addOrigins(batch, rows)
  const arena = new Arena()
  const { columns } = batch
  for (const one of rows) {
    const row = batch.addRow(places.get(one.origin) as number)
    columns.times[row] = one.timeNs
    columns.observedTimes[row] = one.observedTimeNs ?? 0n
    columns.severities[row] = one.severity ?? 0
    columns.flags[row] = one.flags ?? 0
    columns.droppedAttributes[row] = one.droppedAttributes ?? 0
    setId(columns.traceIds, row, 16, one.traceId)
    setId(columns.spanIds, row, 8, one.spanId)
    if (one.body !== undefined) {
      const isText = typeof one.body === 'string'
      columns.bodyKinds[row] = isText ? BODY_KIND.text : BODY_KIND.value
      arena.put(columns.bodies, row, isText ? encoder.encode(one.body as string) : encodeValue(one.body as AnyValue))
    }
    arena.put(columns.severityTexts, row, encoder.encode(one.severityText ?? ''))
    arena.put(columns.eventNames, row, encoder.encode(one.eventName ?? ''))
    arena.put(columns.attributes, row, encodeAttributes(one.attributes ?? []))
  }
  const bytes = arena.bytes()
  for (const ranges of [columns.bodies, columns.severityTexts, columns.eventNames, columns.attributes]) {
    ranges.bytes = bytes
  }
  return batch
}

export function spanBatchOf(spans: readonly ContractSpan[]): SpanBatch {
  const batch = new SpanBatch()
  const places = addOrigins(batch, spans)
  const arena = new Arena()
  const { columns } = batch
  for (const one of spans) {
    const row = batch.addRow(places.get(one.origin) as number)
    columns.startTimes[row] = one.startNs
    columns.endTimes[row] = one.endNs
    setId(columns.traceIds, row, 16, one.traceId)
    setId(columns.spanIds, row, 8, one.spanId)
    setId(columns.parentSpanIds, row, 8, one.parentSpanId)
    columns.kinds[row] = one.kind ?? 0
    columns.statusCodes[row] = one.statusCode ?? 0
    columns.flags[row] = one.flags ?? 0
    columns.droppedAttributes[row] = one.droppedAttributes ?? 0
    columns.droppedEvents[row] = one.droppedEvents ?? 0
    columns.droppedLinks[row] = one.droppedLinks ?? 0
    arena.put(columns.names, row, encoder.encode(one.name ?? ''))
    arena.put(columns.statusMessages, row, encoder.encode(one.statusMessage ?? ''))
    arena.put(columns.traceStates, row, encoder.encode(one.traceState ?? ''))
    arena.put(columns.attributes, row, encodeAttributes(one.attributes ?? []))
    arena.put(columns.events, row, one.events ?? NOTHING)
    arena.put(columns.links, row, one.links ?? NOTHING)
  }
  const bytes = arena.bytes()
  const { names, statusMessages, traceStates, attributes, events, links } = columns
  for (const ranges of [names, statusMessages, traceStates, attributes, events, links]) ranges.bytes = bytes
  return batch
}

const NOTHING = new Uint8Array(0)

/** The rows of a block as tests write them: equal text of equal rows. */
export function logRowsOf(block: LogBlock): Required<ContractLogRow>[] {
  const { columns, rows, origins } = block
  return [...rows].map((row) => ({
    timeNs: columns.times[row] as bigint,
    observedTimeNs: columns.observedTimes[row] as bigint,
    severity: columns.severities[row] as number,
    severityText: textAt(columns.severityTexts, row),
    flags: columns.flags[row] as number,
    droppedAttributes: columns.droppedAttributes[row] as number,
    traceId: idAt(columns.traceIds, row, 16),
    spanId: idAt(columns.spanIds, row, 8),
    body: bodyAt(columns, row),
    eventName: textAt(columns.eventNames, row),
    attributes: attributesAt(columns.attributes, row),
    origin: origins[columns.origins[row] as number] as Origin,
  }))
}

export function spansOf(block: SpanBlock): Required<ContractSpan>[] {
  const { columns, rows, origins } = block
  return [...rows].map((row) => ({
    startNs: columns.startTimes[row] as bigint,
    endNs: columns.endTimes[row] as bigint,
    traceId: idAt(columns.traceIds, row, 16),
    spanId: idAt(columns.spanIds, row, 8),
    parentSpanId: idAt(columns.parentSpanIds, row, 8),
    kind: columns.kinds[row] as number,
    statusCode: columns.statusCodes[row] as number,
    statusMessage: textAt(columns.statusMessages, row),
    traceState: textAt(columns.traceStates, row),
    flags: columns.flags[row] as number,
    droppedAttributes: columns.droppedAttributes[row] as number,
    droppedEvents: columns.droppedEvents[row] as number,
    droppedLinks: columns.droppedLinks[row] as number,
    name: textAt(columns.names, row),
    attributes: attributesAt(columns.attributes, row),
    events: bytesAt(columns.events, row),
    links: bytesAt(columns.links, row),
    origin: origins[columns.origins[row] as number] as Origin,
  }))
}

/** What `logRowsOf` gives of a row that was sent. */
export function wholeLogRow(row: ContractLogRow): Required<ContractLogRow> {
  return {
    observedTimeNs: 0n,
    severity: 0,
    severityText: '',
    flags: 0,
    droppedAttributes: 0,
    traceId: '',
    spanId: '',
    body: '',
    eventName: '',
    attributes: [],
    ...row,
  }
}

export function wholeSpan(span: ContractSpan): Required<ContractSpan> {
  return {
    parentSpanId: '',
    kind: 0,
    statusCode: 0,
    statusMessage: '',
    traceState: '',
    flags: 0,
    droppedAttributes: 0,
    droppedEvents: 0,
    droppedLinks: 0,
    name: '',
    attributes: [],
    events: NOTHING,
    links: NOTHING,
    ...span,
  }
}

function bodyAt(columns: LogColumns, row: number): string | AnyValue {
  const { bytes, from, to } = columns.bodies
  if (columns.bodyKinds[row] === BODY_KIND.none) return ''
  if (columns.bodyKinds[row] === BODY_KIND.text) return textAt(columns.bodies, row)
  return decodeValue(bytes, from[row] as number, to[row] as number)
}

function attributesAt({ bytes, from, to }: ByteRanges, row: number): Attributes {
  return decodeAttributes(bytes, from[row] as number, to[row] as number)
}

function bytesAt({ bytes, from, to }: ByteRanges, row: number): Uint8Array {
  return bytes.slice(from[row], to[row])
}

function textAt(ranges: ByteRanges, row: number): string {
  return decoder.decode(Uint8Array.from(bytesAt(ranges, row)))
}

function setId(ids: Uint8Array, row: number, width: number, hex: string | undefined): void {
  if (hex !== undefined && hex !== '') ids.set(hexBytes(hex, width) as Uint8Array, row * width)
}

function idAt(ids: Uint8Array, row: number, width: number): string {
  const at = row * width
  return isZero(ids, at, at + width) ? '' : hexText(ids, at, at + width)
}

function hexOf(bytes: Uint8Array): string {
  return hexText(bytes, 0, bytes.length)
}
