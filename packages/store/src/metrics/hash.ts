/**
 * 32-bit hashes over bytes, seeded at start so that senders cannot aim at a table's slots.
 * Mixing as in MurmurHash3_x86_32 (Austin Appleby, public domain).
 */
const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/** @returns a signed 32-bit hash of bytes [at, at + length) */
export function hashBytes(bytes: Uint8Array, at: number, length: number, seed: number): number {
  let hash = seed
  const whole = at + (length & ~3)
  let p = at
  for (; p < whole; p += 4) {
    const word =
      (bytes[p] as number) |
      ((bytes[p + 1] as number) << 8) |
      ((bytes[p + 2] as number) << 16) |
      ((bytes[p + 3] as number) << 24)
    hash = mixWord(hash, word)
  }
  let tail = 0
  for (let shift = 0; p < at + length; p++, shift += 8) tail |= (bytes[p] as number) << shift
  return finishHash(mixWord(hash, tail) ^ length)
}

/** Folds one word into a running hash. */
export function mixWord(hash: number, word: number): number {
  const k = Math.imul(word, C1)
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), C2)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

export function finishHash(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/**
 * Eight independent lanes of 32 bytes a step: the hash of alias bytes. `hash` of wasm/aliases.ts is the same.
 * @returns a signed 32-bit hash of bytes [at, end)
 */
export function hashLanes(view: DataView, at: number, end: number, seed: number): number {
  let a = seed
  let b = seed ^ 0x9e3779b9
  let c = seed ^ 0x7f4a7c15
  let d = seed ^ 0x165667b1
  let e = ~a
  let f = ~b
  let g = ~c
  let h = ~d
  let p = at
  for (const last = end - 32; p <= last; p += 32) {
    a = mixLane(a, view.getInt32(p, true))
    b = mixLane(b, view.getInt32(p + 4, true))
    c = mixLane(c, view.getInt32(p + 8, true))
    d = mixLane(d, view.getInt32(p + 12, true))
    e = mixLane(e, view.getInt32(p + 16, true))
    f = mixLane(f, view.getInt32(p + 20, true))
    g = mixLane(g, view.getInt32(p + 24, true))
    h = mixLane(h, view.getInt32(p + 28, true))
  }
  if (p + 16 <= end) {
    a = mixLane(a, view.getInt32(p, true))
    b = mixLane(b, view.getInt32(p + 4, true))
    c = mixLane(c, view.getInt32(p + 8, true))
    d = mixLane(d, view.getInt32(p + 12, true))
    p += 16
  }
  a = (a + Math.imul(e, C2)) | 0
  b = (b + Math.imul(f, C2)) | 0
  c = (c + Math.imul(g, C2)) | 0
  d = (d + Math.imul(h, C2)) | 0
  for (const last = end - 4; p <= last; p += 4) b = Math.imul(b ^ view.getInt32(p, true), C2) ^ (b >>> 13)
  for (; p < end; p++) a = Math.imul(a ^ view.getUint8(p), C2) + 0x2545f491
  return finishHash(mixWord(mixWord(mixWord(a, b), c), d) ^ (end - at))
}

function mixLane(lane: number, word: number): number {
  const mixed = Math.imul(lane ^ word, C1)
  return mixed ^ (mixed >>> 15)
}

/** True where both ranges of `length` bytes are equal. */
export function equalRanges(a: DataView, aAt: number, b: DataView, bAt: number, length: number): boolean {
  let i = 0
  for (const last = length - 16; i <= last; i += 16) {
    if (
      a.getInt32(aAt + i, true) !== b.getInt32(bAt + i, true) ||
      a.getInt32(aAt + i + 4, true) !== b.getInt32(bAt + i + 4, true) ||
      a.getInt32(aAt + i + 8, true) !== b.getInt32(bAt + i + 8, true) ||
      a.getInt32(aAt + i + 12, true) !== b.getInt32(bAt + i + 12, true)
    ) {
      return false
    }
  }
  for (const last = length - 4; i <= last; i += 4) {
    if (a.getInt32(aAt + i, true) !== b.getInt32(bAt + i, true)) return false
  }
  if (i === length) return true
  // The last word overlaps what was compared, instead of one to three single bytes.
  if (length >= 4) return a.getInt32(aAt + length - 4, true) === b.getInt32(bAt + length - 4, true)
  for (; i < length; i++) if (a.getUint8(aAt + i) !== b.getUint8(bAt + i)) return false
  return true
}
