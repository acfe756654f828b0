import type { ColumnValues, Dictionary } from '../parquet/column-values.ts'

/** Types of values that columns hold, by the tag of the AnyValue. */
export type ValueTag = 0x0a | 0x10 | 0x18 | 0x21
/** Values that a key has room for at first. */
const ROOM_MIN = 4

/** Memory of a key that the SIMD loop fills: see `NativeShredder`. */
export interface NativeValues {
  readonly memory: Int32Array
  readonly room: number
  count: number
  /** Notes the dictionary's place of text `at`, the next one. */
  encode(at: number, from: number, to: number): void
  /** Of all texts, which are ranges of `bytes`; undefined where they are no dictionary. */
  dictionary(bytes: Uint8Array): Dictionary | undefined
}

/**
 * A key with a type, as met in a file, and its values in the row group at hand:
 *
 *     memory = rows (room words) | texts: begins (room), ends (room); others: two halves of each (2 · room)
 */
export class AttributeKey {
  readonly key: Uint8Array
  readonly tag: ValueTag
  /** Among the keys. */
  readonly place: number
  /** Place among the attribute columns, or -1. */
  column: number
  lastRow = -1
  #memory: Int32Array = new Int32Array(ROOM_MIN * 3)
  #room = ROOM_MIN
  #count = 0
  #native: NativeValues | undefined

  constructor(key: Uint8Array, tag: ValueTag, place: number, column: number) {
    this.key = key
    this.tag = tag
    this.place = place
    this.column = column
  }

  get count(): number {
    return this.#native?.count ?? this.#count
  }

  get isNative(): boolean {
    return this.#native !== undefined
  }

  /** From now on the values are there, those that came already too. */
  move(native: NativeValues): void {
    const count = this.#count
    native.memory.set(this.#memory.subarray(0, count))
    if (this.#isPairs) native.memory.set(this.#memory.subarray(this.#room, this.#room + count * 2), native.room)
    else {
      native.memory.set(this.#memory.subarray(this.#room, this.#room + count), native.room)
      native.memory.set(this.#memory.subarray(this.#room * 2, this.#room * 2 + count), native.room * 2)
    }
    native.count = count
    this.#native = native
    this.#memory = native.memory
    this.#room = native.room
    if (this.tag === 0x0a) for (let at = 0; at < count; at++) this.#encode(native, at)
  }

  /** Adds the value of a row, whose AnyValue message is [from, to) and has the key's type. */
  add(row: number, bytes: Uint8Array, from: number, to: number): void {
    const at = this.count
    if (at === this.#room) this.#grow()
    this.#memory[at] = row
    const first = this.#isPairs ? this.#room + at * 2 : this.#room + at
    const second = this.#isPairs ? first + 1 : this.#room * 2 + at
    switch (this.tag) {
      case 0x0a: {
        let start = from + 1
        while ((bytes[start] as number) >= 128) start++
        this.#memory[first] = start + 1
        this.#memory[second] = to
        break
      }
      case 0x10:
        this.#memory[first] = bytes[from + 1] as number
        break
      case 0x18:
        setVarint(bytes, from + 1, this.#memory, first)
        break
      case 0x21:
        this.#memory[first] = wordAt(bytes, from + 1)
        this.#memory[second] = wordAt(bytes, from + 5)
        break
    }
    const native = this.#native
    if (native === undefined) this.#count++
    else {
      native.count = at + 1
      if (this.tag === 0x0a) this.#encode(native, at)
    }
  }

  /**
   * Valid until the next row group.
   * @param bytes what the values of texts are ranges of
   * @param rowCount of the row group
   */
  values(bytes: Uint8Array, rowCount: number): ColumnValues {
    const { count } = this
    const room = this.#room
    const rows = count === rowCount ? undefined : this.#memory.subarray(0, count)
    switch (this.tag) {
      case 0x0a: {
        const from = this.#memory.subarray(room, room + count)
        const to = this.#memory.subarray(room * 2, room * 2 + count)
        const known = this.#native === undefined ? undefined : { dictionary: this.#native.dictionary(bytes) }
        return { kind: 'ranges', count, rows, ranges: { bytes, from, to }, known }
      }
      case 0x10:
        return { kind: 'bools', count, rows, flags: Uint8Array.from(this.#memory.subarray(room, room + count)) }
      default: {
        const halves = this.#memory.subarray(room, room + count * 2)
        return { kind: this.tag === 0x18 ? 'longs' : 'doubles', count, rows, halves }
      }
    }
  }

  #encode(native: NativeValues, at: number): void {
    native.encode(at, native.memory[native.room + at] as number, native.memory[native.room * 2 + at] as number)
  }

  get #isPairs(): boolean {
    return this.tag === 0x18 || this.tag === 0x21
  }

  #grow(): void {
    const count = this.#count
    const grown = new Int32Array(this.#room * 6)
    grown.set(this.#memory.subarray(0, count))
    if (this.#isPairs) grown.set(this.#memory.subarray(this.#room, this.#room + count * 2), this.#room * 2)
    else {
      grown.set(this.#memory.subarray(this.#room, this.#room + count), this.#room * 2)
      grown.set(this.#memory.subarray(this.#room * 2, this.#room * 2 + count), this.#room * 4)
    }
    this.#memory = grown
    this.#room *= 2
  }
}

/** The tag of a value that is one field of a column's type and nothing else. */
export function plainTag(bytes: Uint8Array, from: number, to: number): ValueTag | undefined {
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

export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}

/** Both halves of 64 bits. */
function setVarint(bytes: Uint8Array, from: number, out: Int32Array, at: number): void {
  let low = 0
  let high = 0
  for (let shift = 0, i = from; shift < 70; shift += 7, i++) {
    const byte = bytes[i] as number
    const part = byte & 127
    if (shift < 28) low |= part << shift
    else if (shift === 28) {
      low |= part << 28
      high = part >>> 4
    } else high |= part << (shift - 32)
    if (byte < 128) break
  }
  out[at] = low
  out[at + 1] = high
}
