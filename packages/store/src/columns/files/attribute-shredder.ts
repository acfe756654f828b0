import { type AnyValue, AttributeCursor, type ByteRanges, decodeValue, isBytes, nextAttribute } from '@vantage/model'
import { ByteWriter } from '../parquet/byte-writer.ts'
import { type ColumnSpec, type ColumnValues, type Dictionary, valuesTo } from '../parquet/column-values.ts'
import { AttributeKey, plainTag, type ValueTag } from './attribute-key.ts'
import type { BloomBuilder } from './bloom.ts'
import type { NativeShredder } from './native-shredder.ts'
import { addTokens } from './tokens.ts'

/** Columns of attributes in one file; what has none lies in the rest. */
const COLUMNS_MAX = 200
/** An attribute gets a column once it is in so many rows of a row group, or in one of so many. */
const ROWS_MIN = 8
const ROWS_SHARE = 64
/** A key of so many values is told to the SIMD loop. */
const NATIVE_VALUES_MIN = 64
/** Where the loop takes no row, so many at most are taken without it before it is asked again. */
const PLAIN_ROWS_MAX = 64
const ARRAY_TAG = 0x2a

const TYPES = { 10: 'string', 16: 'bool', 24: 'int', 33: 'double' } as const
const SPECS: Readonly<Record<ValueTag, Pick<ColumnSpec, 'type' | 'annotation'>>> = {
  10: { type: 'bytes', annotation: 'utf8' },
  16: { type: 'bool' },
  24: { type: 'long' },
  33: { type: 'double' },
}

/** A column of attributes: one key with values of one type. */
interface AttributeColumn {
  readonly key: Uint8Array
  readonly tag: ValueTag
  readonly spec: ColumnSpec
}

/** Values of one column of attributes in a row group, and what was found of them. */
export interface TakenColumn {
  readonly values: ColumnValues
  readonly dictionary: Dictionary | undefined
}

/** Which keys a row has, in the order of its attributes; -1 for what has no place in a column. */
interface Layout {
  readonly keys: readonly number[]
  isNative: boolean
  /** Some attribute of its rows has no column. Known once the row group's columns are. */
  hasRest: boolean
}

/**
 * Takes attributes apart into columns, row group by row group: a column for each frequent key and type, a layout that
 * tells which columns a row has and in which order, and the rest as it came. What goes in comes back the same, but for
 * the tags in front of attributes and fields that no AnyValue has.
 */
export class AttributeShredder {
  readonly columns: AttributeColumn[] = []
  readonly #native: NativeShredder | undefined
  #keys: AttributeKey[] = []
  readonly #byHash = new Map<number, AttributeKey[]>()
  readonly #cursor = new AttributeCursor()
  readonly #names = new Set<string>()
  /** Of the keys that the SIMD loop knows, its names for them. */
  #nativeIds: number[] = []
  #layouts: Layout[] = []
  readonly #layoutCodes = new Map<string, number>()
  /** Of each row of the row group its layout, or -1. */
  #codes: Int32Array = new Int32Array(0)
  #rowKeys: number[] = []
  #lastCode = -1

  /** @param native undefined: without the SIMD loop */
  constructor(native: NativeShredder | undefined) {
    this.#native = native
  }

  /** Reads the attributes of rows [0, count) and settles which columns there are; new ones are at the end. */
  begin(ranges: ByteRanges, count: number): void {
    const native = this.#native?.start(ranges, count) === true ? this.#native : undefined
    this.#reset(native, count)
    let plainTo = 0
    let plainRows = 1
    for (let row = 0; row < count; ) {
      if (native !== undefined && row >= plainTo) {
        const next = native.run(row, this.#layouts[this.#lastCode]?.isNative === true ? this.#lastCode : -1)
        if (next > row) {
          this.#lastCode = this.#codes[next - 1] as number
          plainRows = 1
        } else plainRows = Math.min(PLAIN_ROWS_MAX, plainRows * 2)
        row = next
        plainTo = row + plainRows
        if (row === count) break
      }
      this.#readRow(ranges, row, native)
      row++
    }
    for (const key of this.#keys) {
      if (key.column >= 0 || key.count < Math.max(ROWS_MIN, count / ROWS_SHARE)) continue
      if (this.columns.length < COLUMNS_MAX) key.column = this.#addColumn(key)
    }
    const isRest = (place: number) => this.#columnOf(place) < 0
    for (const layout of this.#layouts) layout.hasRest = layout.keys.some(isRest)
  }

  /** Keys are many where senders invent them: only those with a column outlive their row group. */
  #reset(native: NativeShredder | undefined, count: number): void {
    const kept = this.#keys.filter((key) => key.column >= 0)
    this.#keys = []
    this.#byHash.clear()
    this.#nativeIds = []
    this.#layouts = []
    this.#layoutCodes.clear()
    this.#lastCode = -1
    this.#codes = native?.codes ?? new Int32Array(count)
    for (const { key, tag, column } of kept) {
      const added = this.#addKey(hashKey(key, 0, key.length, tag), key, tag, column)
      if (native !== undefined) this.#nativeIds[added.place] = native.addKey(added)
    }
  }

  #addKey(hash: number, key: Uint8Array, tag: ValueTag, column: number): AttributeKey {
    const added = new AttributeKey(key, tag, this.#keys.length, column)
    this.#keys.push(added)
    const others = this.#byHash.get(hash)
    if (others === undefined) this.#byHash.set(hash, [added])
    else others.push(added)
    return added
  }

  #readRow({ bytes, from, to }: ByteRanges, row: number, native: NativeShredder | undefined): void {
    const cursor = this.#cursor
    // Rows mostly have the keys of the row before.
    const guesses = this.#layouts[this.#lastCode]?.keys
    const places = this.#rowKeys
    places.length = 0
    cursor.reset(bytes, from[row] as number, to[row] as number)
    while (nextAttribute(cursor)) places.push(this.#readAttribute(row, guesses?.[places.length] ?? -1, native))
    this.#codes[row] = places.length === 0 ? -1 : this.#codeOf(places, native)
  }

  /** @returns the place of the key, or -1 where the value has no room in its column */
  #readAttribute(row: number, guess: number, native: NativeShredder | undefined): number {
    const { bytes, keyFrom, keyTo, valueFrom, valueTo } = this.#cursor
    const tag = plainTag(bytes, valueFrom, valueTo)
    if (tag === undefined) return -1
    const guessed = this.#keys[guess]
    const isGuess = guessed !== undefined && guessed.tag === tag && isBytes(bytes, keyFrom, keyTo, guessed.key)
    const key = isGuess ? guessed : this.#find(tag)
    // Of a repeated key one value has room in the column.
    if (key.lastRow === row) return -1
    key.lastRow = row
    key.add(row, bytes, valueFrom, valueTo)
    if (native !== undefined && !key.isNative && key.count >= NATIVE_VALUES_MIN) {
      this.#nativeIds[key.place] = native.addKey(key)
    }
    return key.place
  }

  #find(tag: ValueTag): AttributeKey {
    const { bytes, keyFrom, keyTo } = this.#cursor
    const hash = hashKey(bytes, keyFrom, keyTo, tag)
    const known = this.#byHash.get(hash)?.find((one) => one.tag === tag && isBytes(bytes, keyFrom, keyTo, one.key))
    return known ?? this.#addKey(hash, bytes.slice(keyFrom, keyTo), tag, -1)
  }

  #codeOf(places: readonly number[], native: NativeShredder | undefined): number {
    let layout = this.#layouts[this.#lastCode]
    if (layout === undefined || !isSame(places, layout.keys)) {
      const text = places.join()
      const known = this.#layoutCodes.get(text)
      this.#lastCode = known ?? this.#layouts.length
      if (known === undefined) {
        this.#layoutCodes.set(text, this.#lastCode)
        this.#layouts.push({ keys: [...places], isNative: false, hasRest: false })
      }
      layout = this.#layouts[this.#lastCode] as Layout
    }
    if (native !== undefined && !layout.isNative) {
      const ids = layout.keys.map((place) => this.#nativeIds[place] ?? -1)
      layout.isNative = native.addLayout(this.#lastCode, ids)
    }
    return this.#lastCode
  }

  #addColumn({ key, tag }: AttributeKey): number {
    const plain = `attributes.${Buffer.from(key).toString()}`
    const name = this.#names.has(plain) ? `${plain}:${TYPES[tag]}` : plain
    // Two keys of one name differ in case only for readers that ignore it: they keep their own.
    this.#names.add(name)
    this.columns.push({ key, tag, spec: { name, isOptional: true, ...SPECS[tag] } })
    return this.columns.length - 1
  }

  /** Layout, rest and columns of the row group that `begin` read, in this order. Valid until the next one. */
  take(ranges: ByteRanges, count: number): ColumnValues[] {
    const values: ColumnValues[] = []
    for (const key of this.#keys) if (key.column >= 0) values[key.column] = key.values(ranges.bytes, count)
    return [this.#takeLayouts(count), this.#takeRest(ranges, count), ...values]
  }

  /** Of each row its columns in the order of its attributes: varints of column + 1, 0 for one of the rest. */
  #takeLayouts(count: number): ColumnValues {
    const entries: Uint8Array[] = []
    const known = new Map<string, number>()
    const entryOf = this.#layouts.map(({ keys }) => {
      const numbers = keys.map((place) => this.#columnOf(place) + 1)
      const text = numbers.join()
      const entry = known.get(text) ?? entries.length
      if (entry < entries.length) return entry
      known.set(text, entry)
      const out = new ByteWriter(numbers.length * 2)
      for (const number of numbers) out.varint(number)
      entries.push(out.view().slice())
      return entry
    })
    const codes = new Int32Array(count)
    const rows = new Int32Array(count)
    let present = 0
    for (let row = 0; row < count; row++) {
      const code = this.#codes[row] as number
      if (code < 0) continue
      codes[present] = entryOf[code] as number
      rows[present++] = row
    }
    return {
      kind: 'coded',
      count: present,
      rows: present === count ? undefined : rows.subarray(0, present),
      codes,
      entries,
    }
  }

  #takeRest(ranges: ByteRanges, count: number): ColumnValues {
    const rest = new RestColumn()
    const { bytes } = ranges
    this.#eachRest(ranges, 0, count, (row, messageFrom) => rest.add(row, bytes, messageFrom, this.#cursor.at))
    return rest.values()
  }

  /** Attributes of rows [from, to) that have no column: the cursor stands behind each. */
  #eachRest(ranges: ByteRanges, from: number, to: number, visit: (row: number, messageFrom: number) => void): void {
    if (!this.#layouts.some(({ hasRest }) => hasRest)) return
    const cursor = this.#cursor
    for (let row = from; row < to; row++) {
      const layout = this.#layouts[this.#codes[row] as number]
      if (layout?.hasRest !== true) continue
      cursor.reset(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
      for (let i = 0, messageFrom = cursor.at; nextAttribute(cursor); i++, messageFrom = cursor.at) {
        if (this.#columnOf(layout.keys[i] as number) < 0) visit(row, messageFrom)
      }
    }
  }

  /** The column of a key, or -1. */
  #columnOf(place: number): number {
    return this.#keys[place]?.column ?? -1
  }

  /**
   * Adds the words of the values of columns that are texts, and of the rest that are texts or lists of them, in rows
   * [from, to) of the row group that `take` took apart.
   */
  addTokens(ranges: ByteRanges, columns: readonly TakenColumn[], from: number, to: number, bloom: BloomBuilder): void {
    for (const column of columns) addColumnTokens(column, from, to, bloom)
    const cursor = this.#cursor
    this.#eachRest(ranges, from, to, () => {
      const { bytes, valueFrom, valueTo } = cursor
      if (bytes[valueFrom] === ARRAY_TAG) addElements(decodeValue(bytes, valueFrom, valueTo), bloom)
      if (bytes[valueFrom] !== 0x0a) return
      let start = valueFrom + 1
      while ((bytes[start] as number) >= 128) start++
      addTokens(bytes, start + 1, valueTo, bloom)
    })
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
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
