/**
 * Alias bytes of series: hashing, comparing, and finding those of whole batches (alias-table.ts of the store, whose plain
 * loops are the referee). AssemblyScript: compiled by tools/build-wasm.ts into src/native-module.ts.
 */

/** True where `length` bytes at both places are equal. */
export function equal(a: usize, b: usize, length: i32): bool {
  const size = <usize>length
  if (size < 16) {
    for (let i: usize = 0; i < size; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false
    return true
  }
  const last = size - 16
  let i: usize = 0
  for (; i + 32 <= size; i += 32) {
    const low = v128.xor(v128.load(a + i), v128.load(b + i))
    const high = v128.xor(v128.load(a + i, 16), v128.load(b + i, 16))
    if (v128.any_true(v128.or(low, high))) return false
  }
  if (i < last && v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false
  // The last 16 overlap what was compared.
  return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)))
}

/**
 * True where the `length` bytes at `at` are those that the steps of a packed alias stand for (alias-packer.ts of the
 * store, whose `equals` is the referee). Up to 15 bytes behind all three are read.
 */
export function equalPacked(steps: usize, anchor: usize, at: usize, length: i32): bool {
  const end = at + <usize>length
  let from = steps
  let to = at
  while (to < end) {
    const step = load<u32>(from)
    from += 4
    const literal = <usize>(step & 0xff)
    if (differ(from, to, literal)) return false
    from += literal
    to += literal
    const match = <usize>((step >>> 8) & 0xff)
    if (differ(anchor + <usize>(step >>> 16), to, match)) return false
    to += match
  }
  return true
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function differ(a: usize, b: usize, length: usize): bool {
  let i: usize = 0
  for (; i + 16 <= length; i += 16) if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return true
  if (i == length) return false
  const unequal = i8x16.bitmask(i8x16.ne(v128.load(a + i), v128.load(b + i)))
  return (unequal & ((1 << <i32>(length - i)) - 1)) != 0
}

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/** `hashLanes` of the store (hash.ts): its eight lanes are the words of two vectors. */
export function hash(at: usize, end: usize, seed: i32): i32 {
  let x = i32x4(seed, seed ^ 0x9e3779b9, seed ^ 0x7f4a7c15, seed ^ 0x165667b1)
  let y = v128.not(x)
  let p = at
  for (; p + 32 <= end; p += 32) {
    x = mixLanes(x, p)
    y = mixLanes(y, p + 16)
  }
  if (p + 16 <= end) {
    x = mixLanes(x, p)
    p += 16
  }
  x = i32x4.add(x, i32x4.mul(y, i32x4.splat(C2)))
  let a = i32x4.extract_lane(x, 0)
  let b = i32x4.extract_lane(x, 1)
  for (; p + 4 <= end; p += 4) b = ((b ^ load<i32>(p)) * C2) ^ (b >>> 13)
  for (; p < end; p++) a = (a ^ <i32>load<u8>(p)) * C2 + 0x2545f491
  const mixed = mixWord(mixWord(mixWord(a, b), i32x4.extract_lane(x, 2)), i32x4.extract_lane(x, 3))
  return finishHash(mixed ^ <i32>(end - at))
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function mixLanes(lanes: v128, at: usize): v128 {
  const mixed = i32x4.mul(v128.xor(lanes, v128.load(at)), i32x4.splat(C1))
  return v128.xor(mixed, i32x4.shr_u(mixed, 15))
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function mixWord(hash: i32, word: i32): i32 {
  return rotl(hash ^ (rotl(word * C1, 15) * C2), 13) * 5 + 0xe6546b64
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function finishHash(hash: i32): i32 {
  let h = (hash ^ (hash >>> 16)) * 0x85ebca6b
  h = (h ^ (h >>> 13)) * 0xc2b2ae35
  return h ^ (h >>> 16)
}

/** Words of a segment: the records and slots of a table lie in segments, whose addresses are in a list. */
const SEGMENT_BITS: usize = 14
/** Columns of a batch follow each other: starts, ends, hashes, series; this many words each. */
const ROWS: usize = 2048
/** Places in a record of a table, in bytes. */
const RECORD_BITS: usize = 3
const LENGTH: usize = 4
const PLACE: usize = 8
const SERIES: usize = 16
const SPACE: usize = 20
const ANCHOR: usize = 24
const STORED: usize = 28
const LINE_BYTES: usize = 64

// @ts-expect-error: a decorator of AssemblyScript
@inline
function wordAt(segments: usize, index: usize): usize {
  return <usize>load<u32>(segments + ((index >>> SEGMENT_BITS) << 2)) + ((index & ((1 << SEGMENT_BITS) - 1)) << 2)
}

/** True where the record is of the bytes [at, end) of `space`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isSame(record: usize, at: usize, end: usize, space: i32): bool {
  const length = <i32>(end - at)
  const place = load<i32>(record + PLACE)
  if (load<i32>(record + LENGTH) != length || load<i32>(record + SPACE) != space || place < 0) return false
  const anchor = <usize>load<u32>(record + ANCHOR)
  return anchor != 0 ? equalPacked(<usize>place, anchor, at, length) : equal(<usize>place, at, length)
}

/**
 * Looks for the aliases of `count` rows, in any order. Loops that do nothing but load come first: they keep many loads on
 * their way at once, where comparing one row after the other would wait for each.
 * @param bytes what starts and ends are counted from
 * @param columns in: starts, ends; out: hashes, and series, −1 where the loop found none
 * @param slots list of segments of the hash table, `mask` + 1 slots in all: 0, or one more than the alias
 * @param records list of segments of the aliases' records
 * @returns nothing of use: what the first loops loaded
 */
export function findRows(
  bytes: usize,
  columns: usize,
  count: i32,
  seed: i32,
  space: i32,
  slots: usize,
  mask: u32,
  records: usize,
  probes: i32,
): i32 {
  const size = <usize>count << 2
  const ends = columns + (ROWS << 2)
  const hashes = ends + (ROWS << 2)
  const series = hashes + (ROWS << 2)
  let loaded: u32 = 0
  for (let i: usize = 0; i < size; i += 4) {
    const code = hash(bytes + <usize>load<u32>(columns + i), bytes + <usize>load<u32>(ends + i), seed)
    store<i32>(hashes + i, code)
    store<i32>(series + i, load<i32>(wordAt(slots, <usize>(<u32>code & mask))) - 1)
  }
  for (let i: usize = 0; i < size; i += 4) {
    const alias = load<i32>(series + i)
    if (alias >= 0) loaded ^= load<u32>(wordAt(records, <usize>alias << RECORD_BITS) + PLACE)
  }
  for (let i: usize = 0; i < size; i += 4) {
    const alias = load<i32>(series + i)
    if (alias < 0) continue
    const record = wordAt(records, <usize>alias << RECORD_BITS)
    const place = load<i32>(record + PLACE)
    if (place < 0) continue
    const last = <usize>place + <usize>load<u32>(record + STORED)
    for (let line = <usize>place; line < last; line += LINE_BYTES) loaded ^= load<u8>(line)
  }
  for (let i: usize = 0; i < size; i += 4) {
    const at = bytes + <usize>load<u32>(columns + i)
    const end = bytes + <usize>load<u32>(ends + i)
    store<i32>(series + i, findRow(at, end, space, load<i32>(hashes + i), slots, mask, records, probes))
  }
  return loaded
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function findRow(
  at: usize,
  end: usize,
  space: i32,
  code: i32,
  slots: usize,
  mask: u32,
  records: usize,
  probes: i32,
): i32 {
  for (let probe = 0; probe < probes; probe++) {
    const alias = load<i32>(wordAt(slots, <usize>(<u32>(code + probe) & mask))) - 1
    if (alias < 0) return -1
    const record = wordAt(records, <usize>alias << RECORD_BITS)
    if (load<i32>(record) == code && isSame(record, at, end, space)) return load<i32>(record + SERIES)
  }
  return -1
}
