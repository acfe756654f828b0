import type { Tombstone } from '../deletions.ts'
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, CHUNK_ROW_BYTES, ORIGINS_PER_LIST_MAX } from '../limits.ts'
import type { ColumnSet, Signal } from '../rows/column-set.ts'
import { bytesOfRow, HotChunk } from './chunk.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { type BatchOrigins, OriginList } from './origin-list.ts'

/** Rows of one seal: they stay readable until their file is in the catalogue. */
export interface FrozenRows<Columns> {
  readonly chunks: readonly HotChunk<Columns>[]
  readonly origins: OriginList
}

/** The hot rows of one tenant and signal: chunks in the order of arrival, of which the last one is written. */
export class TenantRows<Columns> {
  readonly #signal: Signal<Columns>
  readonly #pool: ChunkPool
  readonly #nextId: () => number
  chunks: HotChunk<Columns>[] = []
  /** Oldest first. */
  frozen: FrozenRows<Columns>[] = []
  /** In force, oldest first. */
  tombstones: readonly Tombstone[] = []
  origins: OriginList
  #places = new Int32Array(64)
  #lastBytes = 0

  constructor(signal: Signal<Columns>, pool: ChunkPool, nextId: () => number) {
    this.#signal = signal
    this.#pool = pool
    this.#nextId = nextId
    this.origins = new OriginList(nextId())
  }

  /** Of the rows that no seal has begun with. */
  get liveBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.buffer.byteLength, 0)
  }

  /**
   * Appends the first `count` rows.
   * @param defaultTime halves of the time of rows that have none
   * @param offset of their record
   */
  append(source: ColumnSet, count: number, origins: BatchOrigins, defaultTime: Int32Array, offset: number): void {
    if (origins.originCount > this.#places.length) this.#places = new Int32Array(origins.originCount * 2)
    this.origins.intern(origins, this.#places)
    let at = 0
    while (at < count) {
      const chunk = this.chunks.at(-1)
      const fitting = chunk === undefined ? 0 : chunk.room(source, at, count)
      if (chunk === undefined || fitting === 0) {
        this.#open(bytesOfRow(source, at), offset)
        continue
      }
      chunk.append(source, at, at + fitting, this.#places, defaultTime)
      at += fitting
    }
  }

  /** Ends the chunks for a seal; intake goes on in new ones. @returns undefined where there are no rows */
  freeze(): FrozenRows<Columns> | undefined {
    if (this.chunks.length === 0) return undefined
    const frozen = { chunks: this.chunks, origins: this.origins }
    this.#lastBytes = this.liveBytes
    this.frozen.push(frozen)
    this.chunks = []
    if (this.origins.origins.length > ORIGINS_PER_LIST_MAX) this.origins = new OriginList(this.#nextId())
    return frozen
  }

  /** The rows are in a file: their memory may be used again. */
  release(frozen: FrozenRows<Columns>): void {
    this.frozen = this.frozen.filter((one) => one !== frozen)
    for (const chunk of frozen.chunks) this.#pool.give(chunk.buffer)
  }

  /** Chunks grow with what a tenant sends. */
  #open(rowBytes: number, offset: number): void {
    const sent = Math.max(this.liveBytes, this.#lastBytes / 2)
    // Columns take less than a third of a chunk, so that the arena of half as much again holds the row.
    const wanted = Math.max(Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, sent)), rowBytes * 1.5)
    const buffer = this.#pool.take(wanted)
    const rowsMax = Math.floor(Math.min(buffer.byteLength, CHUNK_BYTES_MAX) / CHUNK_ROW_BYTES)
    this.chunks.push(new HotChunk(this.#nextId(), this.#signal, buffer, rowsMax, this.origins.epoch, offset))
  }
}
