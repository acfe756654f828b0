import { unzigzag } from '@vantage/bytes'
import { STALE_HIGH } from '@vantage/model'
import { EXPONENT_MAX, POWERS, VALUE_KIND } from './value-codec.ts'

/** What the last `decodeValues` or `pickValues` learned beside the values. */
export const decoded = {
  /** True promises that no value lies below the one before it. */
  isAscending: false,
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
  decoded.isAscending = kind === VALUE_KIND.constant
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

export const varint = new Float64Array(1)

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
  if (exceptions > 0) decoded.isAscending = false
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
  if (order === 1 && width <= 2) {
    decoded.isAscending = (undiffFirst(bytes, at, rest, width, start, power, out, outAt) & 1) === 0
    return
  }
  if (order === 2 && width === 1 && startDelta < DELTA_MAX && startDelta > -DELTA_MAX) {
    decoded.isAscending = undiffSecond(bytes, at, rest, start, startDelta, power, out, outAt) >= 0
    return
  }
  const p1 = width > 1 ? rest : 0
  const p2 = width > 2 ? rest * 2 : 0
  const p3 = width > 3 ? rest * 3 : 0
  const mask = width === 4 ? -1 : (1 << (width * 8)) - 1
  let value = start
  let delta = startDelta
  let least = startDelta
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
    if (delta < least) least = delta
    value += delta
    out[outAt + i] = value / power
  }
  decoded.isAscending = least >= 0
}

/** The differences that codes of one plane stand for: looking them up takes half as long as working them out. */
export const NARROW_STEPS = Int8Array.from({ length: 256 }, (_, code) => (code >>> 1) ^ -(code & 1))

/**
 * First differences of one or two planes: most counters and gauges. Dividing by 1 changes nothing and costs most.
 * @returns all codes or-ed: bit 0 is set where one of them is negative
 */
function undiffFirst(
  bytes: Uint8Array,
  at: number,
  rest: number,
  width: number,
  start: number,
  power: number,
  out: Float64Array,
  outAt: number,
): number {
  let value = start
  let codes = 0
  const high = at + rest
  if (width === 0) {
    out.fill(start / power, outAt, outAt + rest)
  } else if (width === 1 && power === 1) {
    for (let i = 0; i < rest; i++) {
      const code = bytes[at + i] as number
      codes |= code
      value += NARROW_STEPS[code] as number
      out[outAt + i] = value
    }
  } else if (width === 1) {
    for (let i = 0; i < rest; i++) {
      const code = bytes[at + i] as number
      codes |= code
      value += NARROW_STEPS[code] as number
      out[outAt + i] = value / power
    }
  } else if (power === 1) {
    for (let i = 0; i < rest; i++) {
      const code = (bytes[at + i] as number) | ((bytes[high + i] as number) << 8)
      codes |= code
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value
    }
  } else {
    for (let i = 0; i < rest; i++) {
      const code = (bytes[at + i] as number) | ((bytes[high + i] as number) << 8)
      codes |= code
      value += (code >>> 1) ^ -(code & 1)
      out[outAt + i] = value / power
    }
  }
  return codes
}

/** Differences of this size stay 32-bit integers over all samples of a chunk. */
const DELTA_MAX = 2 ** 30

/**
 * Second differences of one plane: counters that grow evenly.
 * @returns all differences or-ed: below 0 where one of them is
 */
function undiffSecond(
  bytes: Uint8Array,
  at: number,
  rest: number,
  start: number,
  startDelta: number,
  power: number,
  out: Float64Array,
  outAt: number,
): number {
  let value = start
  let delta = startDelta | 0
  let deltas = delta
  if (power === 1) {
    for (let i = 0; i < rest; i++) {
      delta = (delta + (NARROW_STEPS[bytes[at + i] as number] as number)) | 0
      deltas |= delta
      value += delta
      out[outAt + i] = value
    }
  } else {
    for (let i = 0; i < rest; i++) {
      delta = (delta + (NARROW_STEPS[bytes[at + i] as number] as number)) | 0
      deltas |= delta
      value += delta
      out[outAt + i] = value / power
    }
  }
  return deltas
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

/** Leaves the value in `varint[0]`. @returns the offset after it, or -1 */
export function readVarint(bytes: Uint8Array, from: number): number {
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

export function read32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  )
}
