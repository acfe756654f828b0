import { BODY_KIND, type ByteRanges, decodeValue, type Origin, serviceOf, valueText } from '@vantage/model'
import type { ColumnValues, Ranges } from '../parquet/column-values.ts'
import type { ColumnSet } from '../rows/column-set.ts'
import type { RowBuffer } from '../rows/row-buffer.ts'
import { encodeOrigin } from './origin-codec.ts'
import type { ColumnSource } from './schema.ts'

const encoder = new TextEncoder()

/** Origins of a row group, equal ones as one. */
export interface GroupOrigins {
  /** Of each row, the place in the list. */
  readonly codes: Int32Array
  readonly origins: readonly Origin[]
  readonly encoded: readonly Uint8Array[]
}

export function groupOrigins<Columns>(buffer: RowBuffer<Columns>): GroupOrigins {
  const places = new Map<string, number>()
  const origins: Origin[] = []
  const encoded: Uint8Array[] = []
  const mapped = buffer.origins.map((origin) => {
    const bytes = encodeOrigin(origin)
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    let place = places.get(key)
    if (place === undefined) {
      place = origins.length
      places.set(key, place)
      origins.push(origin)
      encoded.push(bytes)
    }
    return place
  })
  const codes = new Int32Array(buffer.count)
  for (let row = 0; row < codes.length; row++) codes[row] = mapped[buffer.set.origins[row] as number] as number
  return { codes, origins, encoded }
}

/** The values of one column in a row group of `count` rows. */
export function takeColumn(source: ColumnSource, set: ColumnSet, count: number, origins: GroupOrigins): ColumnValues {
  switch (source.of) {
    case 'long':
      return takeLongs(set.longs[source.column] as Int32Array, count, source.column > 0)
    case 'duration':
      return {
        kind: 'longs',
        count,
        halves: differences(set.longs[1] as Int32Array, set.longs[0] as Int32Array, count),
      }
    case 'byte':
      return takeBytes(set.bytes[source.column] as Uint8Array, count)
    case 'word':
      return {
        kind: 'ints',
        count,
        ints: Int32Array.from((set.words[source.column] as Uint32Array).subarray(0, count)),
      }
    case 'id':
      return takeIds(set.ids[source.column] as Uint8Array, count, source.column === 0 ? 16 : 8, source.at)
    case 'range':
      return takeRanges(set.ranges[source.column] as ByteRanges, count)
    case 'line':
      return takeLines(set, count)
    case 'lineValue':
      return takeWhere(set.ranges[0] as ByteRanges, rowsOfKind(set, count, BODY_KIND.value))
    default:
      return { kind: 'coded', count, codes: origins.codes, entries: originEntries(source.of, origins) }
  }
}

function originEntries(
  of: 'origin' | 'service' | 'resource' | 'scopeName' | 'scopeVersion',
  { origins, encoded }: GroupOrigins,
): readonly Uint8Array[] {
  switch (of) {
    case 'origin':
      return encoded
    case 'service':
      return origins.map((one) => encoder.encode(serviceOf(one)))
    case 'resource':
      return origins.map((one) => encoder.encode(valueText({ kind: 'map', entries: one.resource })))
    case 'scopeName':
      return origins.map((one) => encoder.encode(one.scopeName))
    case 'scopeVersion':
      return origins.map((one) => encoder.encode(one.scopeVersion))
  }
}

function takeLongs(halves: Int32Array, count: number, zeroIsAbsent: boolean): ColumnValues {
  if (!zeroIsAbsent) return { kind: 'longs', count, halves: halves.subarray(0, count * 2) }
  const rows = rowsWhere(count, (row) => halves[row * 2] !== 0 || halves[row * 2 + 1] !== 0)
  const present = new Int32Array(rows.length * 2)
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    present[i * 2] = halves[row * 2] as number
    present[i * 2 + 1] = halves[row * 2 + 1] as number
  }
  return { kind: 'longs', count: rows.length, rows, halves: present }
}

/** ends − starts, 64 bits that wrap: whatever the times are, their sum comes back. */
function differences(ends: Int32Array, starts: Int32Array, count: number): Int32Array {
  const out = new Int32Array(count * 2)
  for (let row = 0; row < count; row++) {
    const low = ((ends[row * 2] as number) >>> 0) - ((starts[row * 2] as number) >>> 0)
    out[row * 2] = low | 0
    out[row * 2 + 1] = (ends[row * 2 + 1] as number) - (starts[row * 2 + 1] as number) - (low < 0 ? 1 : 0)
  }
  return out
}

function takeBytes(bytes: Uint8Array, count: number): ColumnValues {
  return { kind: 'ints', count, ints: Int32Array.from(bytes.subarray(0, count)) }
}

function takeIds(ids: Uint8Array, count: number, width: number, at: number): ColumnValues {
  const rows = new Int32Array(count)
  const bytes = new Uint8Array(count * 8)
  let present = 0
  for (let row = 0; row < count; row++) {
    const from = row * width
    let any = 0
    for (let k = 0; k < width; k++) any |= ids[from + k] as number
    if (any === 0) continue
    // Little-endian in the file, so that it is the number that the hex digits say.
    for (let k = 0; k < 8; k++) bytes[present * 8 + k] = ids[from + at + 7 - k] as number
    rows[present++] = row
  }
  return {
    kind: 'longs',
    count: present,
    rows: present === count ? undefined : rows.subarray(0, present),
    halves: new Int32Array(bytes.buffer, 0, present * 2),
  }
}

function takeRanges(ranges: ByteRanges, count: number): ColumnValues {
  return takeWhere(
    ranges,
    rowsWhere(count, (row) => ranges.from[row] !== ranges.to[row]),
    count,
  )
}

function takeWhere({ bytes, from, to }: ByteRanges, rows: Int32Array, all = -1): ColumnValues {
  const count = rows.length
  if (count === all) return { kind: 'ranges', count, ranges: { bytes, from, to } }
  return {
    kind: 'ranges',
    count,
    rows,
    ranges: { bytes, from: rows.map((row) => from[row] as number), to: rows.map((row) => to[row] as number) },
  }
}

function takeLines(set: ColumnSet, count: number): ColumnValues {
  const bodies = set.ranges[0] as ByteRanges
  const kinds = set.bytes[1] as Uint8Array
  const rows = rowsWhere(count, (row) => kinds[row] !== BODY_KIND.none)
  if (rowsOfKind(set, count, BODY_KIND.value).length === 0) return takeWhere(bodies, rows, count)
  const texts = [...rows].map((row) => {
    const from = bodies.from[row] as number
    const to = bodies.to[row] as number
    if (kinds[row] === BODY_KIND.text) return bodies.bytes.subarray(from, to)
    return encoder.encode(valueText(decodeValue(bodies.bytes, from, to)))
  })
  return { kind: 'ranges', count: rows.length, rows, ranges: rangesOf(texts) }
}

/** Texts one behind the other. */
function rangesOf(texts: readonly Uint8Array[]): Ranges {
  const bytes = new Uint8Array(texts.reduce((sum, one) => sum + one.length, 0))
  const from = new Int32Array(texts.length)
  const to = new Int32Array(texts.length)
  let end = 0
  for (const [i, one] of texts.entries()) {
    bytes.set(one, end)
    from[i] = end
    end += one.length
    to[i] = end
  }
  return { bytes, from, to }
}

function rowsOfKind(set: ColumnSet, count: number, kind: number): Int32Array {
  const kinds = set.bytes[1] as Uint8Array
  return rowsWhere(count, (row) => kinds[row] === kind)
}

function rowsWhere(count: number, holds: (row: number) => boolean): Int32Array {
  const rows = new Int32Array(count)
  let found = 0
  for (let row = 0; row < count; row++) if (holds(row)) rows[found++] = row
  return rows.subarray(0, found)
}
