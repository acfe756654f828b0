import { type AnyValue, AttributeCursor, type ByteRanges, decodeValue, isBytes, nextAttribute } from '@vantage/model'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { type ColumnSpec, type ColumnValues, valuesTo } from '../parquet/column-values.ts'
import type { Dictionary } from '../parquet/dictionary.ts'
import type { BloomBuilder } from './bloom.ts'
import { addTokens } from './tokens.ts'

/** Columns of attributes in one file; what has none lies in the rest. */
const COLUMNS_MAX = 200
/** An attribute gets a column once it is in so many rows of a row group, or in one of so many. */
const ROWS_MIN = 8
const ROWS_SHARE = 64
const ARRAY_TAG = 0x2a

/** Types of values that columns hold, by the tag of the AnyValue. */
const TYPES = { 10: 'string', 16: 'bool', 24: 'int', 33: 'double' } as const
type ValueTag = keyof typeof TYPES
const SPECS: Readonly<Record<ValueTag, Pick<ColumnSpec, 'type' | 'annotation'>>> = {
  10: { type: 'bytes', annotation: 'utf8' },
  16: { type: 'bool' },
  24: { type: 'long' },
  33: { type: 'double' },
}

/** A column of attributes: one key with values of one type. */
export interface AttributeColumn {
  readonly key: Uint8Array
  readonly tag: ValueTag
  readonly spec: ColumnSpec
}

/** Values of one column of attributes in a row group, and what was found of them. */
export interface TakenColumn {
  readonly values: ColumnValues
  readonly dictionary: Dictionary | undefined
}

/** A key with a type, as met in a file. */
interface Key {
  readonly key: Uint8Array
  readonly tag: ValueTag
  /** Among the keys. */
  readonly place: number
  /** Place among the attribute columns, or -1. */
  column: number
  rows: number
  lastRow: number
}

/**
 * Takes attributes apart into columns, row group by row group: a column for each frequent key and type, a layout that
 * tells which columns a row has and in which order, and the rest as it came. What goes in comes back the same, but for
 * the tags in front of attributes and fields that no AnyValue has.
 */
export class AttributeShredder {
  readonly columns: AttributeColumn[] = []
  #keys: Key[] = []
  readonly #byHash = new Map<number, Key[]>()
  readonly #cursor = new AttributeCursor()
  readonly #names = new Set<string>()
  /** Of each attribute of the row group: key (-1: rest), and ranges of its value and of all of it. */
  #attributeKeys = new Int32Array(1024)
  #valueFrom = new Int32Array(1024)
  #valueTo = new Int32Array(1024)
  #messageFrom = new Int32Array(1024)
  #messageTo = new Int32Array(1024)
  #count = 0
  /** Some attribute of the row group that `take` took apart has no column. */
  #hasRest = false
  /** Of each row, its first attribute. */
  #rowStarts = new Int32Array(1024)

  /** Reads the attributes of rows [0, count) and settles which columns there are; new ones are at the end. */
  begin(ranges: ByteRanges, count: number): void {
    this.#count = 0
    this.#forgetRareKeys()
    if (this.#rowStarts.length <= count) this.#rowStarts = new Int32Array(count + 1)
    const cursor = this.#cursor
    let previous = 0
    for (let row = 0; row < count; row++) {
      const start = this.#count
      this.#rowStarts[row] = start
      cursor.reset(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
      for (let messageFrom = cursor.at; nextAttribute(cursor); messageFrom = cursor.at) {
        // Rows mostly have the keys of the row before.
        const guess = previous + this.#count - start
        this.#add(row, guess < start ? (this.#attributeKeys[guess] as number) : -1, messageFrom)
      }
      previous = start
    }
    this.#rowStarts[count] = this.#count
    for (const key of this.#keys) {
      if (key.column >= 0 || key.rows < Math.max(ROWS_MIN, count / ROWS_SHARE)) continue
      if (this.columns.length < COLUMNS_MAX) key.column = this.#addColumn(key)
    }
  }

  /** Keys are many where senders invent them: only those with a column outlive their row group. */
  #forgetRareKeys(): void {
    const kept = this.#keys.filter((key) => key.column >= 0)
    this.#keys = []
    this.#byHash.clear()
    for (const { key, tag, column } of kept) this.#addKey(hashKey(key, 0, key.length, tag), key, tag, column)
  }

  #addKey(hash: number, key: Uint8Array, tag: ValueTag, column: number): Key {
    const added: Key = { key, tag, place: this.#keys.length, column, rows: 0, lastRow: -1 }
    this.#keys.push(added)
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), added])
    return added
  }

  #add(row: number, guess: number, messageFrom: number): void {
    if (this.#count === this.#attributeKeys.length) this.#grow()
    const cursor = this.#cursor
    const at = this.#count++
    const { bytes, valueFrom, valueTo } = cursor
    this.#messageFrom[at] = messageFrom
    this.#valueFrom[at] = valueFrom
    this.#valueTo[at] = valueTo
    this.#messageTo[at] = cursor.at
    const tag = plainTag(bytes, valueFrom, valueTo)
    let place = -1
    if (tag !== undefined) {
      const guessed = guess < 0 ? undefined : (this.#keys[guess] as Key)
      const isGuess = guessed?.tag === tag && isBytes(bytes, cursor.keyFrom, cursor.keyTo, guessed.key)
      place = isGuess ? guess : this.#find(tag)
      const key = this.#keys[place] as Key
      // Of a repeated key one value has room in the column.
      if (key.lastRow === row) place = -1
      else {
        key.lastRow = row
        key.rows++
      }
    }
    this.#attributeKeys[at] = place
  }

  #find(tag: ValueTag): number {
    const { bytes, keyFrom, keyTo } = this.#cursor
    const hash = hashKey(bytes, keyFrom, keyTo, tag)
    const known = this.#byHash.get(hash)?.find((one) => one.tag === tag && isBytes(bytes, keyFrom, keyTo, one.key))
    return (known ?? this.#addKey(hash, bytes.slice(keyFrom, keyTo), tag, -1)).place
  }

  #addColumn({ key, tag }: Key): number {
    const plain = `attributes.${Buffer.from(key).toString()}`
    const name = this.#names.has(plain) ? `${plain}:${TYPES[tag]}` : plain
    // Two keys of one name differ in case only for readers that ignore it: they keep their own.
    this.#names.add(name)
    this.columns.push({ key, tag, spec: { name, isOptional: true, ...SPECS[tag] } })
    return this.columns.length - 1
  }

  #grow(): void {
    this.#attributeKeys = grown(this.#attributeKeys)
    this.#valueFrom = grown(this.#valueFrom)
    this.#valueTo = grown(this.#valueTo)
    this.#messageFrom = grown(this.#messageFrom)
    this.#messageTo = grown(this.#messageTo)
  }

  /**
   * Adds the words of the values that are texts or lists of them in rows [from, to) of the row group that `take` took
   * apart, whose columns these are.
   */
  addTokens(
    { bytes }: ByteRanges,
    columns: readonly TakenColumn[],
    from: number,
    to: number,
    bloom: BloomBuilder,
  ): void {
    for (const column of columns) addColumnTokens(column, from, to, bloom)
    if (!this.#hasRest) return
    const end = this.#rowStarts[to] as number
    for (let at = this.#rowStarts[from] as number; at < end; at++) {
      if (this.#columnOf(at) >= 0) continue
      let start = this.#valueFrom[at] as number
      if (bytes[start] === ARRAY_TAG) addElements(decodeValue(bytes, start, this.#valueTo[at] as number), bloom)
      if (bytes[start] !== 0x0a) continue
      start++
      while ((bytes[start] as number) >= 128) start++
      addTokens(bytes, start + 1, this.#valueTo[at] as number, bloom)
    }
  }

  /** The column that an attribute is in, or -1. */
  #columnOf(at: number): number {
    const key = this.#attributeKeys[at] as number
    return key < 0 ? -1 : (this.#keys[key] as Key).column
  }

  /** Layout, rest and columns of the row group that `begin` read, in this order. */
  take({ bytes }: ByteRanges, count: number): ColumnValues[] {
    const layout = new LayoutColumn(count)
    const rest = new RestColumn()
    const values = this.columns.map(({ tag }) => new ValueColumn(tag, bytes))
    for (let row = 0; row < count; row++) {
      const from = this.#rowStarts[row] as number
      const to = this.#rowStarts[row + 1] as number
      for (let at = from; at < to; at++) {
        const column = this.#columnOf(at)
        layout.add(column + 1)
        if (column >= 0) {
          ;(values[column] as ValueColumn).add(row, this.#valueFrom[at] as number, this.#valueTo[at] as number)
        } else {
          rest.add(row, bytes, this.#messageFrom[at] as number, this.#messageTo[at] as number)
        }
      }
      layout.endRow(row)
    }
    const others = rest.values()
    this.#hasRest = others.count > 0
    return [layout.values(), others, ...values.map((one) => one.values())]
  }
}

/** Of a dictionary each text is taken once. */
function addColumnTokens({ values, dictionary }: TakenColumn, from: number, to: number, bloom: BloomBuilder): void {
  if (values.kind !== 'ranges') return
  const first = valuesTo(values, 0, from)
  const end = valuesTo(values, first, to)
  if (dictionary === undefined) {
    const { ranges } = values
    for (let i = first; i < end; i++) addTokens(ranges.bytes, ranges.from[i] as number, ranges.to[i] as number, bloom)
    return
  }
  const { codes, entries } = dictionary
  const isTaken = new Uint8Array(entries.length)
  for (let i = first; i < end; i++) {
    const code = codes[i] as number
    if (isTaken[code] === 1) continue
    isTaken[code] = 1
    const entry = entries[code] as Uint8Array
    addTokens(entry, 0, entry.length, bloom)
  }
}

/** Words of the texts in a list: a condition on it holds where it does for one of them. */
function addElements(value: AnyValue, bloom: BloomBuilder): void {
  if (value.kind === 'array') for (const one of value.values) addElements(one, bloom)
  if (value.kind !== 'string') return
  const text = Buffer.from(value.value)
  addTokens(text, 0, text.length, bloom)
}

function hashKey(bytes: Uint8Array, from: number, to: number, tag: number): number {
  let hash = tag
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash
}

function grown(column: Int32Array): Int32Array<ArrayBuffer> {
  const next = new Int32Array(column.length * 2)
  next.set(column)
  return next
}

/** The tag of a value that is one field of a column's type and nothing else. */
function plainTag(bytes: Uint8Array, from: number, to: number): ValueTag | undefined {
  const tag = bytes[from]
  if (to - from < 2) return undefined
  switch (tag) {
    case 0x0a: {
      let length = 0
      let at = from + 1
      for (let unit = 1; at < to; unit *= 128) {
        const byte = bytes[at++] as number
        length += (byte & 127) * unit
        if (byte < 128) break
      }
      return at + length === to ? tag : undefined
    }
    case 0x10:
      return to - from === 2 && (bytes[from + 1] as number) <= 1 ? tag : undefined
    case 0x18: {
      let at = from + 1
      while (at < to && (bytes[at] as number) >= 128) at++
      return at + 1 === to && to - from <= 11 ? tag : undefined
    }
    case 0x21:
      return to - from === 9 ? tag : undefined
    default:
      return undefined
  }
}

/** Which columns each row has, in the order of its attributes: varints of column + 1, 0 for one of the rest. */
class LayoutColumn {
  readonly #codes: Int32Array
  readonly #rows: Int32Array
  readonly #entries: Uint8Array[] = []
  readonly #places = new Map<string, number>()
  #current: number[] = []
  #last: readonly number[] = []
  #lastCode = -1
  #count = 0

  constructor(rows: number) {
    this.#codes = new Int32Array(rows)
    this.#rows = new Int32Array(rows)
  }

  add(column: number): void {
    this.#current.push(column)
  }

  endRow(row: number): void {
    const layout = this.#current
    if (layout.length === 0) return
    if (this.#lastCode < 0 || !isSame(layout, this.#last)) {
      const key = layout.join()
      let code = this.#places.get(key)
      if (code === undefined) {
        code = this.#entries.length
        this.#places.set(key, code)
        const out = new ByteWriter(layout.length * 2)
        for (const column of layout) out.varint(column)
        this.#entries.push(out.view().slice())
      }
      this.#last = layout
      this.#lastCode = code
      this.#current = []
    } else {
      layout.length = 0
    }
    this.#codes[this.#count] = this.#lastCode
    this.#rows[this.#count++] = row
  }

  values(): ColumnValues {
    const count = this.#count
    return { kind: 'coded', count, rows: this.#rows.subarray(0, count), codes: this.#codes, entries: this.#entries }
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Attributes without a column: (0x0a, length, KeyValue)* of each row that has some. */
class RestColumn {
  readonly #out = new ByteWriter()
  readonly #rows: number[] = []
  readonly #from: number[] = []
  readonly #to: number[] = []

  add(row: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#rows.at(-1) !== row) {
      this.#rows.push(row)
      this.#from.push(this.#out.at)
      this.#to.push(this.#out.at)
    }
    this.#out.raw(bytes.subarray(from, to))
    this.#to[this.#to.length - 1] = this.#out.at
  }

  values(): ColumnValues {
    const ranges = { bytes: this.#out.view(), from: Int32Array.from(this.#from), to: Int32Array.from(this.#to) }
    return { kind: 'ranges', count: this.#rows.length, rows: Int32Array.from(this.#rows), ranges }
  }
}

/** Values of one attribute column. */
class ValueColumn {
  readonly #tag: ValueTag
  readonly #bytes: Uint8Array
  #rows = new Int32Array(256)
  /** Of texts: where they lie. Of numbers: their halves. */
  #first = new Int32Array(256)
  #second = new Int32Array(256)
  #count = 0

  constructor(tag: ValueTag, bytes: Uint8Array) {
    this.#tag = tag
    this.#bytes = bytes
  }

  /** @param from of the AnyValue message */
  add(row: number, from: number, to: number): void {
    if (this.#count === this.#rows.length) this.#grow()
    const at = this.#count++
    this.#rows[at] = row
    switch (this.#tag) {
      case 0x0a: {
        let start = from + 1
        while ((this.#bytes[start] as number) >= 128) start++
        this.#first[at] = start + 1
        this.#second[at] = to
        break
      }
      case 0x10:
        this.#first[at] = this.#bytes[from + 1] as number
        break
      case 0x18:
        this.#setVarint(at, from + 1)
        break
      case 0x21:
        this.#first[at] = wordAt(this.#bytes, from + 1)
        this.#second[at] = wordAt(this.#bytes, from + 5)
        break
    }
  }

  #setVarint(at: number, from: number): void {
    let low = 0
    let high = 0
    for (let shift = 0, i = from; shift < 70; shift += 7, i++) {
      const byte = this.#bytes[i] as number
      const part = byte & 127
      if (shift < 28) low |= part << shift
      else if (shift === 28) {
        low |= part << 28
        high = part >>> 4
      } else high |= part << (shift - 32)
      if (byte < 128) break
    }
    this.#first[at] = low
    this.#second[at] = high
  }

  #grow(): void {
    this.#rows = grown(this.#rows)
    this.#first = grown(this.#first)
    this.#second = grown(this.#second)
  }

  values(): ColumnValues {
    const count = this.#count
    const rows = this.#rows.subarray(0, count)
    const [first, second] = [this.#first.subarray(0, count), this.#second.subarray(0, count)]
    if (this.#tag === 0x0a) {
      return { kind: 'ranges', count, rows, ranges: { bytes: this.#bytes, from: first, to: second } }
    }
    if (this.#tag === 0x10) return { kind: 'bools', count, rows, flags: Uint8Array.from(first) }
    const halves = new Int32Array(count * 2)
    for (let i = 0; i < count; i++) {
      halves[i * 2] = first[i] as number
      halves[i * 2 + 1] = second[i] as number
    }
    return this.#tag === 0x18 ? { kind: 'longs', count, rows, halves } : { kind: 'doubles', count, rows, halves }
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
