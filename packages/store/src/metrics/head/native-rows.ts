import { type NativeMemory, oneInBlock } from '@vantage/bytes'
import type { MetricBatch } from '@vantage/model'
import { ALIAS_PROBES_MAX } from '../limits.ts'
import type { WordSegments } from './word-segments.ts'

/** Rows of one call, as wasm/aliases.ts has them. */
export const ROWS_PER_CALL = 2048
/** Segments of a table that the loops can be told of: 8 million aliases. */
const SEGMENTS_MAX = 4096
const BLOCK_BYTES = 128 * 1024

/** What the loops read of a table of aliases. */
export interface AliasWords {
  /** A hash table: 0, or one more than the alias. */
  readonly slots: WordSegments
  readonly slotMask: number
  readonly records: WordSegments
}

/** Columns of rows for the loops of wasm/aliases.ts: starts, ends, hashes, series. Owner: one thread. */
class NativeRows {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #series: Int32Array
  readonly #slotSegments: Int32Array
  readonly #recordSegments: Int32Array

  constructor(native: NativeMemory, block: number) {
    this.#native = native
    this.#block = block
    const column = (index: number) =>
      new Int32Array(native.bytes.buffer, block + index * ROWS_PER_CALL * 4, ROWS_PER_CALL)
    this.#starts = column(0)
    this.#ends = column(1)
    this.#series = column(3)
    const list = (index: number) =>
      new Int32Array(native.bytes.buffer, block + (4 * ROWS_PER_CALL + index * SEGMENTS_MAX) * 4, SEGMENTS_MAX)
    this.#slotSegments = list(0)
    this.#recordSegments = list(1)
  }

  /** True where the loops can look at this table. */
  canRead({ slots, records }: AliasWords): boolean {
    if (!slots.isNative || !records.isNative) return false
    return slots.words.length <= SEGMENTS_MAX && records.words.length <= SEGMENTS_MAX
  }

  /**
   * Looks for the aliases of rows [from, to) of a batch whose bytes lie at `address`, at most `ROWS_PER_CALL`.
   * @param series out: of each row, or -1 where its alias is not there or lies where the loop does not reach
   */
  find(
    table: AliasWords,
    batch: MetricBatch,
    address: number,
    from: number,
    to: number,
    seed: number,
    series: Int32Array,
  ): void {
    const count = to - from
    this.#take(batch, from, to)
    putList(this.#slotSegments, table.slots.addresses)
    putList(this.#recordSegments, table.records.addresses)
    this.#native.kernels.findRows(
      address,
      this.#block,
      count,
      seed,
      batch.aliasSpace,
      this.#slotSegments.byteOffset,
      table.slotMask,
      this.#recordSegments.byteOffset,
      ALIAS_PROBES_MAX,
    )
    series.set(this.#series.subarray(0, count), from)
  }

  #take({ aliasStart, aliasEnd }: MetricBatch, from: number, to: number): void {
    this.#starts.set(aliasStart.subarray(from, to))
    this.#ends.set(aliasEnd.subarray(from, to))
  }
}

function putList(list: Int32Array, addresses: readonly number[]): void {
  for (let i = 0; i < addresses.length; i++) list[i] = addresses[i] as number
}

/** This thread's; undefined where the machine has no such memory. */
export const nativeRows = oneInBlock(BLOCK_BYTES, (native, block) => new NativeRows(native, block))
