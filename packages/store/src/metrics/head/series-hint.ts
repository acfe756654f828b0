import { HINT_ENTRIES_MAX, HINT_ENTRIES_MIN } from '../limits.ts'

/** After a batch that was predicted badly this many go without; then the order is tried again. */
const HINT_REST_BATCHES = 15
/** Fewer wrong predictions than this say nothing about the order. */
const MISSES_MIN = 8

/**
 * What one connection sent last, so that the next series is found by one comparison: a direct-mapped memory of
 * "after this alias came that one". It belongs to one connection; a wrong entry costs time only, because every
 * prediction is checked byte by byte.
 */
export class SeriesHint {
  /** Alias of the row before, or -1. */
  last = -1
  /** Batches that are still taken without prediction. */
  #rest = 0
  epoch = 0
  table = new Int32Array(HINT_ENTRIES_MIN * 2).fill(-1)
  #overwrites = 0

  /** False while this connection's order says nothing about what comes next: a wrong prediction costs a look-up. */
  isUseful(): boolean {
    if (this.#rest === 0) return true
    this.#rest--
    return false
  }

  /**
   * @param misses predictions that were wrong of the first `rows` of a batch: series that nothing followed yet are none
   * @returns true where the order does not hold: the next batches go without
   */
  judge(misses: number, rows: number): boolean {
    if (misses < MISSES_MIN || misses * 2 < rows) return false
    this.#rest = HINT_REST_BATCHES
    this.last = -1
    return true
  }

  /** The alias that followed the last one before, or -1. */
  predict(): number {
    // An empty entry is of -1 and followed by it.
    const at = (this.last & ((this.table.length >>> 1) - 1)) * 2
    return this.table[at] === this.last ? (this.table[at + 1] as number) : -1
  }

  /** The next row was of this alias, or of none that is kept (-1). */
  learn(next: number): void {
    if (this.last >= 0 && next >= 0) this.#put(this.last, next)
    this.last = next
  }

  #put(alias: number, next: number): void {
    let at = (alias & ((this.table.length >>> 1) - 1)) * 2
    const before = this.table[at] as number
    if (before !== alias && before >= 0 && ++this.#overwrites > this.table.length >>> 3) {
      this.#grow()
      at = (alias & ((this.table.length >>> 1) - 1)) * 2
    }
    this.table[at] = alias
    this.table[at + 1] = next
  }

  forget(epoch: number): void {
    this.epoch = epoch
    this.last = -1
    this.table.fill(-1)
  }

  #grow(): void {
    this.#overwrites = 0
    if (this.table.length >= HINT_ENTRIES_MAX * 2) return
    this.table = new Int32Array(this.table.length * 2).fill(-1)
  }
}
