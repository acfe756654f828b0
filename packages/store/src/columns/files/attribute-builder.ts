import type { ByteRanges } from '@vantage/model'
import { ByteWriter } from '../parquet/byte-writer.ts'
import type { PageValues } from '../parquet/page-reader.ts'
import { wordAt } from './attribute-key.ts'
import type { Entries } from './stripe-columns.ts'

/** A column of attributes in one stripe. */
export interface StripeColumn {
  readonly key: Uint8Array
  readonly tag: number
  readonly page: PageValues
  /** Of the column's dictionary: texts, or plain numbers of 8 bytes. */
  readonly entries: Entries | undefined
}

/**
 * Puts attributes together again: the inverse of `AttributeShredder`, for the rows that a scan found.
 * @param layouts entries of the layout column
 * @param column of a place, or undefined where the stripe has no value of it
 * @param out its bytes become new ones; ranges of other rows are left as they are
 */
export function buildAttributes(
  layout: PageValues,
  layouts: Entries | undefined,
  rest: PageValues,
  column: (place: number) => StripeColumn | undefined,
  rows: Int32Array,
  rowCount: number,
  out: ByteRanges,
): void {
  const writer = new ByteWriter()
  const layoutPlaces = placesOf(layout, rowCount)
  const restPlaces = placesOf(rest, rowCount)
  const columns: (ColumnCursor | undefined)[] = []
  const parsed = readLayouts(layouts)
  for (const row of rows) {
    const from = writer.at
    const place = layoutPlaces(row)
    if (place >= 0) {
      const code = (layout.codes as Int32Array)[place] as number
      let hasRest = false
      const pieces: number[] = parsed[code] ?? []
      const restCursor = { at: 0, end: 0 }
      for (const number of pieces) {
        if (number === 0) {
          if (!hasRest) {
            const at = restPlaces(row)
            restCursor.at = rest.ranges?.from[at] ?? 0
            restCursor.end = rest.ranges?.to[at] ?? 0
            hasRest = true
          }
          copyMessage(rest.ranges?.bytes ?? NO_BYTES, restCursor, writer)
          continue
        }
        let cursor = columns[number]
        if (cursor === undefined) {
          const found = column(number - 1)
          if (found === undefined) continue
          cursor = new ColumnCursor(found, rowCount)
          columns[number] = cursor
        }
        cursor.write(row, writer)
      }
    }
    out.set(row, from, writer.at)
  }
  out.bytes = writer.view()
}

const NO_BYTES = new Uint8Array(0)
/** Room for a key or a value; longer ones grow. */
const SHORT_BYTES = 256

function readLayouts(entries: Entries | undefined): number[][] {
  if (entries === undefined) return []
  const { bytes, from, to } = entries
  return Array.from(from, (start, i) => readLayout(bytes.subarray(start, to[i])))
}

function readLayout(entry: Uint8Array): number[] {
  const numbers: number[] = []
  let value = 0
  let unit = 1
  for (const byte of entry) {
    value += (byte & 127) * unit
    unit *= 128
    if (byte >= 128) continue
    numbers.push(value)
    value = 0
    unit = 1
  }
  return numbers
}

/** The place of a row's value among the values of a page, or -1. */
function placesOf(page: PageValues, rowCount: number): (row: number) => number {
  const { present, count } = page
  if (present === undefined) return count === 0 ? () => -1 : (row) => row
  const places = new Int32Array(rowCount)
  let next = 0
  for (let row = 0; row < rowCount; row++) places[row] = present[row] === 1 ? next++ : -1
  return (row) => places[row] as number
}

/** Copies one (tag, length, message) and moves behind it. */
function copyMessage(bytes: Uint8Array, cursor: { at: number; end: number }, out: ByteWriter): void {
  const from = cursor.at
  let at = from + 1
  let length = 0
  for (let unit = 1; at < cursor.end; unit *= 128) {
    const byte = bytes[at++] as number
    length += (byte & 127) * unit
    if (byte < 128) break
  }
  cursor.at = Math.min(cursor.end, at + length)
  out.raw(bytes.subarray(from, cursor.at))
}

/** Writes the attributes of one column. */
class ColumnCursor {
  readonly #column: StripeColumn
  readonly #place: (row: number) => number
  readonly #keyField: Uint8Array
  readonly #scratch = new ByteWriter(SHORT_BYTES)

  constructor(column: StripeColumn, rowCount: number) {
    this.#column = column
    this.#place = placesOf(column.page, rowCount)
    const field = new ByteWriter(SHORT_BYTES)
    field.byte(0x0a)
    field.varint(column.key.length)
    field.raw(column.key)
    this.#keyField = field.view().slice()
  }

  write(row: number, out: ByteWriter): void {
    const place = this.#place(row)
    if (place < 0) return
    const value = this.#scratch
    value.reset()
    this.#writeValue(place, value)
    const valueBytes = value.at
    out.byte(0x0a)
    out.varint(this.#keyField.length + 1 + lengthOfVarint(valueBytes) + valueBytes)
    out.raw(this.#keyField)
    out.byte(0x12)
    out.varint(valueBytes)
    out.raw(value.view())
  }

  #writeValue(place: number, out: ByteWriter): void {
    const { page, entries, tag } = this.#column
    const entry = page.codes === undefined ? undefined : entryAt(entries, page.codes[place] as number)
    out.byte(tag)
    if (tag === 0x0a) {
      const text = entry ?? textAt(page, place)
      out.varint(text.length)
      out.raw(text)
    } else if (tag === 0x10) {
      out.byte(page.flags?.[place] ?? 0)
    } else {
      const low = entry === undefined ? (page.halves?.[place * 2] ?? 0) : wordAt(entry, 0)
      const high = entry === undefined ? (page.halves?.[place * 2 + 1] ?? 0) : wordAt(entry, 4)
      if (tag === 0x18) writeVarint64(low, high, out)
      else {
        out.u32(low)
        out.u32(high)
      }
    }
  }
}

function entryAt(entries: Entries | undefined, code: number): Uint8Array {
  return entries === undefined ? NO_BYTES : entries.bytes.subarray(entries.from[code], entries.to[code])
}

function textAt({ ranges }: PageValues, place: number): Uint8Array {
  return ranges === undefined ? NO_BYTES : ranges.bytes.subarray(ranges.from[place], ranges.to[place])
}

function lengthOfVarint(value: number): number {
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

function writeVarint64(low: number, high: number, out: ByteWriter): void {
  let restLow = low >>> 0
  let restHigh = high >>> 0
  while (restHigh !== 0 || restLow >= 128) {
    out.byte((restLow & 127) | 128)
    restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0
    restHigh >>>= 7
  }
  out.byte(restLow)
}
