/** Hashing and comparing of texts, for the loops of the other sources. Up to 7 bytes behind a text are read. */

export const TEXT_FACTOR: u64 = 0x9e3779b97f4a7c15

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function hashText(start: usize, length: usize): u32 {
  let hash = <u64>length * TEXT_FACTOR
  let at: usize = 0
  for (; at + 8 <= length; at += 8) {
    hash = (hash ^ load<u64>(start + at)) * TEXT_FACTOR
    hash ^= hash >> 29
  }
  if (at < length) hash = (hash ^ (load<u64>(start + at) & lowBytes(length - at))) * TEXT_FACTOR
  return <u32>(hash ^ (hash >> 32))
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isSameText(a: usize, b: usize, length: usize): bool {
  let at: usize = 0
  for (; at + 8 <= length; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false
  return at == length || ((load<u64>(a + at) ^ load<u64>(b + at)) & lowBytes(length - at)) == 0
}

/** Ones for 1 to 7 bytes. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function lowBytes(count: usize): u64 {
  return ((<u64>1) << (<u64>count << 3)) - 1
}
