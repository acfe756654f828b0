import { isUtf8Range, utf8Text } from '@vantage/bytes'

/** Types of fields and elements that Jaeger's structs use. Source: apache/thrift doc/specs/thrift-binary-protocol.md. */
export const THRIFT = { stop: 0, bool: 2, double: 4, i32: 8, i64: 10, binary: 11, struct: 12, list: 15 } as const

/** Bytes of a value of a fixed width, by type: bool, byte, double, i16, i32, i64. */
const WIDTHS: Readonly<Record<number, number>> = { 2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8 }
const MAP = 13
const SET = 14
/** `decode.maxDepth`. */
const DEPTH_MAX = 64

/**
 * Walks a struct of the Thrift binary protocol. `isBad` stays set after the first read that failed; every later one
 * gives nothing. Owner: one decoder.
 */
export class ThriftReader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  isBad = false
  isUtf8 = true
  /** Of the field that `nextField` found. */
  type = 0
  id = 0
  #view: DataView = new DataView(new ArrayBuffer(0))

  reset(bytes: Uint8Array, at: number, end: number): void {
    if (bytes !== this.bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.bytes = bytes
    this.at = at
    this.end = end
    this.isBad = false
    this.isUtf8 = true
  }

  /** @returns false at the end of the struct, or where it is malformed (then `isBad`) */
  nextField(): boolean {
    if (!this.#has(1)) return false
    this.type = this.bytes[this.at++] as number
    if (this.type === THRIFT.stop) return false
    if (!this.#has(2)) return false
    this.id = this.#view.getInt16(this.at)
    this.at += 2
    return true
  }

  /** True where the field is this one, of this type. */
  isField(id: number, type: number): boolean {
    return this.id === id && this.type === type
  }

  bool(): boolean {
    return this.#has(1) && this.bytes[this.at++] !== 0
  }

  i32(): number {
    if (!this.#has(4)) return 0
    this.at += 4
    return this.#view.getInt32(this.at - 4)
  }

  i64(): bigint {
    if (!this.#has(8)) return 0n
    this.at += 8
    return this.#view.getBigInt64(this.at - 8)
  }

  double(): number {
    if (!this.#has(8)) return 0
    this.at += 8
    return this.#view.getFloat64(this.at - 8)
  }

  /** The eight bytes of an i64 as they are: ids. */
  eight(out: Uint8Array, to: number): void {
    if (!this.#has(8)) return
    out.set(this.bytes.subarray(this.at, this.at + 8), to)
    this.at += 8
  }

  /** Bytes of its own. */
  binary(): Uint8Array {
    const length = this.#length()
    this.at += length
    return this.bytes.slice(this.at - length, this.at)
  }

  text(): string {
    const length = this.#length()
    const from = this.at
    this.at += length
    this.isUtf8 &&= isUtf8Range(this.bytes, from, this.at)
    return utf8Text(this.bytes, from, this.at)
  }

  /** Opens a list of elements of `type`. @returns their number; a list of others is bad */
  list(type: number): number {
    if (!this.#has(5)) return 0
    const got = this.bytes[this.at++] as number
    const count = this.i32()
    // An element takes at least one byte.
    if (count >= 0 && count <= this.end - this.at && (got === type || count === 0)) return count
    this.isBad = true
    return 0
  }

  /** Passes over the value of the field that `nextField` found. */
  skipField(): void {
    this.#skip(this.type, 0)
  }

  #skip(type: number, depth: number): void {
    const width = WIDTHS[type]
    if (depth >= DEPTH_MAX) this.isBad = true
    else if (width !== undefined) this.#pass(width)
    else if (type === THRIFT.binary) this.#pass(this.#length())
    else if (type === THRIFT.struct) while (this.nextField()) this.#skip(this.type, depth + 1)
    else if (type === THRIFT.list || type === SET) {
      if (this.#has(5)) this.#skipMany([this.bytes[this.at++] as number], depth)
    } else if (type === MAP) {
      if (this.#has(6)) this.#skipMany([this.bytes[this.at++] as number, this.bytes[this.at++] as number], depth)
    } else this.isBad = true
  }

  #skipMany(types: readonly number[], depth: number): void {
    const count = this.i32()
    if (count < 0 || count > this.end - this.at) this.isBad = true
    for (let i = 0; i < count && !this.isBad; i++) for (const type of types) this.#skip(type, depth + 1)
  }

  #pass(bytes: number): void {
    if (this.#has(bytes)) this.at += bytes
  }

  #length(): number {
    const length = this.i32()
    if (length >= 0 && this.#has(length)) return length
    this.isBad = true
    return 0
  }

  #has(bytes: number): boolean {
    if (this.isBad) return false
    if (this.at + bytes <= this.end) return true
    this.isBad = true
    return false
  }
}
