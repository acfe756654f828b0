/**
 * Loops over texts and attributes of logs and spans. AssemblyScript, compiled with kernels.ts into one module; callers own
 * the bounds.
 */
import { hashText, isSameText } from './text-hash'

/** Of the table of `dictionary`; a fourth of it may be used. */
const DICTIONARY_SLOTS = 16384

/**
 * The different texts among `count` ranges of `bytes`, in the order in which they are met, as `rangeDictionary` of the
 * store, which is its referee. Up to 7 bytes behind each range are read.
 * @param froms where each begins and `ends` where it ends, i32
 * @param codes gets the place of each among the entries, i32
 * @param table 64 KiB, may hold rubbish
 * @param entries gets begin and end of each entry, room for `most`
 * @returns how many entries, or -1 where they are more than `most`
 */
export function dictionary(
  bytes: usize,
  froms: usize,
  ends: usize,
  count: i32,
  codes: usize,
  table: usize,
  entries: usize,
  most: i32,
): i32 {
  memory.fill(table, 0, DICTIONARY_SLOTS << 2)
  let known = 0
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const from = load<u32>(froms + i)
    const end = load<u32>(ends + i)
    const length = <usize>(end - from)
    const start = bytes + <usize>from
    let slot = hashText(start, length) & (DICTIONARY_SLOTS - 1)
    let code = load<u32>(table + (<usize>slot << 2))
    while (code != 0) {
      const entry = entries + (<usize>(code - 1) << 3)
      const entryFrom = load<u32>(entry)
      if (<usize>(load<u32>(entry, 4) - entryFrom) == length && isSameText(bytes + <usize>entryFrom, start, length)) break
      slot = (slot + 1) & (DICTIONARY_SLOTS - 1)
      code = load<u32>(table + (<usize>slot << 2))
    }
    if (code == 0) {
      if (known == most) return -1
      store<u32>(entries + (<usize>known << 3), from)
      store<u32>(entries + (<usize>known << 3), end, 4)
      code = ++known
      store<u32>(table + (<usize>slot << 2), code)
    }
    store<u32>(codes + i, code - 1)
  }
  return known
}

/**
 * Attributes of OTLP at the front of [start, end), each a field `tag` of up to 127 bytes: an ASCII key, and an ASCII text,
 * a number or a bool. Ends before the first that is anything else, which the plain check then judges. Up to 15 bytes
 * behind the message are read.
 * @returns how many, times 2^32, plus the place behind the last
 */
export function plainAttributes(start: usize, end: usize, tag: i32): f64 {
  let at = start
  let count = 0
  while (at + 6 <= end && <i32>load<u8>(at) == tag) {
    const from = at + 2
    const to = from + <usize>load<u8>(at + 1)
    if (load<u8>(at + 1) > 127 || to > end || load<u8>(from) != 0x0a) break
    const value = from + 2 + <usize>load<u8>(from + 1)
    if (load<u8>(from + 1) > 127 || value + 4 > to) break
    if (load<u8>(value) != 0x12 || <usize>load<u8>(value + 1) != to - value - 2) break
    const kind = load<u8>(value + 2)
    let textEnd = value
    if (kind == 0x0a) {
      if (<usize>load<u8>(value + 3) != to - value - 4) break
      textEnd = to
    } else if (kind == 0x21) {
      if (to - value != 11) break
    } else if ((kind != 0x18 && kind != 0x10) || !isVarint(value + 3, to)) break
    if (!isAscii(from, textEnd)) break
    count++
    at = to
  }
  return <f64>count * 4294967296.0 + <f64>at
}

/** One number of up to 9 bytes and nothing else. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isVarint(from: usize, end: usize): bool {
  let at = from
  while (at < end && load<u8>(at) >= 0x80) at++
  return at + 1 == end && end - from <= 9
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isAscii(from: usize, end: usize): bool {
  let at = from
  for (; at + 16 <= end; at += 16) if (i8x16.bitmask(v128.load(at)) != 0) return false
  return at == end || (i8x16.bitmask(v128.load(at)) & ((1 << <i32>(end - at)) - 1)) == 0
}

/**
 * Copies `count` ranges of `bytes` to `out`, one behind the other. Up to 15 bytes behind each range are read, as many behind
 * the last one written.
 * @param froms where each begins and `ends` where it ends, i32
 */
export function gather(bytes: usize, froms: usize, ends: usize, count: i32, out: usize): void {
  let to = out
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    const from = load<u32>(froms + i)
    const length = <usize>(load<u32>(ends + i) - from)
    const start = bytes + <usize>from
    for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(start + at))
    to += length
  }
}
