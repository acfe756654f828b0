import { getUint32, type NativeMemory } from '@vantage/bytes'
import { equalRanges } from '../hash.ts'

/**
 * Aliases of one sender are nearly alike: the same labels, a few other values. One is kept as it is, an *anchor*; the next
 * ones as what differs from it. A packed alias is a row of steps:
 *
 *     literal bytes u8 | bytes of the anchor u8 | their place in the anchor u16 | the literal bytes
 *
 * which follow each other, first the literal, then what is taken from the anchor, until the alias is whole. Comparing
 * reads the anchor, which lies in the nearest cache, and a fourth of the bytes from far away.
 */
const STEP_BYTES = 4
const RUN_MAX = 255
/** A step must save more than it takes. */
const MATCH_MIN = 8
/** Shorter ones are not worth the steps; in longer ones places of the anchor would not fit their 16 bits. */
const PACKED_MIN = 48
const PACKED_MAX = 16 * 1024
/** Packed aliases are smaller than this share, others become anchors. */
const SHARE_MAX = 0.6
/** Kinds of senders that may take turns. */
const ANCHORS_MAX = 4
const TABLE_BITS = 10

interface Anchor {
  readonly address: number
  readonly length: number
  /** By the hash of four bytes, one more than their place. */
  readonly table: Uint16Array
}

const out = new Uint8Array(PACKED_MAX)

/** Packs aliases into native memory. Owner: one alias table. */
export class AliasPacker {
  readonly #native: NativeMemory
  readonly #memory: DataView
  /** The one that fitted last comes first. */
  #anchors: Anchor[] = []

  constructor(native: NativeMemory) {
    this.#native = native
    this.#memory = new DataView(native.bytes.buffer)
  }

  /** Anchors are forgotten: their memory is about to be given away. */
  clear(): void {
    this.#anchors = []
  }

  /**
   * Packs bytes [at, end).
   * @returns address of the anchor and the steps, valid until the next call; undefined where it is like none
   */
  pack(bytes: Uint8Array, at: number, end: number): { anchor: number; steps: Uint8Array } | undefined {
    const length = end - at
    if (length < PACKED_MIN || length > PACKED_MAX) return undefined
    for (const [i, anchor] of this.#anchors.entries()) {
      const size = this.#packWith(anchor, bytes, at, end, Math.floor(length * SHARE_MAX))
      if (size < 0) continue
      if (i > 0) this.#anchors = [anchor, ...this.#anchors.filter((one) => one !== anchor)]
      return { anchor: anchor.address, steps: out.subarray(0, size) }
    }
    return undefined
  }

  /** Packs the next ones against an alias that lies in native memory as it is. */
  addAnchor(address: number, length: number): void {
    if (length < PACKED_MIN || length > PACKED_MAX) return
    const table = new Uint16Array(1 << TABLE_BITS)
    const { bytes } = this.#native
    for (let i = 0; i + 4 <= length; i++) table[slotOf(getUint32(bytes, address + i))] = i + 1
    this.#anchors = [{ address, length, table }, ...this.#anchors.slice(0, ANCHORS_MAX - 1)]
  }

  /** `equalPacked` of the SIMD loops, for bytes [at, at + length) that they do not reach. */
  equals(steps: number, anchor: number, view: DataView, at: number, length: number): boolean {
    const memory = this.#memory
    const end = at + length
    let from = steps
    for (let to = at; to < end; ) {
      const step = memory.getUint32(from, true)
      from += STEP_BYTES
      const literal = step & 0xff
      if (!equalRanges(memory, from, view, to, literal)) return false
      from += literal
      to += literal
      const match = (step >>> 8) & 0xff
      if (!equalRanges(memory, anchor + (step >>> 16), view, to, match)) return false
      to += match
    }
    return true
  }

  /** @returns bytes of the steps in `out`, or -1 where they are more than `max` */
  #packWith(anchor: Anchor, bytes: Uint8Array, at: number, end: number, max: number): number {
    const memory = this.#native.bytes
    const base = anchor.address
    let size = 0
    let literalAt = at
    for (let i = at; i + 4 <= end; ) {
      if (size + i - literalAt > max) return -1
      const word = getUint32(bytes, i)
      const place = (anchor.table[slotOf(word)] as number) - 1
      if (place < 0 || getUint32(memory, base + place) !== word) {
        i++
        continue
      }
      let start = i
      let from = place
      for (; start > literalAt && from > 0 && bytes[start - 1] === memory[base + from - 1]; from--) start--
      let stop = i + 4
      const anchorEnd = base + anchor.length
      for (let k = base + place + 4; stop < end && k < anchorEnd && bytes[stop] === memory[k]; k++) stop++
      if (stop - start < MATCH_MIN) {
        i++
        continue
      }
      size = putSteps(size, bytes, literalAt, start, stop - start, from, max)
      if (size < 0) return -1
      literalAt = i = stop
    }
    return literalAt < end ? putSteps(size, bytes, literalAt, end, 0, 0, max) : size
  }
}

/** Appends a literal and a match to `out`. @returns the new size, or -1 where it is more than `max` */
function putSteps(
  size: number,
  bytes: Uint8Array,
  literalAt: number,
  literalEnd: number,
  match: number,
  from: number,
  max: number,
): number {
  let at = size
  let literal = literalAt
  let taken = 0
  while (literal < literalEnd || taken < match) {
    const run = Math.min(RUN_MAX, literalEnd - literal)
    // What is taken from the anchor follows the last piece of the literal.
    const copy = literal + run === literalEnd ? Math.min(RUN_MAX, match - taken) : 0
    if (at + STEP_BYTES + run > max) return -1
    const place = copy === 0 ? 0 : from + taken
    out[at] = run
    out[at + 1] = copy
    out[at + 2] = place & 0xff
    out[at + 3] = place >>> 8
    at += STEP_BYTES
    for (let i = 0; i < run; i++) out[at++] = bytes[literal + i] as number
    literal += run
    taken += copy
  }
  return at
}

function slotOf(word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS)
}
