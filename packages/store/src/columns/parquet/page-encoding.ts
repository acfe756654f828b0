import type { ByteWriter } from './byte-writer.ts'
import type { ColumnSpec, ColumnValues, Dictionary, Ranges } from './column-values.ts'
import { writeDeltaInts, writeDeltaLongs } from './delta.ts'
import { bitWidth, writeRle } from './rle.ts'

/** Source: apache/parquet-format Encodings.md. */
export const ENCODING = {
  plain: 0,
  rle: 3,
  deltaBinary: 5,
  deltaLength: 6,
  dictionary: 8,
  byteStreamSplit: 9,
} as const

/** Appends the definition levels of `rows` rows, of which those with a value are `present[from, to)` less `firstRow`. */
export function writeLevels(
  out: ByteWriter,
  present: Int32Array | undefined,
  from: number,
  to: number,
  firstRow: number,
  rows: number,
): void {
  const levels = new Int32Array(rows)
  if (present === undefined || to - from === rows) levels.fill(1)
  else for (let i = from; i < to; i++) levels[(present[i] as number) - firstRow] = 1
  const lengthAt = out.at
  out.u32(0)
  writeRle(out, levels, 0, rows, 1)
  const end = out.at
  out.at = lengthAt
  out.u32(end - lengthAt - 4)
  out.at = end
}

/** Appends values [from, to). @returns the encoding */
export function writeValues(
  out: ByteWriter,
  spec: ColumnSpec,
  values: ColumnValues,
  dictionary: Dictionary | undefined,
  from: number,
  to: number,
): number {
  if (dictionary !== undefined) {
    const width = Math.max(1, bitWidth(dictionary.entries.length - 1))
    out.byte(width)
    writeRle(out, dictionary.codes, from, to, width)
    return ENCODING.dictionary
  }
  switch (values.kind) {
    case 'ints':
      writeDeltaInts(out, values.ints, from, to)
      return ENCODING.deltaBinary
    case 'longs':
      return writeLongs(out, spec, values.halves, from, to)
    case 'doubles':
      writePlanes(out, bytesOf(values.halves), from, to)
      return ENCODING.byteStreamSplit
    case 'bools':
      writeBits(out, values.flags, from, to)
      return ENCODING.plain
    case 'ranges':
      writeRanges(out, values.ranges, from, to)
      return ENCODING.deltaLength
    case 'coded':
      throw new Error('BUG: codes without a dictionary')
  }
}

function bytesOf(halves: Int32Array): Uint8Array {
  return new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength)
}

function writeLongs(out: ByteWriter, spec: ColumnSpec, halves: Int32Array, from: number, to: number): number {
  const start = out.at
  if (spec.isPlain !== true) {
    if (writeDeltaLongs(out, halves, from, to)) return ENCODING.deltaBinary
    out.at = start
  }
  out.raw(bytesOf(halves).subarray(from * 8, to * 8))
  return ENCODING.plain
}

/** All first bytes, then all second bytes, … */
function writePlanes(out: ByteWriter, bytes: Uint8Array, from: number, to: number): void {
  out.reserve((to - from) * 8)
  for (let plane = 0; plane < 8; plane++) {
    for (let i = from; i < to; i++) out.bytes[out.at++] = bytes[i * 8 + plane] as number
  }
}

function writeBits(out: ByteWriter, flags: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += 8) {
    let byte = 0
    for (let bit = 0; bit < Math.min(8, to - at); bit++) byte |= (flags[at + bit] as number) << bit
    out.byte(byte)
  }
}

function writeRanges(out: ByteWriter, { bytes, from: starts, to: ends }: Ranges, from: number, to: number): void {
  const lengths = new Int32Array(to - from)
  let sum = 0
  for (let i = from; i < to; i++) {
    lengths[i - from] = (ends[i] as number) - (starts[i] as number)
    sum += lengths[i - from] as number
  }
  writeDeltaInts(out, lengths, 0, lengths.length)
  out.reserve(sum)
  // Fast path: the ranges lie one behind the other.
  if (from < to && (ends[to - 1] as number) - (starts[from] as number) === sum && isDense(starts, ends, from, to)) {
    out.raw(bytes.subarray(starts[from], ends[to - 1]))
    return
  }
  for (let i = from; i < to; i++) {
    const start = starts[i] as number
    const end = ends[i] as number
    if (end - start > 24) {
      out.bytes.set(bytes.subarray(start, end), out.at)
      out.at += end - start
    } else {
      for (let k = start; k < end; k++) out.bytes[out.at++] = bytes[k] as number
    }
  }
}

function isDense(starts: Int32Array, ends: Int32Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (starts[i] !== ends[i - 1]) return false
  return true
}
