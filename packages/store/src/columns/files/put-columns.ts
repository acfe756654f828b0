import { assert, BODY_KIND, type ByteRanges } from '@vantage/model'
import type { PageValues } from '../parquet/page-reader.ts'
import type { ColumnSet } from '../rows/column-set.ts'
import type { ColumnSource } from './schema.ts'

/**
 * The inverse of `takeColumn`: puts the values of one page into the columns of `rows` rows, which are all zero.
 * @param entries of the dictionary, where the page has codes: texts, or plain numbers
 */
export function putColumn(
  source: ColumnSource,
  page: PageValues,
  entries: readonly Uint8Array[] | undefined,
  set: ColumnSet,
  rows: number,
): void {
  switch (source.of) {
    case 'long':
      putLongs(page, entries, set.longs[source.column] as Int32Array, rows)
      break
    case 'duration':
      putLongs(page, entries, set.longs[1] as Int32Array, rows)
      addTimes(set.longs[1] as Int32Array, set.longs[0] as Int32Array, rows)
      break
    case 'byte':
      putInts(page, entries, set.bytes[source.column] as Uint8Array, rows)
      break
    case 'word':
      putInts(page, entries, set.words[source.column] as Uint32Array, rows)
      break
    case 'id':
      putIds(page, set.ids[source.column] as Uint8Array, source.column === 0 ? 16 : 8, source.at, rows)
      break
    case 'range':
      putRanges(page, entries, set.ranges[source.column] as ByteRanges, rows)
      break
    case 'line':
      putRanges(page, entries, set.ranges[0] as ByteRanges, rows)
      putKinds(page, set.bytes[1] as Uint8Array, BODY_KIND.text, rows)
      break
    case 'lineValue':
      if (page.count > 0) replaceLines(page, entries, set, rows)
      break
    default:
      assert(source.of === 'origin', 'other columns of origins are not read')
      set.origins.set((page.codes as Int32Array).subarray(0, rows))
  }
}

/** Calls for each row that has a value, with the value's place. */
function eachPresent({ present, count }: PageValues, rows: number, put: (row: number, place: number) => void): void {
  if (count === 0) return
  let place = 0
  for (let row = 0; row < rows; row++) if (present === undefined || present[row] === 1) put(row, place++)
}

function putLongs(page: PageValues, entries: readonly Uint8Array[] | undefined, out: Int32Array, rows: number): void {
  const { codes } = page
  const halves = codes === undefined ? (page.halves ?? NO_INTS) : halvesOf(codes, entries ?? [])
  eachPresent(page, rows, (row, place) => {
    out[row * 2] = halves[place * 2] as number
    out[row * 2 + 1] = halves[place * 2 + 1] as number
  })
}

const NO_INTS = new Int32Array(0)

function halvesOf(codes: Int32Array, entries: readonly Uint8Array[]): Int32Array {
  const numbers = entries.map((entry) => new DataView(entry.buffer, entry.byteOffset, entry.byteLength))
  const halves = new Int32Array(codes.length * 2)
  for (let i = 0; i < codes.length; i++) {
    const view = numbers[codes[i] as number]
    halves[i * 2] = view?.getInt32(0, true) ?? 0
    halves[i * 2 + 1] = view?.getInt32(4, true) ?? 0
  }
  return halves
}

/** times + starts, 64 bits that wrap. */
function addTimes(times: Int32Array, starts: Int32Array, rows: number): void {
  for (let row = 0; row < rows; row++) {
    const low = ((times[row * 2] as number) >>> 0) + ((starts[row * 2] as number) >>> 0)
    times[row * 2] = low | 0
    times[row * 2 + 1] = (times[row * 2 + 1] as number) + (starts[row * 2 + 1] as number) + (low >= 2 ** 32 ? 1 : 0)
  }
}

function putInts(
  page: PageValues,
  entries: readonly Uint8Array[] | undefined,
  out: Uint8Array | Uint32Array,
  rows: number,
): void {
  const { codes } = page
  const numbers = entries?.map((entry) => new DataView(entry.buffer, entry.byteOffset).getInt32(0, true)) ?? []
  eachPresent(page, rows, (row, place) => {
    out[row] = (codes === undefined ? page.ints?.[place] : numbers[codes[place] as number]) ?? 0
  })
}

function putIds({ halves, ...page }: PageValues, out: Uint8Array, width: number, at: number, rows: number): void {
  if (halves === undefined) return
  const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength)
  eachPresent(page, rows, (row, place) => {
    const to = row * width + at
    for (let k = 0; k < 8; k++) out[to + 7 - k] = bytes[place * 8 + k] as number
  })
}

function putRanges(page: PageValues, entries: readonly Uint8Array[] | undefined, out: ByteRanges, rows: number): void {
  const { ranges, codes } = page
  if (ranges !== undefined) {
    out.bytes = ranges.bytes
    eachPresent(page, rows, (row, place) => out.set(row, ranges.from[place] as number, ranges.to[place] as number))
    keepOrder(page, out, rows)
    return
  }
  if (codes === undefined) return
  putTexts(out, rows, page, (place) => entries?.[codes[place] as number] ?? NO_BYTES)
}

const NO_BYTES = new Uint8Array(0)

/** Copies each row's text behind that of the row before: whoever searches relies on that order. */
function putTexts(out: ByteRanges, rows: number, page: PageValues, textOf: (place: number) => Uint8Array): void {
  let size = 0
  eachPresent(page, rows, (_row, place) => {
    size += textOf(place).length
  })
  const bytes = new Uint8Array(size)
  let end = 0
  eachPresent(page, rows, (row, place) => {
    const text = textOf(place)
    bytes.set(text, end)
    out.set(row, end, end + text.length)
    end += text.length
  })
  out.bytes = bytes
  keepOrder(page, out, rows)
}

/** Rows without a text are empty at the place where the one before ends. */
function keepOrder({ present, count }: PageValues, out: ByteRanges, rows: number): void {
  if (present === undefined && count > 0) return
  let end = 0
  for (let row = 0; row < rows; row++) {
    if (present === undefined || present[row] !== 1) out.set(row, end, end)
    end = out.to[row] as number
  }
}

function putKinds(page: PageValues, kinds: Uint8Array, kind: number, rows: number): void {
  eachPresent(page, rows, (row) => {
    kinds[row] = kind
  })
}

/** Bodies that are values come back as such: their text was for others. */
function replaceLines(
  page: PageValues,
  entries: readonly Uint8Array[] | undefined,
  set: ColumnSet,
  rows: number,
): void {
  const bodies = set.ranges[0] as ByteRanges
  const values = new Map<number, Uint8Array>()
  eachPresent(page, rows, (row, place) => {
    const { ranges, codes } = page
    const value =
      codes === undefined
        ? ranges?.bytes.subarray(ranges.from[place], ranges.to[place])
        : entries?.[codes[place] as number]
    values.set(row, value ?? NO_BYTES)
  })
  const { bytes } = bodies
  const texts = Array.from(
    { length: rows },
    (_, row) => values.get(row) ?? bytes.subarray(bodies.from[row], bodies.to[row]),
  )
  putTexts(bodies, rows, { count: rows, present: undefined }, (row) => texts[row] as Uint8Array)
  putKinds(page, set.bytes[1] as Uint8Array, BODY_KIND.value, rows)
}
