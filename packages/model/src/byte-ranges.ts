/** A column of byte ranges: row r is `bytes[from[r], to[r])`. `from[r] === to[r]` is empty, which means absent. */
export class ByteRanges {
  bytes: Uint8Array = NO_BYTES
  from: Int32Array
  to: Int32Array

  constructor(capacity: number) {
    this.from = new Int32Array(capacity)
    this.to = new Int32Array(capacity)
  }

  set(row: number, from: number, to: number): void {
    this.from[row] = from
    this.to[row] = to
  }

  /** Makes rows [from, to) empty. */
  clear(from: number, to: number): void {
    this.from.fill(0, from, to)
    this.to.fill(0, from, to)
  }

  grow(capacity: number): void {
    this.from = grownInts(this.from, capacity)
    this.to = grownInts(this.to, capacity)
  }
}

const NO_BYTES = new Uint8Array(0)

export function grownInts(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(capacity)
  grown.set(column)
  return grown
}
