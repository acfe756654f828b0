import { assert, type ByteRanges } from '@vantage/model'
import { type ColumnSet, MemoryPlan, type Signal } from '../rows/column-set.ts'
import { copyRanges } from '../rows/gather-rows.ts'
import { compareTimes, timeAt } from '../rows/times.ts'

/** Words before the columns; word 0 is the count of rows that readers may see. */
const HEADER_BYTES = 64

/**
 * Rows that arrived lately, in one piece of shared memory: columns, then an arena. The bytes of the first range column
 * (what is searched) lie one behind the other from the arena's begin on, those of the others, one behind the other for
 * the rows that came together, from its end towards it.
 * One thread appends; others read the rows that they were told of, which never change.
 */
export interface ChunkMemory<Columns> {
  readonly columns: Columns
  readonly set: ColumnSet
  readonly rowsMax: number
  readonly arena: Uint8Array
  readonly header: Int32Array
}

export function layChunk<Columns>(signal: Signal<Columns>, buffer: SharedArrayBuffer, rowsMax: number) {
  const plan = new MemoryPlan(buffer, HEADER_BYTES)
  const columns = signal.lay(plan, rowsMax)
  assert(plan.at < buffer.byteLength, 'columns fit their chunk')
  const arena = new Uint8Array(buffer, plan.at)
  const set = signal.setOf(columns)
  for (const ranges of set.ranges) ranges.bytes = arena
  return { columns, set, rowsMax, arena, header: new Int32Array(buffer, 0, HEADER_BYTES / 4) }
}

/** What a reader has to know of a chunk. Plain data. */
export interface ChunkState {
  readonly id: number
  readonly rowsMax: number
  readonly count: number
  /** Smallest and largest time of the rows, unix ns. */
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
  readonly isOrdered: boolean
  readonly originEpoch: number
  /** Deletions below this offset came before its rows. */
  readonly deletedTo: number
}

/** A chunk as its writer has it. */
export class HotChunk<Columns> {
  readonly id: number
  readonly signal: Signal<Columns>
  readonly buffer: SharedArrayBuffer
  readonly memory: ChunkMemory<Columns>
  readonly originEpoch: number
  readonly deletedTo: number
  count = 0
  #front = 0
  #back: number
  #isOrdered = true
  #minRow = 0
  #maxRow = 0

  constructor(
    id: number,
    signal: Signal<Columns>,
    buffer: SharedArrayBuffer,
    rowsMax: number,
    originEpoch: number,
    deletedTo: number,
  ) {
    this.id = id
    this.signal = signal
    this.buffer = buffer
    this.originEpoch = originEpoch
    this.deletedTo = deletedTo
    this.memory = layChunk(signal, buffer, rowsMax)
    this.#back = this.memory.arena.length
    Atomics.store(this.memory.header, 0, 0)
  }

  get state(): ChunkState {
    const times = this.memory.set.longs[0] as Int32Array
    return {
      id: this.id,
      rowsMax: this.memory.rowsMax,
      count: this.count,
      minTimeNs: timeAt(times, this.#minRow),
      maxTimeNs: timeAt(times, this.#maxRow),
      isOrdered: this.#isOrdered,
      originEpoch: this.originEpoch,
      deletedTo: this.deletedTo,
    }
  }

  /** How many of the rows [from, to) of `source` fit, without a gap. */
  room(source: ColumnSet, from: number, to: number): number {
    const rowsEnd = Math.min(to, from + this.memory.rowsMax - this.count)
    let left = this.#back - this.#front
    for (let row = from; row < rowsEnd; row++) {
      left -= bytesOfRow(source, row)
      if (left < 0) return row - from
    }
    return Math.max(0, rowsEnd - from)
  }

  /**
   * Appends rows [from, to), which fit.
   * @param places of the origins of the source in the chunk's list
   * @param defaultTime halves of the time of rows that have none
   */
  append(source: ColumnSet, from: number, to: number, places: Int32Array, defaultTime: Int32Array): void {
    const at = this.count
    const { set } = this.memory
    for (const [i, column] of source.longs.entries()) set.longs[i]?.set(column.subarray(from * 2, to * 2), at * 2)
    for (const [i, column] of source.words.entries()) set.words[i]?.set(column.subarray(from, to), at)
    for (const [i, column] of source.bytes.entries()) set.bytes[i]?.set(column.subarray(from, to), at)
    for (const [i, column] of source.ids.entries()) {
      const width = this.signal.idBytes[i] as number
      set.ids[i]?.set(column.subarray(from * width, to * width), at * width)
    }
    for (let i = 0; i < source.ranges.length; i++) {
      const ranges = source.ranges[i] as ByteRanges
      const length = lengthOf(ranges, from, to)
      if (i > 0) this.#back -= length
      copyRanges(ranges, from, to, length, set.ranges[i] as ByteRanges, at, i === 0 ? this.#front : this.#back)
      if (i === 0) this.#front += length
    }
    for (let row = from; row < to; row++) {
      set.origins[at + row - from] = places[source.origins[row] as number] as number
    }
    this.#noteTimes(at, at + to - from, defaultTime)
    this.count = at + to - from
    Atomics.store(this.memory.header, 0, this.count)
  }

  #noteTimes(from: number, to: number, defaultTime: Int32Array): void {
    const times = this.memory.set.longs[0] as Int32Array
    const observed = this.memory.set.longs[1] as Int32Array
    for (let row = from; row < to; row++) {
      if (times[row * 2] === 0 && times[row * 2 + 1] === 0) fillTime(times, observed, row, defaultTime)
      if (row === 0) continue
      if (compareTimes(times, row, times, row - 1) < 0) this.#isOrdered = false
      if (compareTimes(times, row, times, this.#minRow) < 0) this.#minRow = row
      if (compareTimes(times, row, times, this.#maxRow) > 0) this.#maxRow = row
    }
  }
}

/** A row without a time gets the other time that it has, else the default. */
function fillTime(times: Int32Array, others: Int32Array, row: number, defaultTime: Int32Array): void {
  const hasOther = others[row * 2] !== 0 || others[row * 2 + 1] !== 0
  times[row * 2] = (hasOther ? others[row * 2] : defaultTime[0]) as number
  times[row * 2 + 1] = (hasOther ? others[row * 2 + 1] : defaultTime[1]) as number
}

/** Bytes of a row in the arena. */
export function bytesOfRow(source: ColumnSet, row: number): number {
  let sum = 0
  for (let i = 0; i < source.ranges.length; i++) {
    const ranges = source.ranges[i] as ByteRanges
    sum += (ranges.to[row] as number) - (ranges.from[row] as number)
  }
  return sum
}

function lengthOf(ranges: ByteRanges, from: number, to: number): number {
  let sum = 0
  for (let row = from; row < to; row++) sum += (ranges.to[row] as number) - (ranges.from[row] as number)
  return sum
}
