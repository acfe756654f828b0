/**
 * Numbers as decimal text, the shortest that names them, for answers that are long rows of them. AssemblyScript: see
 * kernels.ts. The referee is `formatApiFloat` of the query package.
 */

const ZERO: u8 = 0x30
const POINT: u8 = 0x2e
const MINUS: u8 = 0x2d

/** Texts 00 … 99. */
const PAIRS = memory.data<u8>([
  48, 48, 48, 49, 48, 50, 48, 51, 48, 52, 48, 53, 48, 54, 48, 55, 48, 56, 48, 57,
  49, 48, 49, 49, 49, 50, 49, 51, 49, 52, 49, 53, 49, 54, 49, 55, 49, 56, 49, 57,
  50, 48, 50, 49, 50, 50, 50, 51, 50, 52, 50, 53, 50, 54, 50, 55, 50, 56, 50, 57,
  51, 48, 51, 49, 51, 50, 51, 51, 51, 52, 51, 53, 51, 54, 51, 55, 51, 56, 51, 57,
  52, 48, 52, 49, 52, 50, 52, 51, 52, 52, 52, 53, 52, 54, 52, 55, 52, 56, 52, 57,
  53, 48, 53, 49, 53, 50, 53, 51, 53, 52, 53, 53, 53, 54, 53, 55, 53, 56, 53, 57,
  54, 48, 54, 49, 54, 50, 54, 51, 54, 52, 54, 53, 54, 54, 54, 55, 54, 56, 54, 57,
  55, 48, 55, 49, 55, 50, 55, 51, 55, 52, 55, 53, 55, 54, 55, 55, 55, 56, 55, 57,
  56, 48, 56, 49, 56, 50, 56, 51, 56, 52, 56, 53, 56, 54, 56, 55, 56, 56, 56, 57,
  57, 48, 57, 49, 57, 50, 57, 51, 57, 52, 57, 53, 57, 54, 57, 55, 57, 56, 57, 57,
])

/** A power of ten for each decimal exponent from here on. */
const EXPONENT_MIN = -22
/** 10^−k, k = −22 … 5, as floor(10^−k · 2^−r) + 1 of 126 bits: the upper 63 and the lower 63. */
const POWERS = memory.data<u64>([
  0x43c33c1937564800, 0x1,
  0x6c6b935b8bbd4000, 0x1,
  0x56bc75e2d6310000, 0x1,
  0x4563918244f40000, 0x1,
  0x6f05b59d3b200000, 0x1,
  0x58d15e1762800000, 0x1,
  0x470de4df82000000, 0x1,
  0x71afd498d0000000, 0x1,
  0x5af3107a40000000, 0x1,
  0x48c2739500000000, 0x1,
  0x746a528800000000, 0x1,
  0x5d21dba000000000, 0x1,
  0x4a817c8000000000, 0x1,
  0x7735940000000000, 0x1,
  0x5f5e100000000000, 0x1,
  0x4c4b400000000000, 0x1,
  0x7a12000000000000, 0x1,
  0x61a8000000000000, 0x1,
  0x4e20000000000000, 0x1,
  0x7d00000000000000, 0x1,
  0x6400000000000000, 0x1,
  0x5000000000000000, 0x1,
  0x4000000000000000, 0x1,
  0x6666666666666666, 0x3333333333333334,
  0x51eb851eb851eb85, 0xf5c28f5c28f5c29,
  0x4189374bc6a7ef9d, 0x5916872b020c49bb,
  0x68db8bac710cb295, 0x74f0d844d013a92b,
  0x53e2d6238da3c211, 0x43f3e0370cdc8755,
])
const LOW_63: u64 = 0x7fffffffffffffff
const FRACTION_BITS: u64 = 0xfffffffffffff
const HIDDEN_BIT: u64 = 0x10000000000000

/**
 * Points of a series as they stand in an answer, one behind the other with commas between: for each step that has one
 * its head, the value, `"]`.
 * @param values f64 of each step
 * @param present u8 of each step: 0 = no point
 * @param offsets i32 of each step and one more: where its head begins, from `heads` on
 * @returns bytes written from `out` on; up to 16 more behind them are written to. −1 where a value takes an exponent
 */
export function points(values: usize, present: usize, steps: i32, heads: usize, offsets: usize, out: usize): i32 {
  let to = out
  for (let step: i32 = 0; step < steps; step++) {
    if (load<u8>(present + step) == 0) continue
    if (to > out) store<u8>(to++, 0x2c)
    const head = <usize>load<i32>(offsets + (step << 2))
    const length = <usize>load<i32>(offsets + (step << 2) + 4) - head
    for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(heads + head + at))
    const end = decimal(load<f64>(values + (step << 3)), to + length)
    if (end == 0) return -1
    store<u16>(end, 0x5d22)
    to = end + 2
  }
  return <i32>(to - out)
}

/** @returns where the text ends; 0 = it would take an exponent */
function decimal(value: f64, start: usize): usize {
  if (value != value) {
    store<u32>(start, 0x4e614e)
    return start + 3
  }
  let to = start
  const bits = reinterpret<u64>(value)
  const size = abs(value)
  if (size == Infinity) {
    // +Inf, −Inf
    store<u32>(to, bits >> 63 ? 0x666e492d : 0x666e492b)
    return to + 4
  }
  if (bits >> 63) store<u8>(to++, MINUS)
  // Fast path: whole numbers, and those of at most three digits behind the point: two whole numbers below 2^53 whose
  // quotient is the double that is nearest to the decimal.
  if (size < 1e15) {
    if (floor(size) == size) return whole(<u64>size, to)
    const scaled = nearest(size * 1e3)
    if (size < 1e12 && scaled / 1e3 == size) return thousandths(<u64>scaled, to)
  }
  if (size < 1e-6 || size >= 1e21) return 0
  return shortest(bits & ~(<u64>1 << 63), to)
}

function whole(value: u64, to: usize): usize {
  const count = countDigits(value)
  writeDigits(value, to, count)
  return to + count
}

/** @param value not a multiple of 1,000 */
function thousandths(value: u64, start: usize): usize {
  const units = value / 1000
  let to = whole(units, start)
  store<u8>(to, POINT)
  writeDigits(value - units * 1000, to + 1, 3)
  to += 4
  while (load<u8>(to - 1) == ZERO) to--
  return to
}

/**
 * The decimal of the fewest digits that rounds to the double, of those the nearest.
 * Source: R. Giulietti, The Schubfach way to render doubles (2021), and java.lang.Double's use of it.
 * @param bits of a number from 10^−6 up to 10^21
 */
function shortest(bits: u64, to: usize): usize {
  const fraction = bits & FRACTION_BITS
  const exponent = <i32>(bits >> 52) - 1075
  const c = fraction | HIDDEN_BIT
  const isPower = fraction == 0
  const odd = c & 1
  const middle = c << 2
  const lower = middle - (isPower ? 1 : 2)
  const k = (exponent * 1262611 - (isPower ? 524031 : 0)) >> 22
  const h = <u64>(exponent + ((-k * 1741647) >> 19) + 2)
  const power = POWERS + (<usize>(k - EXPONENT_MIN) << 4)
  const high = load<u64>(power)
  const low = load<u64>(power + 8)
  const vb = scale(high, low, middle << h)
  const vbl = scale(high, low, lower << h) + odd
  const vbr = scale(high, low, (middle + 2) << h)
  const s = vb >> 2
  // One digit less, where a multiple of ten lies within the interval and its neighbour does not.
  const tens = s / 10
  const down = tens * 40
  const isDownIn = vbl <= down
  const isUpIn = down + 40 + odd <= vbr
  if (isDownIn != isUpIn) return write(isDownIn ? tens : tens + 1, k + 1, to)
  const isFloorIn = vbl <= s << 2
  const isCeilingIn = ((s + 1) << 2) + odd <= vbr
  if (isFloorIn != isCeilingIn) return write(isFloorIn ? s : s + 1, k, to)
  const distance = <i64>(vb - ((s << 2) + 2))
  return write(distance < 0 || (distance == 0 && (s & 1) == 0) ? s : s + 1, k, to)
}

/** The product's upper bits; the lowest of them is set where anything lies below. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function scale(high: u64, low: u64, factor: u64): u64 {
  const z = ((high * factor) >> 1) + upperHalf(low, factor)
  return (upperHalf(high, factor) + (z >> 63)) | (((z & LOW_63) + LOW_63) >> 63)
}

/** The upper 64 bits of a product. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function upperHalf(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const m = a1 * b0 + ((a0 * b0) >> 32)
  const n = a0 * b1 + (m & 0xffffffff)
  return a1 * b1 + (m >> 32) + (n >> 32)
}

/** digits · 10^exponent, not 0. */
function write(digits: u64, exponent: i32, to: usize): usize {
  let rest = digits
  let power = exponent
  if (rest % 100000000 == 0) {
    rest /= 100000000
    power += 8
  }
  while (rest % 10 == 0) {
    rest /= 10
    power++
  }
  const count = countDigits(rest)
  if (power >= 0) {
    writeDigits(rest, to, count)
    for (let i = 0; i < power; i++) store<u8>(to + count + i, ZERO)
    return to + count + power
  }
  const before = <i32>count + power
  if (before <= 0) {
    store<u16>(to, 0x2e30)
    for (let i = before; i < 0; i++) store<u8>(to + 2 + (i - before), ZERO)
    writeDigits(rest, to + 2 - before, count)
    return to + 2 - before + count
  }
  // The point's place is opened behind the digits that come before it.
  writeDigits(rest, to + 1, count)
  for (let i = 0; i < before; i++) store<u8>(to + i, load<u8>(to + i + 1))
  store<u8>(to + before, POINT)
  return to + count + 1
}

function countDigits(value: u64): usize {
  if (value >= 100000000) {
    const high = value / 100000000
    if (high >= 100000000) return 16 + shortCount(<u32>(high / 100000000))
    return 8 + shortCount(<u32>high)
  }
  return shortCount(<u32>value)
}

/** @param value below 10^8 */
function shortCount(value: u32): usize {
  if (value < 10000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4
  return value < 1000000 ? (value < 100000 ? 5 : 6) : value < 10000000 ? 7 : 8
}

/** The last `count` digits, zeros in front included. */
function writeDigits(value: u64, to: usize, count: usize): void {
  let left = count
  let rest = value
  while (left > 8) {
    const high = rest / 100000000
    left -= 8
    writeShort(<u32>(rest - high * 100000000), to + left, 8)
    rest = high
  }
  writeShort(<u32>rest, to, left)
}

/** @param value below 10^8 */
function writeShort(value: u32, to: usize, count: usize): void {
  let rest = value
  let left = count
  while (left >= 2) {
    const high = rest / 100
    left -= 2
    store<u16>(to + left, load<u16>(PAIRS + ((rest - high * 100) << 1)))
    rest = high
  }
  if (left) store<u8>(to, ZERO + <u8>(rest % 10))
}
