import { assert, STALE_HIGH } from '@vantage/model'

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

const EXPONENT_MAX = 12
const SCALED_MAX = 2 ** 50
const COUNT_MAX = 65_535
const POWERS = Float64Array.from({ length: EXPONENT_MAX + 1 }, (_, i) => 10 ** i)

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

/**
 * Decodes one block into `out[outAt, outAt + count)`.
 * The bytes come from our own encoder behind a checksum; a block that cannot be ours returns -1.
 * @returns the offset after the block
 */
export function decodeValues(
  bytes: Uint8Array,
  at: number,
  count: number,
  out: Float64Array,
  outHalves: Uint32Array,
  outAt: number,
): number {
  const kind = bytes[at] as number
  switch (kind) {
    case VALUE_KIND.constant:
      return decodeConstant(bytes, at + 1, count, outHalves, outAt)
    case VALUE_KIND.raw:
      return decodeRaw(bytes, at + 1, count, outHalves, outAt)
    case VALUE_KIND.delta:
    case VALUE_KIND.delta2:
      return decodeDifferences(bytes, at, count, out, outHalves, outAt)
    default:
      return -1
  }
}

function decodeConstant(bytes: Uint8Array, at: number, count: number, outHalves: Uint32Array, outAt: number): number {
  if (at + 8 > bytes.length) return -1
  const low = read32(bytes, at)
  const high = read32(bytes, at + 4)
  for (let i = outAt; i < outAt + count; i++) {
    outHalves[i * 2] = low
    outHalves[i * 2 + 1] = high
  }
  return at + 8
}

function decodeRaw(bytes: Uint8Array, at: number, count: number, outHalves: Uint32Array, outAt: number): number {
  if (at + count * 8 > bytes.length) return -1
  for (let i = 0; i < count; i++) {
    const p = at + i
    const low =
      (bytes[p] as number) |
      ((bytes[p + count] as number) << 8) |
      ((bytes[p + count * 2] as number) << 16) |
      ((bytes[p + count * 3] as number) << 24)
    const q = p + count * 4
    const high =
      (bytes[q] as number) |
      ((bytes[q + count] as number) << 8) |
      ((bytes[q + count * 2] as number) << 16) |
      ((bytes[q + count * 3] as number) << 24)
    outHalves[(outAt + i) * 2] = low
    outHalves[(outAt + i) * 2 + 1] = high
  }
  return at + count * 8
}

const varint = new Float64Array(1)

function decodeDifferences(
  bytes: Uint8Array,
  blockAt: number,
  count: number,
  out: Float64Array,
  outHalves: Uint32Array,
  outAt: number,
): number {
  const order = bytes[blockAt] === VALUE_KIND.delta2 ? 2 : 1
  const width = bytes[blockAt + 1] as number
  const exponent = bytes[blockAt + 2] as number
  const exceptions = (bytes[blockAt + 3] as number) | ((bytes[blockAt + 4] as number) << 8)
  if (width > 7 || exponent > EXPONENT_MAX || count < order) return -1
  const power = POWERS[exponent] as number
  let at = readVarint(bytes, blockAt + 5)
  if (at < 0) return -1
  const first = unzigzag(varint[0] as number)
  out[outAt] = first / power
  let delta = 0
  if (order === 2) {
    at = readVarint(bytes, at)
    if (at < 0) return -1
    delta = unzigzag(varint[0] as number)
    out[outAt + 1] = (first + delta) / power
  }
  const rest = count - order
  if (at + rest * width + exceptions * 10 > bytes.length) return -1
  const last = first + delta
  const target = outAt + order
  if (width <= 4) undiffNarrow(bytes, at, rest, width, order, last, delta, power, out, target)
  else undiffWide(bytes, at, rest, width, order, last, delta, power, out, target)
  at += rest * width
  for (let i = 0; i < exceptions; i++, at += 10) {
    const index = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    if (index >= count) return -1
    outHalves[(outAt + index) * 2] = read32(bytes, at + 2)
    outHalves[(outAt + index) * 2 + 1] = read32(bytes, at + 6)
  }
  return at
}

/** False where a block surely holds no staleness marker: those are exceptions, or the one value of a constant block. */
export function mayHoldMarker(bytes: Uint8Array, blockAt: number): boolean {
  const kind = bytes[blockAt]
  if (kind === VALUE_KIND.delta || kind === VALUE_KIND.delta2)
    return bytes[blockAt + 3] !== 0 || bytes[blockAt + 4] !== 0
  return kind !== VALUE_KIND.constant || read32(bytes, blockAt + 5) === STALE_HIGH
}

/** Hot: up to 4 planes; the common shapes have loops of their own, free of branches and needless divisions. */
function undiffNarrow(
  bytes: Uint8Array,
  at: number,
  rest: number,
  width: number,
  order: number,
  start: number,
  startDelta: number,
  power: number,
  out: Float64Array,
  outAt: number,
): void {
  const p1 = width > 1 ? rest : 0
  const p2 = width > 2 ? rest * 2 : 0
  const p3 = width > 3 ? rest * 3 : 0
  const mask = width === 4 ? -1 : (1 << (width * 8)) - 1
  let value = start
  let delta = startDelta
  if (order === 1 && width <= 2) {
    undiffFirst(bytes, at, rest, width, start, power, out, outAt)
    return
  }
  for (let i = 0; i < rest; i++) {
    const p = at + i
    const code =
      ((bytes[p] as number) |
        ((bytes[p + p1] as number) << 8) |
        ((bytes[p + p2] as number) << 16) |
        ((bytes[p + p3] as number) << 24)) &
      mask
    const step = (code >>> 1) ^ -(code & 1)
    delta = order === 2 ? delta + step : step
    value += delta
    out[outAt + i] = value / power
  }
}

/** First differences of one or two planes: most counters and gauges. Dividing by 1 changes nothing and costs most. */
function undiffFirst(
  bytes: Uint8Array,
  at: number,
  rest: number,
  width: number,
  start: number,
  power: number,
  out: Float64Array,
  outAt: number,
): void {
  let value = start
  const high = at + rest
  if (width === 0) {
    out.fill(value / power, outAt, outAt + rest)
  } else if (width === 1 && power === 1) {
    for (let i = 0; i < rest; i++) {
      const code = bytes[at + i] as number
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value
    }
  } else if (width === 1) {
    for (let i = 0; i < rest; i++) {
      const code = bytes[at + i] as number
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value / power
    }
  } else if (power === 1) {
    for (let i = 0; i < rest; i++) {
      const code = (bytes[at + i] as number) | ((bytes[high + i] as number) << 8)
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value
    }
  } else {
    for (let i = 0; i < rest; i++) {
      const code = (bytes[at + i] as number) | ((bytes[high + i] as number) << 8)
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value / power
    }
  }
}

function undiffWide(
  bytes: Uint8Array,
  at: number,
  rest: number,
  width: number,
  order: number,
  start: number,
  startDelta: number,
  power: number,
  out: Float64Array,
  outAt: number,
): void {
  let value = start
  let delta = startDelta
  for (let i = 0; i < rest; i++) {
    let code = 0
    let unit = 1
    for (let plane = 0; plane < width; plane++, unit *= 256) code += (bytes[at + plane * rest + i] as number) * unit
    const step = unzigzag(code)
    delta = order === 2 ? delta + step : step
    value += delta
    out[outAt + i] = value / power
  }
}

/** -1 → 1, 1 → 2, -2 → 3 …; exact below 2^52. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}

function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2
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

/** Leaves the value in `varint[0]`. @returns the offset after it, or -1 */
function readVarint(bytes: Uint8Array, from: number): number {
  let value = 0
  let unit = 1
  for (let at = from; at < from + 8 && at < bytes.length; at++) {
    const byte = bytes[at] as number
    value += (byte & 0x7f) * unit
    if (byte < 128) {
      varint[0] = value
      return at + 1
    }
    unit *= 128
  }
  return -1
}

function writeHalves(halves: Uint32Array, index: number, out: Uint8Array, outAt: number): number {
  for (let half = 0; half < 2; half++) {
    const word = halves[index * 2 + half] as number
    for (let byte = 0; byte < 4; byte++) out[outAt + half * 4 + byte] = (word >>> (byte * 8)) & 0xff
  }
  return outAt + 8
}

function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
