import { putUint32 } from '@vantage/bytes'
import type { ByteRanges, LogBatch, SpanBatch } from '@vantage/model'
import { CANONICAL_VERSION, canonicalColumns } from './columns.ts'
import { encodeOrigin } from './origin.ts'

/** The rows of a batch as FORMAT.md has them. @returns bytes of its own */
export function encodeCanonical(batch: LogBatch | SpanBatch): Uint8Array<ArrayBuffer> {
  const rows = batch.columns.count
  const { signal, fixed, ranges } = canonicalColumns(batch)
  const origins = Array.from({ length: batch.originCount }, (_, origin) => encodeOrigin(batch.originOf(origin)))
  const size =
    10 +
    origins.reduce((sum, one) => sum + 4 + one.length, 0) +
    fixed.reduce((sum, { width }) => sum + width * rows, 0) +
    ranges.reduce((sum, one) => sum + bytesOf(one, rows) + 4 * rows, 0)
  const out = new Uint8Array(size)
  out[0] = CANONICAL_VERSION
  out[1] = signal
  let at = putUint32(out, putUint32(out, 2, rows), origins.length)
  for (const origin of origins) {
    at = putUint32(out, at, origin.length)
    out.set(origin, at)
    at += origin.length
  }
  for (const { bytes, width } of fixed) {
    out.set(bytes.subarray(0, width * rows), at)
    at += width * rows
  }
  for (const one of ranges) at = putRanges(out, at, one, rows)
  return out
}

function bytesOf({ from, to }: ByteRanges, rows: number): number {
  let sum = 0
  for (let row = 0; row < rows; row++) sum += (to[row] as number) - (from[row] as number)
  return sum
}

function putRanges(out: Uint8Array, start: number, { bytes, from, to }: ByteRanges, rows: number): number {
  let at = start
  for (let row = 0; row < rows; row++) at = putUint32(out, at, (to[row] as number) - (from[row] as number))
  for (let row = 0; row < rows; row++) {
    out.set(bytes.subarray(from[row] as number, to[row] as number), at)
    at += (to[row] as number) - (from[row] as number)
  }
  return at
}
