import { ReusableBuffer } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'

/**
 * Gathers a repeated field of records into one column of ranges. Fast path: the fields of each record lie side by side
 * in the body, and a range of it is all there is. Slow path: they lie apart; then the whole column moves to an arena.
 * Owner: one decoder.
 */
export class GatheredColumn {
  protected body: Uint8Array = new Uint8Array(0)
  protected readonly arena = new ReusableBuffer()
  protected arenaLength = 0
  #isInArena = false
  #column: ByteRanges
  /** Of the open record: the last run of fields, and those before it. */
  #from = 0
  #to = 0
  readonly #runs: number[] = []

  constructor(column: ByteRanges) {
    this.#column = column
  }

  start(body: Uint8Array): void {
    this.body = body
    this.#column.bytes = body
    this.#isInArena = false
    this.arenaLength = 0
  }

  openRecord(): void {
    this.#from = this.#to = 0
    if (this.#runs.length > 0) this.#runs.length = 0
  }

  /** One field, its tag and length included. */
  protected gather(from: number, to: number): void {
    if (this.#to === 0) this.#from = from
    else if (this.#to !== from) {
      this.#runs.push(this.#from, this.#to)
      this.#from = from
    }
    this.#to = to
  }

  /**
   * Sets the record's range.
   * @param rewrite called where the bytes in [start, arenaLength) of the arena are to be others
   */
  protected close(row: number, rewrite?: (start: number) => void): void {
    const isPlain = this.#runs.length === 0 && rewrite === undefined && !this.#isInArena
    if (isPlain) {
      this.#column.set(row, this.#from, this.#to)
      return
    }
    this.#moveToArena(row)
    const start = this.arenaLength
    for (let i = 0; i < this.#runs.length; i += 2) this.#copy(this.#runs[i] as number, this.#runs[i + 1] as number)
    this.#copy(this.#from, this.#to)
    rewrite?.(start)
    this.#column.set(row, start, this.arenaLength)
    this.#column.bytes = this.arena.bytes
  }

  protected append(bytes: Uint8Array): void {
    this.arena.reserve(this.arenaLength + bytes.length, Math.max(1, this.arenaLength))
    this.arena.bytes.set(bytes, this.arenaLength)
    this.arenaLength += bytes.length
  }

  /** The rows before `row` come along. */
  #moveToArena(row: number): void {
    if (this.#isInArena) return
    this.#isInArena = true
    for (let before = 0; before < row; before++) {
      const start = this.arenaLength
      this.#copy(this.#column.from[before] as number, this.#column.to[before] as number)
      this.#column.set(before, start, this.arenaLength)
    }
  }

  #copy(from: number, to: number): void {
    this.append(this.body.subarray(from, to))
  }
}
