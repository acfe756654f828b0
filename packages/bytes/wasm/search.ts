/** Looks for texts in bytes. AssemblyScript, compiled with kernels.ts into one module; callers own the bounds. */
import { isSameText } from './text-hash'

/**
 * Places in [bytes, bytes + length) at which the needle begins, ascending. Two of its bytes are looked for at 16 places at
 * a time. Up to 15 bytes behind the last are read.
 * @param first and `second`: places of those bytes in the needle; rare ones are better
 * @param out gets places relative to `bytes`, i32, at most `most`
 * @returns how many; where it is `most`, there may be more behind the last
 */
export function needles(
  bytes: usize,
  length: i32,
  needle: usize,
  needleLength: i32,
  first: i32,
  second: i32,
  out: usize,
  most: i32,
): i32 {
  const a = i8x16.splat(load<u8>(needle + <usize>first))
  const b = i8x16.splat(load<u8>(needle + <usize>second))
  const fromA = bytes + <usize>first
  const fromB = bytes + <usize>second
  const last = length - needleLength
  let count = 0
  for (let at = 0; at <= last; at += 16) {
    const isA = i8x16.eq(v128.load(fromA + <usize>at), a)
    const isB = i8x16.eq(v128.load(fromB + <usize>at), b)
    let hits = i8x16.bitmask(v128.and(isA, isB))
    while (hits != 0) {
      const place = at + <i32>ctz(hits)
      hits &= hits - 1
      if (place > last || !isSameText(bytes + <usize>place, needle, <usize>needleLength)) continue
      if (count == most) return count
      store<i32>(out + (<usize>count << 2), place)
      count++
    }
  }
  return count
}
