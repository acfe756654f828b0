import { copyBytes } from './copy.ts'
import { type BytesResult, malformed, tooLarge } from './failure.ts'
import { type NativeMemory, nativeMemory } from './native-memory.ts'
import { type ReusableBuffer, SLOP_BYTES } from './reusable-buffer.ts'
import { ByteCursor, readVarint } from './varint.ts'

/**
 * Snappy block format. Source: google/snappy format_description.txt.
 *
 *     block   = varint(uncompressed length) element*
 *     element = tag(low 2 bits 00) literal | tag(01) 1 offset byte | tag(10) 2 offset bytes | tag(11) 4 offset bytes
 */

/** No block can unfold further: the best element is a 64-byte copy in 3 bytes, 21.4 to one. */
const RATIO_MAX = 22
const RATIO_SLACK_BYTES = 64

/** Longer runs are copied by the engine, shorter ones by words. */
const RUN_BYTES = 192

/**
 * Unpacks one block into `out.bytes` from 0.
 * @param maxBytes cap on the declared length, checked with the possible ratio before anything is allocated
 * @returns the length; malformed or too large otherwise, `out` then holds rubbish
 */
export function snappyDecompress(
  input: Uint8Array,
  from: number,
  to: number,
  out: ReusableBuffer,
  maxBytes: number,
): BytesResult<number> {
  const cursor = new ByteCursor(input, from, to)
  const length = readVarint(cursor)
  if (cursor.isBad || length > 0xffffffff) {
    return malformed('snappy: want the length as a varint of up to 32 bits at offset 0')
  }
  if (length > maxBytes) return tooLarge(`snappy: want at most ${maxBytes} bytes unpacked, block declares ${length}`)
  const possible = RATIO_MAX * (to - from) + RATIO_SLACK_BYTES
  if (length > possible) {
    return malformed(`snappy: ${to - from} bytes cannot unfold to the declared ${length}`)
  }
  out.reserve(length)
  const written = unpackInto(input, cursor.at, to, out, length)
  if (written === length) return { ok: true, value: length }
  if (written >= 0) return malformed(`snappy: want ${length} bytes unpacked, block holds ${written}`)
  return malformed(`snappy: bad element at offset ${-1 - written - from}`)
}

/** Blocks up to this size are copied to native memory; longer ones take the plain loop. */
const STAGE_BYTES = 1024 * 1024
let stage = -1

/** By the SIMD loop where `out` is native, else by the plain one. */
function unpackInto(input: Uint8Array, start: number, end: number, out: ReusableBuffer, length: number): number {
  const native = nativeMemory()
  const address = native?.addressOf(out.bytes) ?? -1
  const inputAddress = native?.addressOf(input) ?? -1
  if (native !== undefined && address >= 0 && inputAddress >= 0) {
    const written = native.kernels.unpack(inputAddress + start, inputAddress + end, address, length)
    return written >= 0 ? written : written - start
  }
  if (native === undefined || address < 0 || end - start > STAGE_BYTES - SLOP_BYTES || !hasStage(native)) {
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
    return unpack(input, view, start, end, out.bytes, out.view, length)
  }
  copyBytes(input, start, end, native.bytes, stage)
  const written = native.kernels.unpack(stage, stage + end - start, address, length)
  return written >= 0 ? written : written - start
}

function hasStage(native: NativeMemory): boolean {
  if (stage < 0) stage = native.allocate(STAGE_BYTES)
  return stage >= 0
}

/**
 * The plain loop, and the referee of the SIMD one (wasm/kernels.ts). `out` has SLOP_BYTES behind `length`, so word copies may run over by up to 7 bytes; they read at
 * most 7 bytes past a literal, which is checked against the end of the input. Words are copied as 64-bit integers:
 * the compiler keeps them in registers (30 % faster than two halves), while a double could change NaN bits.
 * @returns bytes written, or −1 − offset of the element that is bad
 */
function unpack(
  input: Uint8Array,
  inputView: DataView,
  start: number,
  end: number,
  out: Uint8Array,
  outView: DataView,
  length: number,
): number {
  let at = start
  let to = 0
  while (at < end) {
    const elementAt = at
    const tag = input[at++] as number
    const kind = tag & 3
    if (kind === 0) {
      let run = (tag >>> 2) + 1
      if (run > 60) {
        const width = run - 60
        if (at + width > end) return -1 - elementAt
        run = littleEndian(input, at, width) + 1
        at += width
      }
      if (run > end - at || run > length - to) return -1 - elementAt
      if (run <= RUN_BYTES && at + run + 8 <= end) {
        for (let i = 0; i < run; i += 8) outView.setBigInt64(to + i, inputView.getBigInt64(at + i, true), true)
      } else if (run <= 16) for (let i = 0; i < run; i++) out[to + i] = input[at + i] as number
      else out.set(input.subarray(at, at + run), to)
      at += run
      to += run
      continue
    }
    let run = (tag >>> 2) + 1
    let distance: number
    if (kind === 1) {
      if (at >= end) return -1 - elementAt
      run = ((tag >>> 2) & 7) + 4
      distance = ((tag >>> 5) << 8) | (input[at++] as number)
    } else {
      const width = kind === 2 ? 2 : 4
      if (at + width > end) return -1 - elementAt
      distance = littleEndian(input, at, width)
      at += width
    }
    if (distance === 0 || distance > to || run > length - to) return -1 - elementAt
    const source = to - distance
    if (distance >= 8) {
      for (let i = 0; i < run; i += 8) outView.setBigInt64(to + i, outView.getBigInt64(source + i, true), true)
    } else for (let i = 0; i < run; i++) out[to + i] = out[source + i] as number
    to += run
  }
  return to
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = bytes[at] as number
  if (width > 1) value |= (bytes[at + 1] as number) << 8
  if (width > 2) value |= (bytes[at + 2] as number) << 16
  if (width > 3) value |= (bytes[at + 3] as number) << 24
  return value >>> 0
}
