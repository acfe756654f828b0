import { unzigzag } from '@vantage/bytes'
import { nativePicks } from './native-picks.ts'
import { POWERS, VALUE_KIND } from './value-codec.ts'
import { decoded, mayHoldMarker, NARROW_STEPS, read32, readVarint, varint } from './value-decoder.ts'

/** What stands before the differences of a block, and where they lie. */
interface Start {
  readonly at: number
  readonly rest: number
  readonly width: number
  readonly first: number
  readonly delta: number
  readonly power: number
}

const doubles = new Float64Array(1)
const halves = new Uint32Array(doubles.buffer)

/**
 * Decodes some values of one block: all differences up to them are summed, but nothing is written for the others.
 * Leaves in `decoded` whether values fall, up to the last of them.
 * @param count of the block's values
 * @param places of the wanted ones, ascending, at least one
 * @param out gets them from `outAt` on, bit for bit as `decodeValues` would write them
 * @returns false where the block has exceptions, markers or wide values: it is to be decoded as a whole
 */
export function pickValues(
  bytes: Uint8Array,
  at: number,
  count: number,
  places: Int32Array,
  out: Float64Array,
  outAt: number,
): boolean {
  const kind = bytes[at] as number
  if (mayHoldMarker(bytes, at) || (places[places.length - 1] as number) >= count) return false
  if (kind === VALUE_KIND.constant) {
    if (at + 9 > bytes.length) return false
    halves[0] = read32(bytes, at + 1)
    halves[1] = read32(bytes, at + 5)
    out.fill(doubles[0] as number, outAt, outAt + places.length)
    decoded.isAscending = true
    return true
  }
  if (kind !== VALUE_KIND.delta && kind !== VALUE_KIND.delta2) return false
  const order = kind === VALUE_KIND.delta ? 1 : 2
  const start = startOf(bytes, at, count, order)
  if (start === undefined) return false
  if (pickNative(bytes, start, order, places, out, outAt)) return true
  const falls = (order === 1 ? pickFirst : pickSecond)(bytes, start, places, out, outAt)
  decoded.isAscending = !falls
  return true
}

/** Fast path: the SIMD module sums up. @returns false where it does not */
function pickNative(
  bytes: Uint8Array,
  { at, rest, width, first, delta, power }: Start,
  order: number,
  places: Int32Array,
  out: Float64Array,
  outAt: number,
): boolean {
  const native = nativePicks()
  if (native?.pick(bytes, at, rest, width, order, first + delta, delta, power, places) !== true) return false
  const { values } = native
  for (let picked = 0; picked < places.length; picked++) out[outAt + picked] = values[picked] as number
  decoded.isAscending = !native.falls && delta >= 0
  return true
}

function startOf(bytes: Uint8Array, blockAt: number, count: number, order: number): Start | undefined {
  const width = bytes[blockAt + 1] as number
  const power = POWERS[bytes[blockAt + 2] as number]
  if (width > 3 || power === undefined || count < order) return undefined
  let at = readVarint(bytes, blockAt + 5)
  if (at < 0) return undefined
  const first = unzigzag(varint[0] as number)
  let delta = 0
  if (order === 2) {
    at = readVarint(bytes, at)
    if (at < 0) return undefined
    delta = unzigzag(varint[0] as number)
  }
  const rest = count - order
  return at + rest * width > bytes.length ? undefined : { at, rest, width, first, delta, power }
}

/** First differences: the i-th code leads to the value of place i + 1. @returns whether values fall */
function pickFirst(bytes: Uint8Array, start: Start, places: Int32Array, out: Float64Array, outAt: number): boolean {
  const { at, rest, width, power } = start
  let value = start.first
  let codes = 0
  let i = 0
  for (let picked = 0; picked < places.length; picked++) {
    const end = places[picked] as number
    if (width === 1) value += sumNarrow(bytes, at + i, at + end)
    else if (width > 1) value += sumWide(bytes, at, i, end, rest, width)
    if (width > 0) codes |= summed[0] as number
    i = end
    out[outAt + picked] = value / power
  }
  return (codes & 1) === 1
}

/** All codes of the last sum or-ed: bit 0 is set where one of them is negative. */
const summed = new Int32Array(1)

function sumNarrow(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0
  let codes = 0
  for (let at = from; at < to; at++) {
    const code = bytes[at] as number
    codes |= code
    sum = (sum + (NARROW_STEPS[code] as number)) | 0
  }
  summed[0] = codes
  return sum
}

/** Sums of up to 65,535 differences of 24 bits: beyond 32 bits. */
function sumWide(bytes: Uint8Array, at: number, from: number, to: number, rest: number, width: number): number {
  const second = at + rest
  let sum = 0
  let codes = 0
  if (width === 2) {
    for (let i = from; i < to; i++) {
      const code = (bytes[at + i] as number) | ((bytes[second + i] as number) << 8)
      codes |= code
      sum += (code >>> 1) ^ -(code & 1)
    }
  } else {
    const third = second + rest
    for (let i = from; i < to; i++) {
      const code =
        (bytes[at + i] as number) | ((bytes[second + i] as number) << 8) | ((bytes[third + i] as number) << 16)
      codes |= code
      sum += (code >>> 1) ^ -(code & 1)
    }
  }
  summed[0] = codes
  return sum
}

/**
 * Second differences: the i-th code leads to the difference before the value of place i + 2.
 * @returns whether values fall
 */
function pickSecond(bytes: Uint8Array, start: Start, places: Int32Array, out: Float64Array, outAt: number): boolean {
  const { at, rest, width, power } = start
  const stepMax = 2 ** (width * 8 - 1)
  let delta = start.delta
  let value = start.first
  let falls = false
  // The place that `value` is of.
  let place = 0
  for (let picked = 0; picked < places.length; picked++) {
    const end = places[picked] as number
    if (place === 0 && end > 0) {
      falls ||= delta < 0
      value += delta
      place = 1
    }
    const length = end - place
    const from = at + place - 1
    if (length > 0 && length * (Math.abs(delta) + length * stepMax) < TWO_31) {
      value += sumSteps(bytes, from, from + length, rest, width, delta)
      delta = stepped[0] as number
      falls ||= (stepped[1] as number) < 0
    } else {
      for (let p = from; p < from + length; p++) {
        delta += stepAt(bytes, p, rest, width)
        falls ||= delta < 0
        value += delta
      }
    }
    place = end
    out[outAt + picked] = value / power
  }
  return falls
}

const TWO_31 = 2 ** 31
/** The difference after the last of the steps that `sumSteps` took, and those after each of them or-ed. */
const stepped = new Int32Array(2)

/**
 * Fast path: sums within 32 bits.
 * @returns the sum of the differences that codes [from, to) lead to from `delta` on
 */
function sumSteps(bytes: Uint8Array, from: number, to: number, rest: number, width: number, delta: number): number {
  let step = delta | 0
  let steps = 0
  let sum = 0
  if (width === 1) {
    for (let p = from; p < to; p++) {
      step = (step + (NARROW_STEPS[bytes[p] as number] as number)) | 0
      steps |= step
      sum = (sum + step) | 0
    }
  } else if (width === 2) {
    for (let p = from; p < to; p++) {
      const code = (bytes[p] as number) | ((bytes[p + rest] as number) << 8)
      step = (step + ((code >>> 1) ^ -(code & 1))) | 0
      steps |= step
      sum = (sum + step) | 0
    }
  } else {
    for (let p = from; p < to; p++) {
      step = (step + stepAt(bytes, p, rest, width)) | 0
      steps |= step
      sum = (sum + step) | 0
    }
  }
  stepped[0] = step
  stepped[1] = steps
  return sum
}

/** @param width at most 3 */
function stepAt(bytes: Uint8Array, at: number, rest: number, width: number): number {
  if (width === 0) return 0
  let code = bytes[at] as number
  if (width > 1) code |= (bytes[at + rest] as number) << 8
  if (width > 2) code |= (bytes[at + rest * 2] as number) << 16
  return (code >>> 1) ^ -(code & 1)
}
