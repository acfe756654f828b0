/** Bytes that the longest number takes which `writeNumber` writes. */
export const NUMBER_BYTES_MAX = 24

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e
/** A double names every decimal of so many digits: below this no two of them are the same double. */
const DIGITS_15 = 1e15
/** A thousandth suffices for most of what is measured or averaged; the second try is for smaller parts. */
const FIRST_SCALE = 1e3
const FIRST_MAX = DIGITS_15 / FIRST_SCALE
const SECOND_SCALE = 1e9
const SECOND_MAX = DIGITS_15 / SECOND_SCALE
/** Below this `formatApiFloat` takes an exponent. */
const DECIMAL_MIN = 1e-6
const PAIR = 100
const HALF = 1e8

/** Digits of 0 … 99, two bytes each. */
const PAIRS = Uint8Array.from(
  { length: 2 * PAIR },
  (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : ((i / 2) % 10) | 0),
)

/**
 * Writes a number as `formatApiFloat` does, if it has at most 15 digits: a decimal of so few digits that is the number
 * is the shortest one that is. Most values have: counters, gauges, sums, means of a few whole numbers.
 * @param bytes with room for `NUMBER_BYTES_MAX`
 * @returns where the next byte goes; -1 = a number of more digits, or none: nothing was written
 */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  const size = Math.abs(value)
  if (!(size < DIGITS_15) || size < DECIMAL_MIN) return value === 0 ? writeZero(bytes, at, value) : -1
  if (Math.floor(size) === size) return writeWhole(bytes, sign(bytes, at, value), size)
  if (size >= FIRST_MAX) return -1
  let scale = FIRST_SCALE
  let scaled = Math.round(size * scale)
  // Both are whole and below 2^53, so the quotient is the double that is nearest to the decimal.
  if (scaled / scale !== size) {
    if (size >= SECOND_MAX) return -1
    scale = SECOND_SCALE
    scaled = Math.round(size * scale)
    if (scaled / scale !== size) return -1
  }
  const whole = Math.floor(scaled / scale)
  const end = writeWhole(bytes, sign(bytes, at, value), whole)
  return writeFraction(bytes, end, scaled - whole * scale, scale)
}

function sign(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0) return at
  bytes[at] = MINUS
  return at + 1
}

function writeZero(bytes: Uint8Array, at: number, value: number): number {
  const next = Object.is(value, -0) ? sign(bytes, at, -1) : at
  bytes[next] = ZERO
  return next + 1
}

/** @param value whole, from 0 up to 10^15 */
function writeWhole(bytes: Uint8Array, at: number, value: number): number {
  if (value < HALF) return writeShort(bytes, at, value)
  const high = Math.floor(value / HALF)
  const next = writeShort(bytes, at, high)
  writeDigits(bytes, next, value - high * HALF, 8)
  return next + 8
}

/** @param value whole, below 10^8 */
function writeShort(bytes: Uint8Array, at: number, value: number): number {
  const count = digitsOf(value)
  writeDigits(bytes, at, value, count)
  return at + count
}

function digitsOf(value: number): number {
  if (value < 1e4) return value < 1e2 ? (value < 10 ? 1 : 2) : value < 1e3 ? 3 : 4
  return value < 1e6 ? (value < 1e5 ? 5 : 6) : value < 1e7 ? 7 : 8
}

/** The last `count` digits, leading zeros included. @param value whole, below 2^31 */
function writeDigits(bytes: Uint8Array, at: number, value: number, count: number): void {
  let rest = value | 0
  let end = at + count
  while (end - at >= 2) {
    const quotient = (rest / PAIR) | 0
    const pair = 2 * (rest - quotient * PAIR)
    bytes[--end] = PAIRS[pair + 1] as number
    bytes[--end] = PAIRS[pair] as number
    rest = quotient
  }
  if (end > at) bytes[at] = ZERO + (rest % 10)
}

/** @param parts of `scale`, at least one: a fraction below 1 */
function writeFraction(bytes: Uint8Array, at: number, parts: number, scale: number): number {
  bytes[at] = POINT
  const count = scale === FIRST_SCALE ? 3 : 9
  const from = at + 1
  writeDigits(bytes, from, parts, count)
  let end = from + count
  while (bytes[end - 1] === ZERO) end--
  return end
}
