import type { Origin } from '@vantage/model'
import type { Tombstone } from '../deletions.ts'
import { type ChunkMemory, type ChunkState, layChunk } from '../hot/chunk.ts'
import type { Signal } from '../rows/column-set.ts'
import { timeOrder } from '../rows/times.ts'
import type { RowSource, RowsInOrder } from './source.ts'

/** A chunk of hot rows as a reading thread sees it: those rows that it was told of. */
export class HotSource<Columns> implements RowSource<Columns> {
  readonly #signal: Signal<Columns>
  readonly #memory: ChunkMemory<Columns>
  #state: ChunkState
  #order: Int32Array | undefined
  origins: readonly Origin[]
  tombstones: readonly Tombstone[] = []

  constructor(signal: Signal<Columns>, buffer: SharedArrayBuffer, state: ChunkState, origins: readonly Origin[]) {
    this.#signal = signal
    this.#memory = layChunk(signal, buffer, state.rowsMax)
    this.#state = state
    this.origins = origins
    signal.setCount(this.#memory.columns, state.count)
  }

  get sequence(): number {
    return this.#state.id
  }

  get rowCount(): number {
    return this.#state.count
  }

  get deletedTo(): number {
    return this.#state.deletedTo
  }

  get minTimeNs(): bigint {
    return this.#state.minTimeNs
  }

  get maxTimeNs(): bigint {
    return this.#state.maxTimeNs
  }

  update(state: ChunkState, origins: readonly Origin[]): void {
    this.origins = origins
    if (state.count !== this.#state.count) this.#order = undefined
    this.#state = state
    this.#signal.setCount(this.#memory.columns, state.count)
  }

  mayHoldTrace(): boolean {
    return true
  }

  mayHoldWords(): boolean {
    return true
  }

  marks(): undefined {}

  read(): RowsInOrder<Columns> {
    const { columns, set } = this.#memory
    const { count, isOrdered } = this.#state
    this.#order ??= isOrdered
      ? Int32Array.from({ length: count }, (_, row) => row)
      : timeOrder(set.longs[0] as Int32Array, count)
    return { columns, set, origins: this.origins, order: this.#order, complete: () => ({ columns, set }) }
  }
}
