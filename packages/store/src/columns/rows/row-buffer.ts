import { assert, type ByteRanges, type Origin } from '@vantage/model'
import { giveArena, takeArena } from './arena.ts'
import { ATTRIBUTES, type ColumnSet, type Signal } from './column-set.ts'
import { gatherFixed, gatherRanges, rangesLength } from './gather-rows.ts'

/**
 * Rows in memory of one thread, copied from anywhere: each range column has bytes of its own, one row's behind the
 * other's. Origins of many sources become one list. Reset and reused.
 */
export class RowBuffer<Columns> {
  readonly signal: Signal<Columns>
  readonly rowsMax: number
  readonly columns: Columns
  readonly set: ColumnSet
  /** Of each range column, the end of its bytes. */
  readonly tops: Int32Array
  /** Another list after `forgetOrigins`. */
  origins: Origin[] = []
  readonly #places = new Map<readonly Origin[], Int32Array>()
  readonly #hasNative: boolean
  #count = 0

  /** @param hasNative attributes lie where the SIMD loops reach them; then `release` is to be called at the end */
  constructor(signal: Signal<Columns>, rowsMax: number, hasNative = false) {
    this.signal = signal
    this.#hasNative = hasNative
    this.rowsMax = rowsMax
    this.columns = signal.create(rowsMax)
    this.set = signal.setOf(this.columns)
    this.tops = new Int32Array(signal.rangeColumns)
  }

  get count(): number {
    return this.#count
  }

  get byteLength(): number {
    return this.tops.reduce((sum, top) => sum + top, 0)
  }

  /** Forgets the rows; origins stay until `forgetOrigins`. */
  reset(): void {
    this.#count = 0
    this.tops.fill(0)
  }

  /** Gives back memory that others want; the rows are gone, and the buffer may not be used any more. */
  release(): void {
    for (const { bytes } of this.set.ranges) giveArena(bytes)
  }

  forgetOrigins(): void {
    this.origins = []
    this.#places.clear()
  }

  /** Appends rows `rows[from, to)` of a source, which fit. */
  append(source: ColumnSet, origins: readonly Origin[], rows: Int32Array, from: number, to: number): void {
    const at = this.#count
    assert(at + to - from <= this.rowsMax, 'rows fit the buffer')
    gatherFixed(source, rows, from, to, this.signal.idBytes, this.set, at)
    for (let i = 0; i < source.ranges.length; i++) {
      const ranges = source.ranges[i] as ByteRanges
      const target = this.set.ranges[i] as ByteRanges
      const top = this.tops[i] as number
      cover(target, top, top + rangesLength(ranges, rows, from, to), this.#hasNative && i === ATTRIBUTES)
      this.tops[i] = gatherRanges(ranges, rows, from, to, target, at, top)
    }
    const places = this.#placesOf(origins)
    for (let i = from; i < to; i++) {
      const origin = source.origins[rows[i] as number] as number
      this.set.origins[at + i - from] = this.#place(origins, places, origin)
    }
    this.#count = at + to - from
    this.signal.setCount(this.columns, this.#count)
  }

  #placesOf(origins: readonly Origin[]): Int32Array {
    const known = this.#places.get(origins)
    if (known !== undefined && known.length >= origins.length) return known
    const places = new Int32Array(Math.max(16, origins.length)).fill(-1)
    if (known !== undefined) places.set(known)
    this.#places.set(origins, places)
    return places
  }

  #place(origins: readonly Origin[], places: Int32Array, origin: number): number {
    const known = places[origin] as number
    if (known >= 0) return known
    const place = this.origins.length
    this.origins.push(origins[origin] as Origin)
    places[origin] = place
    return place
  }
}

/** Makes room for bytes [0, end) and keeps [0, top). */
function cover(ranges: ByteRanges, top: number, end: number, isNative: boolean): void {
  const before = ranges.bytes
  if (end <= before.length) return
  const grown = takeArena(Math.max(end, before.length * 2), isNative)
  grown.set(before.subarray(0, top))
  ranges.bytes = grown
  giveArena(before)
}
