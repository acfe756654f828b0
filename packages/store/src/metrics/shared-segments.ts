import { assert } from '@vantage/model'
import { SEGMENT_BYTES, SEGMENT_WORD_BITS, SEGMENT_WORD_MASK, SEGMENT_WORDS } from './limits.ts'

/**
 * Memory that one thread writes and many read in place: fixed segments of shared memory, never growable ones
 * (length-tracking views make byte loops 10 to 20 times slower). An address counts words of 4 bytes over all
 * segments; a block never crosses a segment's end. Address 0 is never handed out, so 0 means "none".
 */
export class SharedSegments {
  readonly buffers: SharedArrayBuffer[] = []
  readonly words: Int32Array[] = []
  readonly doubles: Float64Array[] = []
  readonly bytes: Uint8Array[] = []
  /** Writer only: the next free word. */
  top = 2

  get byteLength(): number {
    return this.buffers.length * SEGMENT_BYTES
  }

  /** Takes `wordCount` zeroed words, 8-byte aligned, within one segment. @returns the address */
  allocate(wordCount: number): number {
    assert(wordCount <= SEGMENT_WORDS, `block of ${wordCount} words does not fit a segment`)
    let at = (this.top + 1) & ~1
    if ((at & SEGMENT_WORD_MASK) + wordCount > SEGMENT_WORDS) at = ((at >>> SEGMENT_WORD_BITS) + 1) << SEGMENT_WORD_BITS
    at >>>= 0
    this.top = at + wordCount
    this.cover(this.top)
    return at
  }

  /** Adds segments until words [0, wordCount) exist; for columns indexed by an id. */
  cover(wordCount: number): void {
    while (this.buffers.length * SEGMENT_WORDS < wordCount) this.attach(new SharedArrayBuffer(SEGMENT_BYTES))
  }

  attach(buffer: SharedArrayBuffer): void {
    this.buffers.push(buffer)
    this.words.push(new Int32Array(buffer))
    this.doubles.push(new Float64Array(buffer))
    this.bytes.push(new Uint8Array(buffer))
  }
}

/** Segments a reader does not have yet: `buffers` start at segment `from`. Serialisable. */
export interface SegmentsDelta {
  readonly from: number
  readonly buffers: readonly SharedArrayBuffer[]
}

export function segmentsSince(segments: SharedSegments, from: number): SegmentsDelta {
  return { from, buffers: segments.buffers.slice(from) }
}

/** Appends what is new; a delta that starts before the end overlaps and only its rest is taken. */
export function attachDelta(segments: SharedSegments, delta: SegmentsDelta): void {
  assert(delta.from <= segments.buffers.length, 'a view message was lost: segments are missing')
  for (let i = segments.buffers.length - delta.from; i < delta.buffers.length; i++) {
    segments.attach(delta.buffers[i] as SharedArrayBuffer)
  }
}

export function wordAt(segments: SharedSegments, address: number): number {
  return (segments.words[address >>> SEGMENT_WORD_BITS] as Int32Array)[address & SEGMENT_WORD_MASK] as number
}

export function setWord(segments: SharedSegments, address: number, value: number): void {
  ;(segments.words[address >>> SEGMENT_WORD_BITS] as Int32Array)[address & SEGMENT_WORD_MASK] = value
}

/** Reads a word that the writer publishes last: everything written before it is visible after this call. */
export function loadWord(segments: SharedSegments, address: number): number {
  return Atomics.load(segments.words[address >>> SEGMENT_WORD_BITS] as Int32Array, address & SEGMENT_WORD_MASK)
}

/** Publishes a word. */
export function storeWord(segments: SharedSegments, address: number, value: number): void {
  Atomics.store(segments.words[address >>> SEGMENT_WORD_BITS] as Int32Array, address & SEGMENT_WORD_MASK, value)
}

/** `address` must be even. */
export function doubleAt(segments: SharedSegments, address: number): number {
  return (segments.doubles[address >>> SEGMENT_WORD_BITS] as Float64Array)[
    (address & SEGMENT_WORD_MASK) >>> 1
  ] as number
}

export function setDouble(segments: SharedSegments, address: number, value: number): void {
  ;(segments.doubles[address >>> SEGMENT_WORD_BITS] as Float64Array)[(address & SEGMENT_WORD_MASK) >>> 1] = value
}
