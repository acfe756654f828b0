import { copyBytes } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'
import type { ColumnSet } from './column-set.ts'
import { nativeGather } from './native-gather.ts'

/** Shorter ranges are copied byte by byte: a view of them costs more than it saves. */
const SHORT_BYTES = 24

/**
 * Copies the fixed columns of rows `rows[from, to)` to places [at, …) of `target`; ranges and origins are not copied.
 */
export function gatherFixed(
  source: ColumnSet,
  rows: Int32Array,
  from: number,
  to: number,
  idBytes: readonly number[],
  target: ColumnSet,
  at: number,
): void {
  for (let i = 0; i < source.longs.length; i++) {
    gatherLongs(source.longs[i] as Int32Array, rows, from, to, target.longs[i] as Int32Array, at)
  }
  for (let i = 0; i < source.words.length; i++) {
    gatherWords(source.words[i] as Uint32Array, rows, from, to, target.words[i] as Uint32Array, at)
  }
  for (let i = 0; i < source.bytes.length; i++) {
    gatherBytes(source.bytes[i] as Uint8Array, rows, from, to, target.bytes[i] as Uint8Array, at)
  }
  for (let i = 0; i < source.ids.length; i++) {
    gatherIds(source.ids[i] as Uint8Array, rows, from, to, idBytes[i] as number, target.ids[i] as Uint8Array, at)
  }
}

function gatherLongs(source: Int32Array, rows: Int32Array, from: number, to: number, out: Int32Array, at: number) {
  for (let i = from; i < to; i++) {
    const row = rows[i] as number
    const place = at + i - from
    out[place * 2] = source[row * 2] as number
    out[place * 2 + 1] = source[row * 2 + 1] as number
  }
}

function gatherWords(source: Uint32Array, rows: Int32Array, from: number, to: number, out: Uint32Array, at: number) {
  for (let i = from; i < to; i++) out[at + i - from] = source[rows[i] as number] as number
}

function gatherBytes(source: Uint8Array, rows: Int32Array, from: number, to: number, out: Uint8Array, at: number) {
  for (let i = from; i < to; i++) out[at + i - from] = source[rows[i] as number] as number
}

function gatherIds(
  source: Uint8Array,
  rows: Int32Array,
  from: number,
  to: number,
  width: number,
  out: Uint8Array,
  at: number,
): void {
  for (let i = from; i < to; i++) {
    const row = (rows[i] as number) * width
    const place = (at + i - from) * width
    for (let k = 0; k < width; k++) out[place + k] = source[row + k] as number
  }
}

/** Bytes of the ranges of rows `rows[from, to)`. */
export function rangesLength(source: ByteRanges, rows: Int32Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) {
    const row = rows[i] as number
    sum += (source.to[row] as number) - (source.from[row] as number)
  }
  return sum
}

/**
 * Copies the ranges of rows `rows[from, to)` to places [at, …) of `target`, their bytes one behind the other from `top`
 * of its bytes on, which have the room.
 * @returns the end of the bytes
 */
export function gatherRanges(
  source: ByteRanges,
  rows: Int32Array,
  from: number,
  to: number,
  target: ByteRanges,
  at: number,
  top: number,
): number {
  let end = top
  // Rows whose bytes lie one behind the other are copied together.
  let runFrom = 0
  let runTo = 0
  for (let i = from; i < to; i++) {
    const row = rows[i] as number
    const start = source.from[row] as number
    if (start !== runTo) {
      copyRange(source.bytes, runFrom, runTo - runFrom, target.bytes, end - (runTo - runFrom))
      runFrom = start
    }
    runTo = source.to[row] as number
    target.from[at + i - from] = end
    end += runTo - start
    target.to[at + i - from] = end
  }
  copyRange(source.bytes, runFrom, runTo - runFrom, target.bytes, end - (runTo - runFrom))
  return end
}

/**
 * Copies the ranges of rows [from, to), `length` bytes, to places [at, …) of `target`, one behind the other from `top` of
 * its bytes on, which have the room.
 */
export function copyRanges(
  source: ByteRanges,
  from: number,
  to: number,
  length: number,
  target: ByteRanges,
  at: number,
  top: number,
): void {
  const isCopied = length > 0 && nativeGather()?.copy(source, from, to, length, target.bytes, top) === true
  let end = top
  for (let row = from; row < to; row++) {
    const start = source.from[row] as number
    const bytes = (source.to[row] as number) - start
    if (!isCopied) copyRange(source.bytes, start, bytes, target.bytes, end)
    target.from[at + row - from] = end
    end += bytes
    target.to[at + row - from] = end
  }
}

function copyRange(source: Uint8Array, from: number, length: number, target: Uint8Array, at: number): void {
  if (length <= SHORT_BYTES) {
    for (let k = 0; k < length; k++) target[at + k] = source[from + k] as number
  } else {
    copyBytes(source, from, from + length, target, at)
  }
}
