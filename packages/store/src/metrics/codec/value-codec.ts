import { zigzag } from '@vantage/bytes'
import { assert } from '@vantage/model'

/**
 * Doubles ⇄ bytes, bit-exact for every double. One block:
 *
 *   byte 0      kind: 0 constant, 1 first differences, 2 second differences, 3 raw
 *   constant    8 bytes: the value, little-endian
 *   raw         8 planes of `count` bytes: all lowest bytes, then all second bytes, …
 *   differences byte 1 width in bytes (0–7) | byte 2 decimal exponent (0–12) | bytes 3–4 exception count
 *               zigzag varint first scaled value, kind 2: zigzag varint first difference
 *               `width` planes of the remaining differences (count-1 or count-2), zigzag
 *               exceptions: index (2 bytes), value (8 bytes) each
 *
 * Values are scaled by a power of ten where all become integers below 2^50; the few that do not (NaN payloads,
 * infinities, negative zero, full-entropy floats) are exceptions. Byte planes decode 3.4 times faster than varints
 * and are smaller after zstd. `count` is not part of the block. Source: part/FORMAT.md "values".
 */
export const VALUE_KIND = { constant: 0, delta: 1, delta2: 2, raw: 3 } as const

export const EXPONENT_MAX = 12
const SCALED_MAX = 2 ** 50
const COUNT_MAX = 65_535
export const POWERS = Float64Array.from({ length: EXPONENT_MAX + 1 }, (_, i) => 10 ** i)

const TWO_32 = 2 ** 32

/** Scratch of one encoder: one per thread that encodes, never shared. */
export class ValueScratch {
  scaled = new Float64Array(4096)
  isException = new Uint8Array(4096)

  reserve(count: number): void {
    if (count <= this.scaled.length) return
    this.scaled = new Float64Array(count * 2)
    this.isException = new Uint8Array(count * 2)
  }
}

/** Upper bound of one block's bytes. */
export function valuesBytesMax(count: number): number {
  return 32 + count * 8
}

/**
 * Encodes `values[0, count)`.
 * @param halves the same memory as `values`
 * @param out at least `valuesBytesMax(count)` bytes free at `outAt`
 * @returns the offset after the block
 */
export function encodeValues(
  values: Float64Array,
  halves: Uint32Array,
  count: number,
  out: Uint8Array,
  outAt: number,
  scratch: ValueScratch,
): number {
  assert(count > 0 && count <= COUNT_MAX, `block of ${count} values`)
  assert(out.length >= outAt + valuesBytesMax(count), 'value block: output too small')
  if (isConstant(halves, count)) {
    out[outAt] = VALUE_KIND.constant
    return writeHalves(halves, 0, out, outAt + 1)
  }
  scratch.reserve(count)
  const exceptionsMax = 1 + (count >>> 4)
  const exponent = findExponent(values, halves, count, exceptionsMax)
  if (exponent < 0) return encodeRaw(halves, count, out, outAt)
  const exceptions = scale(values, halves, count, exponent, scratch)
  if (exceptions > exceptionsMax) return encodeRaw(halves, count, out, outAt)
  return encodeDifferences(halves, count, exponent, exceptions, out, outAt, scratch)
}

function isConstant(halves: Uint32Array, count: number): boolean {
  const low = halves[0]
  const high = halves[1]
  for (let i = 1; i < count; i++) {
    if (halves[i * 2] !== low || halves[i * 2 + 1] !== high) return false
  }
  return true
}

/** Smallest power of ten that makes all values but `exceptionsMax` integers, or -1. */
function findExponent(values: Float64Array, halves: Uint32Array, count: number, exceptionsMax: number): number {
  let exponent = 0
  let exceptions = 0
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    // Fast path: counters and times need neither a product nor a division.
    if (exponent === 0 && value < SCALED_MAX && value > 0 && Math.floor(value) === value) continue
    let tried = exponent
    while (tried <= EXPONENT_MAX && !isInteger(value, halves[i * 2 + 1] as number, POWERS[tried] as number)) tried++
    if (tried <= EXPONENT_MAX) exponent = tried
    else if (++exceptions > exceptionsMax) return -1
  }
  return exponent
}

function isInteger(value: number, high: number, power: number): boolean {
  const scaled = Math.round(value * power)
  if (scaled === 0) return value === 0 && high === 0
  return scaled / power === value && scaled < SCALED_MAX && scaled > -SCALED_MAX
}

/** Fills `scratch.scaled`; an exception repeats the value before it, so that it costs nothing in the planes. */
function scale(
  values: Float64Array,
  halves: Uint32Array,
  count: number,
  exponent: number,
  scratch: ValueScratch,
): number {
  const power = POWERS[exponent] as number
  const { scaled, isException } = scratch
  let exceptions = 0
  let previous = 0
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (exponent === 0 && value < SCALED_MAX && value > 0 && Math.floor(value) === value) {
      previous = value
      isException[i] = 0
    } else if (isInteger(value, halves[i * 2 + 1] as number, power)) {
      // Adding zero turns the -0 that Math.round makes of small negatives into 0; such values are exceptions anyway.
      previous = Math.round(value * power) + 0
      isException[i] = 0
    } else {
      exceptions++
      isException[i] = 1
    }
    scaled[i] = previous
  }
  return exceptions
}

function encodeDifferences(
  halves: Uint32Array,
  count: number,
  exponent: number,
  exceptions: number,
  out: Uint8Array,
  outAt: number,
  scratch: ValueScratch,
): number {
  const scaled = scratch.scaled
  const first = scaled[0] as number
  const order = betterOrder(scaled, count)
  let at = outAt
  out[at++] = order === 1 ? VALUE_KIND.delta : VALUE_KIND.delta2
  const widthAt = at++
  out[at++] = exponent
  out[at++] = exceptions & 0xff
  out[at++] = exceptions >>> 8
  at = writeVarint(zigzag(first), out, at)
  let skip = 1
  if (order === 2) {
    at = writeVarint(zigzag((scaled[1] as number) - first), out, at)
    skip = 2
  }
  const largest = differenceInPlace(scaled, count, order)
  const width = bytesOf(largest)
  out[widthAt] = width
  at = writePlanes(scaled, skip, count, width, out, at)
  if (exceptions === 0) return at
  for (let i = 0; i < count; i++) {
    if (scratch.isException[i] === 0) continue
    out[at++] = i & 0xff
    out[at++] = i >>> 8
    at = writeHalves(halves, i, out, at)
  }
  return at
}

/** 1 or 2: which differences are smaller in sum. */
function betterOrder(scaled: Float64Array, count: number): 1 | 2 {
  if (count < 3) return 1
  let first = 0
  let second = 0
  let previous = (scaled[1] as number) - (scaled[0] as number)
  for (let i = 2; i < count; i++) {
    const delta = (scaled[i] as number) - (scaled[i - 1] as number)
    first += Math.abs(delta)
    second += Math.abs(delta - previous)
    previous = delta
  }
  return second < first ? 2 : 1
}

/** Replaces the values by their zigzag differences; the first `order` ones are left over. @returns the largest */
function differenceInPlace(scaled: Float64Array, count: number, order: 1 | 2): number {
  let largest = 0
  let previousValue = scaled[order - 1] as number
  let previousDelta = order === 2 ? previousValue - (scaled[0] as number) : 0
  for (let i = order; i < count; i++) {
    const value = scaled[i] as number
    const delta = value - previousValue
    const code = zigzag(order === 2 ? delta - previousDelta : delta)
    if (code > largest) largest = code
    scaled[i] = code
    previousValue = value
    previousDelta = delta
  }
  return largest
}

function bytesOf(code: number): number {
  let width = 0
  for (let rest = code; rest >= 1; rest /= 256) width++
  return width
}

function writePlanes(
  codes: Float64Array,
  from: number,
  count: number,
  width: number,
  out: Uint8Array,
  outAt: number,
): number {
  let at = outAt
  const low = Math.min(width, 4)
  for (let plane = 0; plane < low; plane++) {
    const shift = plane * 8
    for (let i = from; i < count; i++) out[at++] = ((codes[i] as number) >>> shift) & 0xff
  }
  for (let plane = 4; plane < width; plane++) {
    const shift = (plane - 4) * 8
    for (let i = from; i < count; i++) out[at++] = (Math.floor((codes[i] as number) / TWO_32) >>> shift) & 0xff
  }
  return at
}

function encodeRaw(halves: Uint32Array, count: number, out: Uint8Array, outAt: number): number {
  let at = outAt
  out[at++] = VALUE_KIND.raw
  for (let plane = 0; plane < 8; plane++) {
    const half = plane >>> 2
    const shift = (plane & 3) * 8
    for (let i = 0; i < count; i++) out[at++] = ((halves[i * 2 + half] as number) >>> shift) & 0xff
  }
  return at
}

function writeVarint(value: number, out: Uint8Array, outAt: number): number {
  let at = outAt
  let rest = value
  while (rest >= 128) {
    out[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  out[at++] = rest
  return at
}

function writeHalves(halves: Uint32Array, index: number, out: Uint8Array, outAt: number): number {
  for (let half = 0; half < 2; half++) {
    const word = halves[index * 2 + half] as number
    for (let byte = 0; byte < 4; byte++) out[outAt + half * 4 + byte] = (word >>> (byte * 8)) & 0xff
  }
  return outAt + 8
}
