import { BODY_KIND, type ByteRanges } from '@vantage/model'
import type { Ranges } from '../parquet/column-values.ts'
import type { PageValues } from '../parquet/page-reader.ts'
import type { ColumnSet, Signal } from '../rows/column-set.ts'
import type { ColumnPart, ColumnSource } from './schema.ts'

/** Entries of a dictionary; numbers as they lie. */
export type Entries = Ranges

/**
 * The columns of one stripe, as far as pages have been put into them: the inverse of `takeColumn`. What has not come is
 * absent and takes no memory. A column that is there is never written to again: scans may hold it.
 */
export class StripeColumns<Columns> {
  readonly columns: Columns
  /** Parts whose pages have all come. */
  readonly loaded = new Set<ColumnPart>()
  readonly #signal: Signal<Columns>
  readonly #rows: number
  #set: ColumnSet
  /** Both halves of a trace id are put into one. */
  readonly #ids: (Uint8Array | undefined)[] = []
  byteLength = 0

  constructor(signal: Signal<Columns>, rows: number) {
    this.#signal = signal
    this.#rows = rows
    this.columns = signal.hollow(rows)
    signal.setCount(this.columns, rows)
    this.#set = signal.setOf(this.columns)
  }

  /** Valid until the next page is put in. */
  get set(): ColumnSet {
    return this.#set
  }

  /** @param entries of the dictionary, where the page has codes */
  put(source: ColumnSource, page: PageValues, entries: Entries | undefined): void {
    const { put } = this.#signal
    const rows = this.#rows
    switch (source.of) {
      case 'long':
        put.longs(this.columns, source.column, this.#own(longsOf(page, entries, rows)))
        break
      case 'duration':
        put.longs(this.columns, 1, this.#own(endsOf(page, entries, this.#set.longs[0] as Int32Array, rows)))
        break
      case 'byte':
        put.bytes(this.columns, source.column, this.#own(bytesOf(page, entries, rows)))
        break
      case 'word':
        put.words(this.columns, source.column, this.#own(wordsOf(page, entries, rows)))
        break
      case 'id':
        put.ids(this.columns, source.column, this.#putId(source.column, source.at, page))
        break
      case 'range':
        this.#putRanges(source.column, page, entries)
        break
      case 'line':
        putLines(page, entries, this.#set.ranges[0] as ByteRanges, rows)
        this.#ownRanges(0)
        put.bytes(this.columns, 1, this.#own(kindsOf(page, rows, new Uint8Array(rows), BODY_KIND.text)))
        break
      case 'lineValue':
        if (page.count > 0) this.#replaceLines(page, entries)
        break
      default:
        break
    }
    this.#set = this.#signal.setOf(this.columns)
  }

  /** @param places of the file's list, for each code */
  putOrigins({ codes }: PageValues, places: readonly number[]): void {
    const origins = this.#own(new Int32Array(this.#rows))
    if (codes !== undefined) lookUp(codes, Int32Array.from(places), origins)
    this.#signal.put.origins(this.columns, 0, origins)
    this.#set = this.#signal.setOf(this.columns)
  }

  #own<Column extends ArrayBufferView>(column: Column): Column {
    this.byteLength += column.byteLength
    return column
  }

  #ownRanges(place: number): void {
    const { bytes, from, to } = this.#set.ranges[place] as ByteRanges
    this.byteLength += bytes.byteLength + from.byteLength + to.byteLength
  }

  #putId(place: number, at: number, page: PageValues): Uint8Array {
    const width = place === 0 ? 16 : 8
    let ids = this.#ids[place]
    if (ids === undefined) {
      ids = this.#own(new Uint8Array(this.#rows * width))
      this.#ids[place] = ids
    }
    putIds(page, ids, width, at, this.#rows)
    return ids
  }

  #putRanges(place: number, page: PageValues, entries: Entries | undefined): void {
    const out = this.#set.ranges[place] as ByteRanges
    const { ranges, codes, present } = page
    if (page.count === 0) return
    out.from = new Int32Array(this.#rows)
    out.to = new Int32Array(this.#rows)
    if (ranges !== undefined) {
      out.bytes = ranges.bytes
      spread(ranges.from, present, out.from)
      spread(ranges.to, present, out.to)
    } else if (codes !== undefined && entries !== undefined) {
      out.bytes = entries.bytes
      spreadEntries(entries.from, codes, present, out.from)
      spreadEntries(entries.to, codes, present, out.to)
    }
    this.#ownRanges(place)
  }

  /** Bodies that are values come back as such: their text was for others. */
  #replaceLines(page: PageValues, entries: Entries | undefined): void {
    const rows = this.#rows
    const lines = this.#set.ranges[0] as ByteRanges
    const { bytes } = lines
    const texts = Array.from({ length: rows }, (_, row) => bytes.subarray(lines.from[row], lines.to[row]))
    eachPresent(page, rows, (row, place) => {
      texts[row] = valueAt(page, entries, place)
    })
    putTexts(lines, rows, { count: rows, present: undefined }, (row) => texts[row] as Uint8Array)
    this.#ownRanges(0)
    const kinds = kindsOf(page, rows, (this.#set.bytes[1] as Uint8Array).slice(), BODY_KIND.value)
    this.#signal.put.bytes(this.columns, 1, kinds)
  }
}

/** Calls for each row that has a value, with the value's place. */
function eachPresent(
  { present, count }: Pick<PageValues, 'present' | 'count'>,
  rows: number,
  put: (row: number, place: number) => void,
): void {
  if (count === 0) return
  let place = 0
  for (let row = 0; row < rows; row++) if (present === undefined || present[row] === 1) put(row, place++)
}

/** Puts each value into its row; rows without one are left as they are. */
function spread(values: Int32Array, present: Int32Array | undefined, out: Int32Array): void {
  if (present === undefined) {
    out.set(values.length === out.length ? values : values.subarray(0, out.length))
    return
  }
  let place = 0
  for (let row = 0; row < out.length; row++) if (present[row] === 1) out[row] = values[place++] as number
}

function spreadEntries(entries: Int32Array, codes: Int32Array, present: Int32Array | undefined, out: Int32Array): void {
  let place = 0
  for (let row = 0; row < out.length; row++) {
    if (present === undefined || present[row] === 1) out[row] = entries[codes[place++] as number] ?? 0
  }
}

/** 64-bit values of rows. Fast path: every row has one that stands in the page, whose memory they are. */
function longsOf(page: PageValues, entries: Entries | undefined, rows: number): BigInt64Array<ArrayBuffer> {
  const { codes, present, halves } = page
  if (halves !== undefined && present === undefined && halves.length === rows * 2) {
    return new BigInt64Array(halves.buffer as ArrayBuffer, halves.byteOffset, rows)
  }
  const longs = new BigInt64Array(rows)
  const out = new Int32Array(longs.buffer)
  const view = entries && new DataView(entries.bytes.buffer, entries.bytes.byteOffset, entries.bytes.byteLength)
  eachPresent(page, rows, (row, place) => {
    if (codes === undefined) {
      out[row * 2] = halves?.[place * 2] ?? 0
      out[row * 2 + 1] = halves?.[place * 2 + 1] ?? 0
      return
    }
    const at = entries?.from[codes[place] as number] ?? 0
    out[row * 2] = view?.getInt32(at, true) ?? 0
    out[row * 2 + 1] = view?.getInt32(at + 4, true) ?? 0
  })
  return longs
}

/** starts + durations, 64 bits that wrap. */
function endsOf(
  page: PageValues,
  entries: Entries | undefined,
  starts: Int32Array,
  rows: number,
): BigInt64Array<ArrayBuffer> {
  const longs = longsOf(page, entries, rows)
  const times = new Int32Array(longs.buffer, longs.byteOffset, rows * 2)
  for (let row = 0; row < rows; row++) {
    const low = ((times[row * 2] as number) >>> 0) + ((starts[row * 2] as number) >>> 0)
    times[row * 2] = low | 0
    times[row * 2 + 1] = (times[row * 2 + 1] as number) + (starts[row * 2 + 1] as number) + (low >= 2 ** 32 ? 1 : 0)
  }
  return longs
}

/** Puts the value that each code names. */
function lookUp(codes: Int32Array, values: Int32Array, out: Int32Array): void {
  for (let row = 0; row < out.length; row++) out[row] = values[codes[row] as number] as number
}

function bytesOf(page: PageValues, entries: Entries | undefined, rows: number): Uint8Array {
  const out = new Uint8Array(rows)
  const { codes, present } = page
  if (codes === undefined || present !== undefined) {
    out.set(wordsOf(page, entries, rows))
    return out
  }
  // Fast path: a code for each row.
  const numbers = intsOf(entries)
  for (let row = 0; row < rows; row++) out[row] = numbers[codes[row] as number] as number
  return out
}

function wordsOf(page: PageValues, entries: Entries | undefined, rows: number): Uint32Array {
  const out = new Uint32Array(rows)
  const { codes, ints } = page
  const values = codes ?? ints
  if (values === undefined) return out
  const numbers = codes === undefined ? undefined : intsOf(entries)
  eachPresent(page, rows, (row, place) => {
    const value = values[place] as number
    out[row] = numbers === undefined ? value : (numbers[value] ?? 0)
  })
  return out
}

function intsOf(entries: Entries | undefined): Int32Array {
  if (entries === undefined) return new Int32Array(0)
  const { bytes, from } = entries
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Int32Array.from(from, (at) => view.getInt32(at, true))
}

function putIds({ halves, ...page }: PageValues, out: Uint8Array, width: number, at: number, rows: number): void {
  if (halves === undefined) return
  const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength)
  eachPresent(page, rows, (row, place) => {
    const to = row * width + at
    for (let k = 0; k < 8; k++) out[to + 7 - k] = bytes[place * 8 + k] as number
  })
}

/** Lines lie in the order of the rows, each once: whoever searches relies on that. */
function putLines(page: PageValues, entries: Entries | undefined, out: ByteRanges, rows: number): void {
  const { ranges, present } = page
  if (ranges === undefined) {
    putTexts(out, rows, page, (place) => valueAt(page, entries, place))
    return
  }
  out.bytes = ranges.bytes
  if (present === undefined) {
    out.from = ranges.from
    out.to = ranges.to
    return
  }
  out.from = new Int32Array(rows)
  out.to = new Int32Array(rows)
  spread(ranges.from, present, out.from)
  spread(ranges.to, present, out.to)
  keepOrder(page, out, rows)
}

const NO_BYTES = new Uint8Array(0)

function valueAt({ ranges, codes }: PageValues, entries: Entries | undefined, place: number): Uint8Array {
  if (codes === undefined) return ranges?.bytes.subarray(ranges.from[place], ranges.to[place]) ?? NO_BYTES
  const entry = codes[place] as number
  return entries?.bytes.subarray(entries.from[entry], entries.to[entry]) ?? NO_BYTES
}

/** Copies each row's text behind that of the row before. */
function putTexts(
  out: ByteRanges,
  rows: number,
  page: Pick<PageValues, 'present' | 'count'>,
  textOf: (place: number) => Uint8Array,
): void {
  let size = 0
  eachPresent(page, rows, (_row, place) => {
    size += textOf(place).length
  })
  const bytes = new Uint8Array(size)
  out.from = new Int32Array(rows)
  out.to = new Int32Array(rows)
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
function keepOrder({ present, count }: Pick<PageValues, 'present' | 'count'>, out: ByteRanges, rows: number): void {
  if (present === undefined && count > 0) return
  let end = 0
  for (let row = 0; row < rows; row++) {
    if (present === undefined || present[row] !== 1) out.set(row, end, end)
    end = out.to[row] as number
  }
}

function kindsOf(
  page: PageValues,
  rows: number,
  kinds: Uint8Array<ArrayBuffer>,
  kind: number,
): Uint8Array<ArrayBuffer> {
  if (page.present === undefined && page.count > 0) return kinds.fill(kind)
  eachPresent(page, rows, (row) => {
    kinds[row] = kind
  })
  return kinds
}
