import { decodeAttributes, decodeEvents, decodeLinks, encodeAttributes } from '../attribute-codec.ts'
import { type AnyValue, type Attributes, attribute, NO_ATTRIBUTES, valueText } from '../attributes.ts'
import type { ByteRanges } from '../byte-ranges.ts'
import { hexBytes, hexText } from '../ids.ts'
import type { NsRange } from '../log-reader.ts'
import { compileRegex } from '../matcher.ts'
import { NO_ORIGIN, type Origin } from '../origin.ts'
import type { QueryBudget } from '../reader.ts'
import { SPAN_KINDS, SpanBatch, type SpanColumns, STATUS_CODES } from '../span-batch.ts'
import type { SpanEvent, SpanLink } from '../span-parts.ts'
import type { SpanBlock, SpanCondition, SpanField, SpanReader, SpanScan } from '../span-reader.ts'
import type { TenantId } from '../tenant.ts'

/** A span as tests write it: what is left out is absent. Ids are hex, times unix ns. */
export interface SpanRecord {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name?: string
  readonly kind?: (typeof SPAN_KINDS)[number]
  readonly startNs: bigint
  readonly endNs?: bigint
  readonly status?: (typeof STATUS_CODES)[number]
  readonly statusMessage?: string
  readonly traceState?: string
  readonly flags?: number
  readonly attributes?: Attributes
  readonly events?: readonly SpanEvent[]
  readonly links?: readonly SpanLink[]
  readonly droppedAttributes?: number
  readonly droppedEvents?: number
  readonly droppedLinks?: number
  readonly origin?: Origin
}

const BLOCK_ROWS = 3
const TAGS = { events: 0x5a, links: 0x6a } as const
const encoder = new TextEncoder()

interface TenantSpans {
  readonly batch: SpanBatch
  readonly origins: Origin[]
  arena: number[]
}

/** The simplest correct span store: the referee of the real one and the stage that query tests run on. */
export class MemorySpans implements SpanReader {
  readonly #tenants = new Map<TenantId, TenantSpans>()

  append(tenant: TenantId, span: SpanRecord): void {
    const spans = this.#spans(tenant)
    const { batch } = spans
    const row = batch.addRow(spans.origins.push(span.origin ?? NO_ORIGIN) - 1)
    const { columns } = batch
    columns.startTimes[row] = span.startNs
    columns.endTimes[row] = span.endNs ?? 0n
    columns.traceIds.set(bytesOf(span.traceId, 16), row * 16)
    columns.spanIds.set(bytesOf(span.spanId, 8), row * 8)
    if (span.parentSpanId !== undefined) columns.parentSpanIds.set(bytesOf(span.parentSpanId, 8), row * 8)
    columns.kinds[row] = SPAN_KINDS.indexOf(span.kind ?? 'unspecified')
    columns.statusCodes[row] = STATUS_CODES.indexOf(span.status ?? 'unset')
    columns.flags[row] = span.flags ?? 0
    columns.droppedAttributes[row] = span.droppedAttributes ?? 0
    columns.droppedEvents[row] = span.droppedEvents ?? 0
    columns.droppedLinks[row] = span.droppedLinks ?? 0
    const put = (ranges: ByteRanges, bytes: Iterable<number>): void => {
      const from = spans.arena.length
      for (const byte of bytes) spans.arena.push(byte)
      ranges.set(row, from, spans.arena.length)
    }
    put(columns.names, encoder.encode(span.name ?? ''))
    put(columns.statusMessages, encoder.encode(span.statusMessage ?? ''))
    put(columns.traceStates, encoder.encode(span.traceState ?? ''))
    put(columns.attributes, encodeAttributes(span.attributes ?? NO_ATTRIBUTES))
    put(
      columns.events,
      (span.events ?? []).flatMap((event) => field(TAGS.events, eventBytes(event))),
    )
    put(
      columns.links,
      (span.links ?? []).flatMap((link) => field(TAGS.links, linkBytes(link))),
    )
  }

  /** Everything that a decoder made of a request. */
  appendBatch(tenant: TenantId, batch: SpanBatch): void {
    const spans = this.#spans(tenant)
    const origins = Array.from(
      { length: batch.originCount },
      (_, place) => spans.origins.push(batch.originOf(place)) - 1,
    )
    const source = batch.columns
    for (let from = 0; from < source.count; from++) {
      const row = spans.batch.addRow(origins[source.origins[from] as number] as number)
      const { columns } = spans.batch
      columns.copyFixed(row, source, from)
      for (const [i, target] of columns.ranges.entries()) {
        const ranges = source.ranges[i] as ByteRanges
        const start = spans.arena.length
        for (const byte of ranges.bytes.subarray(ranges.from[from], ranges.to[from])) spans.arena.push(byte)
        target.set(row, start, spans.arena.length)
      }
    }
  }

  *scan(tenant: TenantId, scan: SpanScan, budget: QueryBudget): Iterable<SpanBlock> {
    const spans = this.#spans(tenant)
    const { columns } = spans.batch
    const ids = scan.traceIds?.map((id) => hexText(id, 0, 16))
    const rows = rowsOf(columns).filter((row) => {
      const start = columns.startTimes[row] as bigint
      if (start < scan.startNs || start >= scan.endNs) return false
      if (ids !== undefined && !ids.includes(hexText(columns.traceIds, row * 16, row * 16 + 16))) return false
      const holds = (condition: SpanCondition): boolean =>
        mayFulfil(this.#values(spans, row, condition.field), condition)
      if (scan.conditions.length === 0) return true
      return scan.isAll ? scan.conditions.every(holds) : scan.conditions.some(holds)
    })
    const sign = scan.direction === 'forward' ? 1 : -1
    const times = columns.startTimes
    rows.sort((a, b) => sign * Number((times[a] as bigint) - (times[b] as bigint)) || sign * (a - b))
    yield* this.#blocks(spans, rows, budget)
  }

  *trace(tenant: TenantId, traceId: Uint8Array, budget: QueryBudget): Iterable<SpanBlock> {
    const spans = this.#spans(tenant)
    const id = hexText(traceId, 0, 16)
    const { columns } = spans.batch
    const rows = rowsOf(columns).filter((row) => hexText(columns.traceIds, row * 16, row * 16 + 16) === id)
    yield* this.#blocks(spans, rows, budget)
  }

  attributeNames(tenant: TenantId, range: NsRange): ReturnType<SpanReader['attributeNames']> {
    const spans = this.#spans(tenant)
    const found = new Map<string, ReturnType<SpanReader['attributeNames']>[number]>()
    for (const row of this.#rowsIn(spans, range)) {
      for (const { scope, attributes } of scopesOf(spans, row)) {
        for (const { key } of attributes) found.set(`${scope} ${key}`, { scope, name: key })
      }
    }
    return [...found.values()].sort((a, b) => compareTexts(a.name, b.name) || compareTexts(a.scope, b.scope))
  }

  values(tenant: TenantId, of: SpanField, range: NsRange, limit: number): AnyValue[] {
    const spans = this.#spans(tenant)
    const found = new Map<string, AnyValue>()
    for (const row of this.#rowsIn(spans, range)) {
      for (const value of this.#stored(spans, row, of)) {
        if (found.size >= limit) break
        found.set(`${value.kind} ${valueText(value)}`, value)
      }
    }
    return [...found.values()]
  }

  #spans(tenant: TenantId): TenantSpans {
    let spans = this.#tenants.get(tenant)
    if (spans === undefined) {
      spans = { batch: new SpanBatch(), origins: [], arena: [] }
      this.#tenants.set(tenant, spans)
    }
    const bytes = Uint8Array.from(spans.arena)
    for (const ranges of spans.batch.columns.ranges) ranges.bytes = bytes
    return spans
  }

  #rowsIn({ batch: { columns } }: TenantSpans, range: NsRange): number[] {
    return rowsOf(columns).filter((row) => {
      const start = columns.startTimes[row] as bigint
      return start >= range.startNs && start < range.endNs
    })
  }

  /** Rows are wiped once the next block is asked for, as the contract allows. */
  *#blocks({ batch, origins }: TenantSpans, rows: readonly number[], budget: QueryBudget): Iterable<SpanBlock> {
    for (let at = 0; at < rows.length; at += BLOCK_ROWS) {
      budget.check()
      const block = Int32Array.from(rows.slice(at, at + BLOCK_ROWS))
      yield { columns: batch.columns, rows: block, origins }
      block.fill(-1)
    }
  }

  /** What a condition looks at: the values of a field, of arrays their elements; of `any` what the span has, if so. */
  #values(spans: TenantSpans, row: number, of: SpanField): AnyValue[] {
    const values = this.#stored(spans, row, of)
    const meant = of.scope === 'any' ? values.slice(0, 1) : values
    return meant.flatMap((value) => (value.kind === 'array' ? value.values : [value]))
  }

  /** Every value that a field has in a row: none, one, or those of its events or links. */
  #stored(spans: TenantSpans, row: number, of: SpanField): AnyValue[] {
    const { columns } = spans.batch
    if (of.scope === 'intrinsic') return [intrinsicValue(columns, row, of.name)]
    const scopes = scopesOf(spans, row).filter(({ scope }) =>
      of.scope === 'any' ? scope === 'span' || scope === 'resource' : scope === of.scope,
    )
    return scopes.flatMap(({ attributes }) => attribute(attributes, of.name) ?? [])
  }
}

function rowsOf(columns: SpanColumns): number[] {
  return Array.from({ length: columns.count }, (_, row) => row)
}

type Scope = ReturnType<SpanReader['attributeNames']>[number]['scope']

function scopesOf({ batch, origins }: TenantSpans, row: number): { scope: Scope; attributes: Attributes }[] {
  const { columns } = batch
  const origin = origins[columns.origins[row] as number] ?? NO_ORIGIN
  const range = ({ bytes, from, to }: ByteRanges): [Uint8Array, number, number] => [
    bytes,
    from[row] as number,
    to[row] as number,
  ]
  return [
    { scope: 'span', attributes: decodeAttributes(...range(columns.attributes)) },
    { scope: 'resource', attributes: origin.resource },
    { scope: 'instrumentation', attributes: origin.scope },
    ...decodeEvents(...range(columns.events)).map(({ attributes }) => ({ scope: 'event' as const, attributes })),
    ...decodeLinks(...range(columns.links)).map(({ attributes }) => ({ scope: 'link' as const, attributes })),
  ]
}

function intrinsicValue(
  columns: SpanColumns,
  row: number,
  name: Extract<SpanField, { scope: 'intrinsic' }>['name'],
): AnyValue {
  const text = (ranges: ByteRanges): AnyValue => ({
    kind: 'string',
    value: new TextDecoder().decode(ranges.bytes.subarray(ranges.from[row], ranges.to[row])),
  })
  switch (name) {
    case 'name':
      return text(columns.names)
    case 'statusMessage':
      return text(columns.statusMessages)
    case 'kind':
      return { kind: 'string', value: SPAN_KINDS[columns.kinds[row] as number] ?? 'unspecified' }
    case 'status':
      return { kind: 'string', value: STATUS_CODES[columns.statusCodes[row] as number] ?? 'unset' }
    case 'duration': {
      const ns = (columns.endTimes[row] as bigint) - (columns.startTimes[row] as bigint)
      return { kind: 'int', value: ns > 0n ? ns : 0n }
    }
  }
}

/** As sharp as a hint may be: one value that fulfils the condition is enough. */
function mayFulfil(values: readonly AnyValue[], { op, value: wanted }: SpanCondition): boolean {
  if (op === 'exists') return values.length > 0
  return values.some((value) => {
    if (op === '=~' || op === '!~') {
      if (value.kind !== 'string' || wanted.kind !== 'string') return false
      const regex = compileRegex(wanted.value)
      return regex.ok && regex.value(value.value) === (op === '=~')
    }
    return isOrdered(value, op, wanted)
  })
}

function isOrdered(value: AnyValue, op: SpanCondition['op'], wanted: AnyValue): boolean {
  const isNumber = (one: AnyValue): one is Extract<AnyValue, { kind: 'int' | 'double' }> =>
    one.kind === 'int' || one.kind === 'double'
  if (value.kind === 'bool' && wanted.kind === 'bool') return (value.value === wanted.value) === (op === '=')
  const isComparable = (isNumber(value) && isNumber(wanted)) || (value.kind === 'string' && wanted.kind === 'string')
  if (!isComparable) return false
  const [a, b] = [value.value as bigint | number | string, wanted.value as bigint | number | string]
  const isEqual = a <= b && a >= b
  if (op === '=' || op === '!=') return isEqual === (op === '=')
  if (isEqual) return op === '<=' || op === '>='
  return a < b === op.startsWith('<')
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function bytesOf(hex: string, length: number): Uint8Array {
  const bytes = hexBytes(hex, length)
  if (bytes === undefined) throw new Error(`want ${length} bytes in hex, got ${hex}`)
  return bytes
}

function field(tag: number, bytes: readonly number[] | Uint8Array): number[] {
  return [tag, ...varint(bytes.length), ...bytes]
}

function varint(value: number): number[] {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
  out.push(rest)
  return out
}

/** Attributes as fields of an event or a link: `encodeAttributes` writes the tag of a resource. */
function attributeFields(tag: number, attributes: Attributes): number[] {
  return attributes.flatMap((one) => {
    const bytes = [...encodeAttributes([one])]
    bytes[0] = tag
    return bytes
  })
}

function eventBytes(event: SpanEvent): number[] {
  const time = new Uint8Array(8)
  new DataView(time.buffer).setBigUint64(0, event.timeUnixNs, true)
  const dropped = event.droppedAttributes === 0 ? [] : [0x20, ...varint(event.droppedAttributes)]
  return [
    0x09,
    ...time,
    ...field(0x12, encoder.encode(event.name)),
    ...attributeFields(0x1a, event.attributes),
    ...dropped,
  ]
}

function linkBytes(link: SpanLink): number[] {
  const flags = new Uint8Array(4)
  new DataView(flags.buffer).setUint32(0, link.flags, true)
  return [
    ...field(0x0a, bytesOf(link.traceId, 16)),
    ...field(0x12, bytesOf(link.spanId, 8)),
    ...field(0x1a, encoder.encode(link.traceState)),
    ...attributeFields(0x22, link.attributes),
    ...(link.droppedAttributes === 0 ? [] : [0x28, ...varint(link.droppedAttributes)]),
    0x35,
    ...flags,
  ]
}
