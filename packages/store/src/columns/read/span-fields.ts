import {
  type AnyValue,
  AttributeCursor,
  type ByteRanges,
  decodeEvents,
  decodeLinks,
  decodeValue,
  isBytes,
  nextAttribute,
  type Origin,
  SPAN_KINDS,
  type SpanBlock,
  type SpanField,
  STATUS_CODES,
} from '@vantage/model'
import { durationOf } from './span-filter.ts'

export type NamedScope = 'span' | 'resource' | 'instrumentation' | 'event' | 'link'

/** Names of attributes, by where they occur. */
export class SpanNames {
  readonly #names = new Map<NamedScope, Set<string>>()
  readonly #origins = new Set<Origin>()
  readonly #cursor = new AttributeCursor()
  /** Names of spans come again and again: found by their bytes as Latin-1, decoded once. */
  readonly #known = new Set<string>()

  add({ columns, rows, origins }: SpanBlock): void {
    for (const row of rows) {
      const origin = origins[columns.origins[row] as number] as Origin
      if (!this.#origins.has(origin)) this.#addOrigin(origin)
      this.#addSpan(columns.attributes, row)
      if (!isEmpty(columns.events, row)) {
        for (const event of decodeRange(columns.events, row, decodeEvents)) this.#addAll('event', event.attributes)
      }
      if (!isEmpty(columns.links, row)) {
        for (const link of decodeRange(columns.links, row, decodeLinks)) this.#addAll('link', link.attributes)
      }
    }
  }

  all(): { readonly scope: NamedScope; readonly name: string }[] {
    return [...this.#names]
      .flatMap(([scope, names]) => [...names].map((name) => ({ scope, name })))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.scope < b.scope ? -1 : 1))
  }

  #addOrigin(origin: Origin): void {
    this.#origins.add(origin)
    this.#addAll('resource', origin.resource)
    this.#addAll('instrumentation', origin.scope)
  }

  #addAll(scope: NamedScope, attributes: Origin['resource']): void {
    for (const { key } of attributes) this.#addName(scope, key)
  }

  #addName(scope: NamedScope, name: string): void {
    const names = this.#names.get(scope)
    if (names === undefined) this.#names.set(scope, new Set([name]))
    else names.add(name)
  }

  #addSpan(ranges: ByteRanges, row: number): void {
    const cursor = this.#cursor
    const buffer = bufferOver(ranges.bytes)
    cursor.reset(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
    while (nextAttribute(cursor)) {
      const raw = buffer.toString('latin1', cursor.keyFrom, cursor.keyTo)
      if (this.#known.has(raw)) continue
      this.#known.add(raw)
      this.#addName('span', buffer.toString('utf8', cursor.keyFrom, cursor.keyTo))
    }
  }
}

/** Values of a field in the rows of a block; each may come several times. */
export function* fieldValues(block: SpanBlock, field: SpanField): Generator<AnyValue> {
  const { columns, rows, origins } = block
  const seen = new Set<number>()
  const cursor = new AttributeCursor()
  const wanted = new TextEncoder().encode(field.name)
  for (const row of rows) {
    const place = columns.origins[row] as number
    if (isOfOrigin(field) && !seen.has(place)) {
      seen.add(place)
      yield* originValues(origins[place] as Origin, field)
    }
    if (field.scope === 'intrinsic') yield intrinsicValue(block, row, field.name)
    else if (field.scope === 'event' || field.scope === 'link') yield* partValues(block, row, field)
    else if (field.scope === 'any' || field.scope === 'span') {
      yield* attributeValues(cursor, columns.attributes, row, wanted)
    }
  }
}

type NamedField = Exclude<SpanField, { readonly scope: 'intrinsic' }>

function isOfOrigin(field: SpanField): field is NamedField {
  return field.scope === 'any' || field.scope === 'resource' || field.scope === 'instrumentation'
}

function originValues(origin: Origin, field: NamedField): AnyValue[] {
  const attributes = field.scope === 'instrumentation' ? origin.scope : origin.resource
  return valuesOf(attributes, field.name)
}

function partValues({ columns }: SpanBlock, row: number, field: NamedField): AnyValue[] {
  const isEvent = field.scope === 'event'
  const ranges = isEvent ? columns.events : columns.links
  if (isEmpty(ranges, row)) return []
  const parts = isEvent ? decodeRange(ranges, row, decodeEvents) : decodeRange(ranges, row, decodeLinks)
  return parts.flatMap((one) => valuesOf(one.attributes, field.name))
}

function valuesOf(attributes: Origin['resource'], name: string): AnyValue[] {
  return attributes.filter((one) => one.key === name).map((one) => one.value)
}

/** The last value of that name, if there is one. */
function attributeValues(cursor: AttributeCursor, ranges: ByteRanges, row: number, wanted: Uint8Array): AnyValue[] {
  let from = -1
  let to = -1
  cursor.reset(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
  while (nextAttribute(cursor)) {
    if (!isBytes(cursor.bytes, cursor.keyFrom, cursor.keyTo, wanted)) continue
    from = cursor.valueFrom
    to = cursor.valueTo
  }
  return from < 0 ? [] : [decodeValue(ranges.bytes, from, to)]
}

function intrinsicValue(
  { columns }: SpanBlock,
  row: number,
  name: Extract<SpanField, { readonly scope: 'intrinsic' }>['name'],
): AnyValue {
  switch (name) {
    case 'name':
      return text(columns.names, row)
    case 'statusMessage':
      return text(columns.statusMessages, row)
    case 'kind':
      return { kind: 'string', value: SPAN_KINDS[columns.kinds[row] as number] ?? 'unspecified' }
    case 'status':
      return { kind: 'string', value: STATUS_CODES[columns.statusCodes[row] as number] ?? 'unset' }
    case 'duration':
      return { kind: 'int', value: durationOf(columns, row) }
  }
}

function text(ranges: ByteRanges, row: number): AnyValue {
  return { kind: 'string', value: bufferOver(ranges.bytes).toString('utf8', ranges.from[row], ranges.to[row]) }
}

function isEmpty(ranges: ByteRanges, row: number): boolean {
  return ranges.from[row] === ranges.to[row]
}

function decodeRange<T>(ranges: ByteRanges, row: number, decode: (b: Uint8Array, from: number, to: number) => T): T {
  return decode(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
