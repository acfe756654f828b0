/**
 * Some values of those that parts keep as differences. AssemblyScript: see kernels.ts. The referee is `pickValues` of the
 * store, whose loops this one replaces; the format is that of value-codec.ts.
 */

/** Places of lanes, to cut off those behind the last code. */
const BYTE_LANES = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
const WORD_LANES = memory.data<u16>([0, 1, 2, 3, 4, 5, 6, 7])

/** The value that was reached, scaled, the difference that led to it, and, in `falls`, whether one was below zero. */
let value: f64 = 0
let delta: f64 = 0
let falls: v128 = i32x4.splat(0)

/**
 * Sums up first or second differences from place to place. All sums are of whole numbers below 2^53, so that they are
 * exact in any order.
 * @param codes zigzag codes: a plane of low bytes and, where they are of two, one of high bytes behind it
 * @param rest how many
 * @param width of a code: 1 or 2
 * @param order of the differences: 1 or 2; code i leads to the value of place i + order
 * @param first the value before all codes, scaled, and for second differences the difference that led to it
 * @param power by which values are divided
 * @param places i32 of each wanted value, ascending, below rest + order
 * @param out f64 of each
 * @returns 1 where a value up to the last of them lies below the one before it, else 0
 */
export function pick(
  codes: usize,
  rest: i32,
  width: i32,
  order: i32,
  first: f64,
  difference: f64,
  power: f64,
  places: usize,
  count: i32,
  out: usize,
): i32 {
  const high = codes + <usize>rest
  value = first
  delta = difference
  falls = i32x4.splat(0)
  let at: i32 = 0
  for (let picked: i32 = 0; picked < count; picked++) {
    const place = load<i32>(places + (<usize>picked << 2))
    const end = place - order + 1
    while (at < end) {
      if (width == 1) {
        const length = min<i32>(16, end - at)
        if (order == 1) takeBytes(codes + <usize>at, length)
        else takeByteSteps(codes + <usize>at, length)
        at += length
      } else {
        const length = min<i32>(8, end - at)
        takeWords(codes + <usize>at, high + <usize>at, length, order)
        at += length
      }
    }
    const reached = end < 0 ? first - difference : value
    store<f64>(out + (<usize>picked << 3), reached / power)
  }
  return v128.any_true(falls) ? 1 : 0
}

/** First differences of one byte. */
// @ts-ignore: decorator
@inline
function takeBytes(codes: usize, length: i32): void {
  const code = v128.and(v128.load(codes), i8x16.lt_u(v128.load(BYTE_LANES), i8x16.splat(<i8>length)))
  const odd = v128.and(code, i8x16.splat(1))
  falls = v128.or(falls, odd)
  const step = v128.xor(i8x16.shr_u(code, 1), i8x16.neg(odd))
  value += <f64>total(i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(step)))
}

/** Second differences of one byte: sums of sixteen stay within 16 bits. */
// @ts-ignore: decorator
@inline
function takeByteSteps(codes: usize, length: i32): void {
  const code = v128.and(v128.load(codes), i8x16.lt_u(v128.load(BYTE_LANES), i8x16.splat(<i8>length)))
  const step = v128.xor(i8x16.shr_u(code, 1), i8x16.neg(v128.and(code, i8x16.splat(1))))
  const low = wordSums(i16x8.extend_low_i8x16_s(step))
  const up = i16x8.add(wordSums(i16x8.extend_high_i8x16_s(step)), i16x8.splat(i16x8.extract_lane_s(low, 7)))
  // Differences are below zero where their sums are below this.
  const bar = i16x8.splat(<i16>max<f64>(-32768, min<f64>(32767, -delta)))
  falls = v128.or(falls, v128.or(i16x8.lt_s(low, bar), i16x8.lt_s(up, bar)))
  const last = <i32>i16x8.extract_lane_s(up, 7)
  const sums = i32x4.add(i32x4.extadd_pairwise_i16x8_s(low), i32x4.extadd_pairwise_i16x8_s(up))
  value += delta * <f64>length + <f64>(total(sums) - (16 - length) * last)
  delta += <f64>last
}

/** Differences of two bytes: their sums take 32 bits. */
// @ts-ignore: decorator
@inline
function takeWords(codes: usize, high: usize, length: i32, order: i32): void {
  const all = v128.or(v128.load_ext<u8>(codes), i16x8.shl(v128.load_ext<u8>(high), 8))
  const code = v128.and(all, i16x8.lt_u(v128.load(WORD_LANES), i16x8.splat(<i16>length)))
  const odd = v128.and(code, i16x8.splat(1))
  const step = v128.xor(i16x8.shr_u(code, 1), i16x8.neg(odd))
  if (order == 1) {
    falls = v128.or(falls, odd)
    value += <f64>total(i32x4.extadd_pairwise_i16x8_s(step))
    return
  }
  const low = longSums(i32x4.extend_low_i16x8_s(step))
  const up = i32x4.add(longSums(i32x4.extend_high_i16x8_s(step)), i32x4.splat(i32x4.extract_lane(low, 3)))
  const bar = i32x4.splat(<i32>max<f64>(-2147483648, min<f64>(2147483647, -delta)))
  falls = v128.or(falls, v128.or(i32x4.lt_s(low, bar), i32x4.lt_s(up, bar)))
  const last = i32x4.extract_lane(up, 3)
  value += delta * <f64>length + <f64>(total(i32x4.add(low, up)) - (8 - length) * last)
  delta += <f64>last
}

/** Running sums of eight lanes. */
// @ts-ignore: decorator
@inline
function wordSums(lanes: v128): v128 {
  const none = i16x8.splat(0)
  const pairs = i16x8.add(lanes, v128.shuffle<i16>(none, lanes, 0, 8, 9, 10, 11, 12, 13, 14))
  const fours = i16x8.add(pairs, v128.shuffle<i16>(none, pairs, 0, 1, 8, 9, 10, 11, 12, 13))
  return i16x8.add(fours, v128.shuffle<i16>(none, fours, 0, 1, 2, 3, 8, 9, 10, 11))
}

/** Running sums of four lanes. */
// @ts-ignore: decorator
@inline
function longSums(lanes: v128): v128 {
  const none = i32x4.splat(0)
  const pairs = i32x4.add(lanes, v128.shuffle<i32>(none, lanes, 0, 4, 5, 6))
  return i32x4.add(pairs, v128.shuffle<i32>(none, pairs, 0, 1, 4, 5))
}

// @ts-ignore: decorator
@inline
function total(lanes: v128): i32 {
  const pairs = i32x4.add(lanes, v128.shuffle<i32>(lanes, lanes, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}
