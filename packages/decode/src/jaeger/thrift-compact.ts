import { ByteCursor, ReusableBuffer, readVarint, readVarint64 } from '@vantage/bytes'

/** Types of the compact protocol. Source: apache/thrift doc/specs/thrift-compact-protocol.md. */
const COMPACT = {
  stop: 0,
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const
/** The same types in the binary protocol. */
const BINARY_TYPES = [0, 2, 2, 3, 6, 8, 10, 4, 11, 15, 14, 13, 12] as const
const WIDTHS: Readonly<Record<number, number>> = { [COMPACT.i16]: 2, [COMPACT.i32]: 4, [COMPACT.i64]: 8 }
/** A count that does not fit beside the type of the elements. */
const LONG_COUNT = 15
/** `decode.maxDepth`. */
const DEPTH_MAX = 64

/**
 * Writes a struct of Thrift's compact protocol again in its binary protocol, whatever it holds: one reader then serves
 * both. The result is at most some eight times as long. Owner: one door.
 */
export class CompactRewriter {
  readonly #from = new ByteCursor()
  readonly #out = new ReusableBuffer()
  #to = 0

  /** The struct that begins at `at`. @returns it until the next call; undefined where it is malformed */
  rewrite(bytes: Uint8Array, at: number): Uint8Array | undefined {
    this.#from.reset(bytes, at, bytes.length)
    this.#to = 0
    this.#struct(0)
    return this.#from.isBad ? undefined : this.#out.bytes.subarray(0, this.#to)
  }

  #struct(depth: number): void {
    let id = 0
    while (!this.#from.isBad) {
      const header = this.#byte()
      if (header === COMPACT.stop) break
      const type = header & 15
      id = header >> 4 === 0 ? this.#zigzag16() : id + (header >> 4)
      this.#put(1, this.#binaryType(type))
      this.#put(2, id)
      if (type === COMPACT.true || type === COMPACT.false) this.#put(1, type === COMPACT.true ? 1 : 0)
      else this.#value(type, depth + 1)
    }
    this.#put(1, COMPACT.stop)
  }

  #value(type: number, depth: number): void {
    if (depth > DEPTH_MAX) this.#from.isBad = true
    if (this.#from.isBad) return
    const width = WIDTHS[type]
    if (width !== undefined) this.#integer(width)
    else if (type === COMPACT.true || type === COMPACT.false) this.#put(1, this.#byte() === COMPACT.true ? 1 : 0)
    else if (type === COMPACT.i8) this.#put(1, this.#byte())
    else if (type === COMPACT.double) this.#double()
    else if (type === COMPACT.binary) this.#binary()
    else if (type === COMPACT.list || type === COMPACT.set) this.#list(depth)
    else if (type === COMPACT.map) this.#map(depth)
    else if (type === COMPACT.struct) this.#struct(depth)
    else this.#from.isBad = true
  }

  #integer(width: number): void {
    if (!readVarint64(this.#from)) return
    const { low, high } = this.#from
    const sign = -(low & 1)
    const [lowest, highest] = [((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign]
    if (width === 8) this.#put(4, highest)
    this.#put(Math.min(width, 4), lowest)
  }

  /** Its bytes come the other way round. */
  #double(): void {
    const { at, end, bytes } = this.#from
    if (at + 8 > end) this.#from.isBad = true
    for (let i = 7; i >= 0 && !this.#from.isBad; i--) this.#put(1, bytes[at + i] as number)
    this.#from.at = at + 8
  }

  #binary(): void {
    const length = this.#count()
    if (this.#from.isBad) return
    this.#put(4, length)
    this.#out.reserve(this.#to + length, this.#to)
    this.#out.bytes.set(this.#from.bytes.subarray(this.#from.at, this.#from.at + length), this.#to)
    this.#to += length
    this.#from.at += length
  }

  #list(depth: number): void {
    const header = this.#byte()
    const count = header >> 4 === LONG_COUNT ? this.#count() : header >> 4
    this.#put(1, this.#binaryType(header & 15))
    this.#put(4, count)
    for (let i = 0; i < count && !this.#from.isBad; i++) this.#value(header & 15, depth + 1)
  }

  #map(depth: number): void {
    const count = this.#count()
    const types = count === 0 ? 0 : this.#byte()
    this.#put(1, this.#binaryType(types >> 4))
    this.#put(1, this.#binaryType(types & 15))
    this.#put(4, count)
    for (let i = 0; i < count && !this.#from.isBad; i++) {
      this.#value(types >> 4, depth + 1)
      this.#value(types & 15, depth + 1)
    }
  }

  #binaryType(type: number): number {
    const found = BINARY_TYPES[type]
    if (found === undefined) this.#from.isBad = true
    return found ?? 0
  }

  /** Of bytes or elements, each of which takes at least one byte. */
  #count(): number {
    const count = readVarint(this.#from)
    if (count > this.#from.end - this.#from.at) this.#from.isBad = true
    return this.#from.isBad ? 0 : count
  }

  #zigzag16(): number {
    const value = readVarint(this.#from)
    return (value >>> 1) ^ -(value & 1)
  }

  #byte(): number {
    const { at, end, bytes } = this.#from
    if (at >= end) this.#from.isBad = true
    else this.#from.at++
    return this.#from.isBad ? 0 : (bytes[at] as number)
  }

  /** The lowest `width` bytes, the highest of them first. */
  #put(width: number, value: number): void {
    this.#out.reserve(this.#to + width, this.#to)
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) this.#out.bytes[this.#to++] = value >>> shift
  }
}
