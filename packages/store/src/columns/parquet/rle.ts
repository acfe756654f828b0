import type { ByteWriter } from './byte-writer.ts'

/**
 * RLE and bit-packed hybrid. Source: apache/parquet-format Encodings.md, "Run Length Encoding / Bit-Packing Hybrid".
 *
 *     run = varint(count << 1) value (whole bytes)  |  varint(groups << 1 | 1) groups of 8 values, low bits first
 */

/** Bits that hold 0 … max. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max)
}

/** Appends values [from, to). @param width bits of a value, 0 … 24 */
export function writeRle(out: ByteWriter, values: Int32Array, from: number, to: number, width: number): void {
  let at = from
  let packedFrom = from
  while (at < to) {
    const value = values[at] as number
    let end = at + 1
    while (end < to && values[end] === value) end++
    // Groups are whole but for the last, so that a run may only begin at a group's border.
    const begin = packedFrom + Math.ceil((at - packedFrom) / 8) * 8
    if (end - begin >= 16 || (end === to && at === packedFrom)) {
      writePacked(out, values, packedFrom, Math.min(begin, end), width)
      out.varint((end - begin) * 2)
      for (let shift = 0; shift < width; shift += 8) out.byte((value >>> shift) & 0xff)
      packedFrom = end
    }
    at = end
  }
  writePacked(out, values, packedFrom, to, width)
}

function writePacked(out: ByteWriter, values: Int32Array, from: number, to: number, width: number): void {
  if (from === to) return
  const groups = Math.ceil((to - from) / 8)
  out.varint(groups * 2 + 1)
  out.reserve(groups * width + 4)
  let bits = 0
  let pending = 0
  for (let i = from; i < from + groups * 8; i++) {
    pending |= (i < to ? (values[i] as number) : 0) << bits
    bits += width
    while (bits >= 8) {
      out.bytes[out.at++] = pending
      pending >>>= 8
      bits -= 8
    }
  }
}

/**
 * Reads `count` values from bytes [from, end).
 * @returns false where the bytes do not hold them
 */
export function readRle(
  bytes: Uint8Array,
  from: number,
  end: number,
  width: number,
  count: number,
  out: Int32Array,
): boolean {
  let at = from
  let done = 0
  while (done < count) {
    let head = 0
    for (let unit = 1; ; unit *= 128) {
      if (at >= end || unit > 2 ** 35) return false
      const byte = bytes[at++] as number
      head += (byte & 127) * unit
      if (byte < 128) break
    }
    const length = Math.floor(head / 2)
    if (length === 0) return false
    if (head % 2 === 0) {
      let value = 0
      for (let shift = 0; shift < width; shift += 8) value |= (bytes[at++] ?? 0) << shift
      const to = Math.min(count, done + length)
      out.fill(value, done, to)
      done = to
    } else {
      if (at + length * width > end) return false
      const to = Math.min(count, done + length * 8)
      unpack(bytes, at, width, done, to, out)
      at += length * width
      done = to
    }
    if (at > end) return false
  }
  return true
}

function unpack(bytes: Uint8Array, from: number, width: number, outFrom: number, outTo: number, out: Int32Array) {
  const mask = 2 ** width - 1
  let at = from
  let bits = 0
  let pending = 0
  for (let i = outFrom; i < outTo; i++) {
    while (bits < width) {
      pending |= (bytes[at++] as number) << bits
      bits += 8
    }
    out[i] = pending & mask
    pending >>>= width
    bits -= width
  }
}
