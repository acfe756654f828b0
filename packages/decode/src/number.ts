import { utf8Text } from '@vantage/bytes'

/** 10^0 … 10^22: the powers that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
/** A mantissa of so many digits is below 2^53. */
const EXACT_DIGITS = 15
/** An exponent beyond this is 0 or infinite whatever the mantissa of a line can be. */
const EXPONENT_MAX = 400_000

/**
 * Reads a decimal floating point number: `[+-]digits[.digits][(e|E)[+-]digits]`, digits on one side of the point at
 * least. The sign of zero is kept; rounding is that of the language (nearest, ties to even).
 * @param out the value, at index 0
 * @returns false where [from, to) is something else, or a number beyond the largest double
 */
export function parseDecimal(bytes: Uint8Array, from: number, to: number, out: Float64Array): boolean {
  let at = from
  const sign = bytes[at] as number
  if (at < to && (sign === 0x2d || sign === 0x2b)) at++
  let mantissa = 0
  let digits = 0
  let significant = 0
  let exponent = 0
  let isFraction = false
  for (; at < to; at++) {
    const byte = bytes[at] as number
    if (byte === 0x2e) {
      if (isFraction) return false
      isFraction = true
      continue
    }
    if (byte < 0x30 || byte > 0x39) break
    digits++
    if (isFraction) exponent--
    if (significant > 0 || byte !== 0x30) significant++
    if (significant <= EXACT_DIGITS) mantissa = mantissa * 10 + (byte - 0x30)
  }
  if (digits === 0) return false
  if (at < to) {
    const written = exponentOf(bytes, at, to)
    if (Number.isNaN(written)) return false
    exponent += written
  }
  // Fast path: one exact mantissa and one exact power round once, as a correct parser does.
  if (significant <= EXACT_DIGITS && exponent >= -22 && exponent <= 22) {
    const value =
      exponent < 0 ? mantissa / (EXACT_POWERS[-exponent] as number) : mantissa * (EXACT_POWERS[exponent] as number)
    out[0] = sign === 0x2d ? -value : value
    return true
  }
  const value = Number(utf8Text(bytes, from, to))
  out[0] = value
  return value - value === 0
}

/** The exponent that starts at its letter, or NaN. */
function exponentOf(bytes: Uint8Array, from: number, to: number): number {
  if (((bytes[from] as number) | 0x20) !== 0x65) return Number.NaN
  let at = from + 1
  const sign = bytes[at] as number
  if (at < to && (sign === 0x2d || sign === 0x2b)) at++
  if (at >= to) return Number.NaN
  let value = 0
  for (; at < to; at++) {
    const byte = bytes[at] as number
    if (byte < 0x30 || byte > 0x39) return Number.NaN
    if (value < EXPONENT_MAX) value = value * 10 + (byte - 0x30)
  }
  return sign === 0x2d ? -value : value
}
