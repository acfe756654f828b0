import { copyBytes } from './copy.ts'
import { type NativeMemory, nativeMemory } from './native-memory.ts'
import { varintLength, writeVarint } from './varint.ts'

/**
 * Packs bytes into the snappy block format (see snappy.ts): greedy, fragment by fragment, each with a hash table of its
 * own. Source: google/snappy format_description.txt and framing of its fragments of 64 KiB.
 */

const FRAGMENT_BYTES = 65536
const HASH_BITS_MIN = 8
const HASH_BITS_MAX = 14
const HASH_FACTOR = 0x1e35a7bd
/** Matches begin only where this many bytes follow, so that words are read inside. */
const TAIL_BYTES = 15

/** Of native memory: a fragment, what it packs to, its table; each with room for copies that run over. */
const STAGE_IN_BYTES = 128 * 1024
const STAGE_OUT_BYTES = 128 * 1024
const STAGE_BYTES = STAGE_IN_BYTES + STAGE_OUT_BYTES + 64 * 1024
let stage = -1
let table: Uint16Array | undefined

export function snappyMaxCompressedLength(length: number): number {
  return 32 + length + Math.floor(length / 6)
}

/** @returns a fresh array with one block */
export function snappyCompress(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(varintLength(input.length) + snappyMaxCompressedLength(input.length))
  return out.slice(0, snappyPackInto(input, out, 0))
}

/**
 * Packs `input` into one block at `out[outAt]`, where `snappyMaxCompressedLength(input.length)` bytes must be free.
 * @returns the offset behind the block
 */
export function snappyPackInto(input: Uint8Array, out: Uint8Array, outAt: number): number {
  let to = writeVarint(out, outAt, input.length)
  const native = nativeMemory()
  const isNative = native !== undefined && hasStage(native)
  for (let from = 0; from < input.length; from += FRAGMENT_BYTES) {
    const end = Math.min(input.length, from + FRAGMENT_BYTES)
    to = isNative ? packNative(native, input, from, end, out, to) : packFragment(input, from, end, out, to)
  }
  return to
}

function hasStage(native: NativeMemory): boolean {
  if (stage < 0) stage = native.allocate(STAGE_BYTES)
  return stage >= 0
}

function packNative(
  native: NativeMemory,
  input: Uint8Array,
  from: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  const { bytes, kernels } = native
  const packedAt = stage + STAGE_IN_BYTES
  let address = native.addressOf(input)
  if (address >= 0) address += from
  else {
    address = stage
    copyBytes(input, from, end, bytes, stage)
  }
  const length = kernels.pack(address, address + end - from, packedAt, packedAt + STAGE_OUT_BYTES)
  copyBytes(bytes, packedAt, packedAt + length, out, outAt)
  return outAt + length
}

/** The plain loop, and the referee of the SIMD one (wasm/kernels.ts), which packs to the same bytes. */
export function packFragment(input: Uint8Array, from: number, end: number, out: Uint8Array, outAt: number): number {
  const length = end - from
  const shift = 32 - hashBits(length)
  table ??= new Uint16Array(1 << HASH_BITS_MAX)
  table.fill(0, 0, 1 << (32 - shift))
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const last = end - TAIL_BYTES
  let to = outAt
  let literalFrom = from
  let at = from + 1
  let misses = 32
  while (at < last) {
    const word = view.getInt32(at, true)
    const slot = Math.imul(word, HASH_FACTOR) >>> shift
    const candidate = from + (table[slot] as number)
    table[slot] = at - from
    if (view.getInt32(candidate, true) !== word) {
      // Step faster through bytes that do not pack.
      at += misses++ >>> 5
      continue
    }
    misses = 32
    to = putLiteral(input, literalFrom, at, out, to)
    let run = 4
    while (at + run < end && input[candidate + run] === input[at + run]) run++
    to = putCopy(at - candidate, run, out, to)
    at += run
    literalFrom = at
    if (at < last) table[Math.imul(view.getInt32(at - 1, true), HASH_FACTOR) >>> shift] = at - 1 - from
  }
  return putLiteral(input, literalFrom, end, out, to)
}

function hashBits(length: number): number {
  let bits = HASH_BITS_MIN
  while (bits < HASH_BITS_MAX && 1 << bits < length) bits++
  return bits
}

function putLiteral(input: Uint8Array, from: number, end: number, out: Uint8Array, outAt: number): number {
  const length = end - from
  if (length === 0) return outAt
  let to = outAt
  const code = length - 1
  if (code < 60) out[to++] = code << 2
  else if (code < 256) {
    out[to++] = 60 << 2
    out[to++] = code
  } else {
    out[to++] = 61 << 2
    out[to++] = code & 0xff
    out[to++] = code >>> 8
  }
  out.set(input.subarray(from, end), to)
  return to + length
}

function putCopy(distance: number, length: number, out: Uint8Array, outAt: number): number {
  let to = outAt
  let rest = length
  while (rest > 0) {
    if (rest >= 4 && rest < 12 && distance < 2048) {
      out[to++] = ((distance >>> 8) << 5) | ((rest - 4) << 2) | 1
      out[to++] = distance & 0xff
      return to
    }
    const run = Math.min(64, rest)
    out[to++] = ((run - 1) << 2) | 2
    out[to++] = distance & 0xff
    out[to++] = distance >>> 8
    rest -= run
  }
  return to
}
