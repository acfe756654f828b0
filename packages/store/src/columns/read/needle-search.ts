import { copyBytes, type NativeMemory, oneInBlock } from '@vantage/bytes'

/** Finds one text in bytes: a walk over them from front to back. */
export interface NeedleWalk {
  /** Begins a walk. The bytes are the caller's; they stay as they are until the walk ends. */
  begin(bytes: Buffer): void
  /** @returns the place of the first that begins at or behind `from`, or -1; `from` never goes back in a walk */
  next(from: number): number
}

/** @param needle looked for only where it is not empty. Walks of several needles take turns: each begins where the one before has ended. */
export function needleWalk(needle: Buffer): NeedleWalk {
  const native = needle.length <= NATIVE_NEEDLE_BYTES_MAX ? nativeBlock() : undefined
  return native === undefined ? new PlainNeedleWalk(needle) : new NativeNeedleWalk(native, needle)
}

/** Shorter needles are left to `Buffer`: it looks for single bytes faster than any loop here. */
const HORSPOOL_BYTES_MIN = 5

/**
 * Source: R. N. Horspool, Practical fast searching in strings (1980): the byte at the needle's last place says how far it
 * may move. Quicker than `Buffer.indexOf` where the needle is often met, which costs that a call each.
 */
export class PlainNeedleWalk implements NeedleWalk {
  readonly #needle: Buffer
  readonly #steps: Uint8Array
  #bytes: Buffer = Buffer.alloc(0)

  constructor(needle: Buffer) {
    this.#needle = needle
    const longest = Math.min(needle.length, 255)
    this.#steps = new Uint8Array(256).fill(longest)
    for (let i = needle.length - longest; i < needle.length - 1; i++) {
      this.#steps[needle[i] as number] = needle.length - 1 - i
    }
  }

  begin(bytes: Buffer): void {
    this.#bytes = bytes
  }

  next(from: number): number {
    const bytes = this.#bytes
    const needle = this.#needle
    if (needle.length < HORSPOOL_BYTES_MIN) return bytes.indexOf(needle, from)
    const steps = this.#steps
    const last = needle.length - 1
    const lastByte = needle[last] as number
    const end = bytes.length
    for (let at = from + last; at < end; ) {
      const byte = bytes[at] as number
      if (byte === lastByte) {
        let k = last - 1
        while (k >= 0 && bytes[at - last + k] === needle[k]) k--
        if (k < 0) return at - last
      }
      at += steps[byte] as number
    }
    return -1
  }
}

/** Bytes that are searched by one call: a window, which stays in the processor's cache. */
const WINDOW_BYTES = 64 * 1024
const HITS_MAX = 8192
const NATIVE_NEEDLE_BYTES_MAX = 16 * 1024
/** What the loop reads behind the window and behind the needle. */
const OVERREAD_BYTES = 64
const NEEDLE_AT = WINDOW_BYTES + OVERREAD_BYTES
const HITS_AT = NEEDLE_AT + NATIVE_NEEDLE_BYTES_MAX + OVERREAD_BYTES
const BLOCK_BYTES = 192 * 1024

interface NativeBlock {
  readonly native: NativeMemory
  readonly address: number
  readonly hits: Int32Array
}

const nativeBlock = oneInBlock(BLOCK_BYTES, (native, address): NativeBlock => {
  return { native, address, hits: new Int32Array(native.bytes.buffer, address + HITS_AT, HITS_MAX) }
})

/** The bytes that lines are mostly made of, the commonest first; others are rarer. */
const COMMON = Buffer.from(' etaoinsrlcdu0123456789mphgf=":.,-_/bywvk')

function rarity(byte: number): number {
  const place = COMMON.indexOf(byte)
  return place < 0 ? COMMON.length : place
}

/** The same by the SIMD module, 16 places at a time: window by window, as the bytes have to be where it reaches them. */
export class NativeNeedleWalk implements NeedleWalk {
  readonly #block: NativeBlock
  readonly #needle: Buffer
  /** Places in the needle of its two rarest bytes. */
  readonly #first: number
  readonly #second: number
  #bytes: Buffer = Buffer.alloc(0)
  /** Where the window begins, and where the next one does: all hits in front of it are known. */
  #from = 0
  #end = 0
  #at = 0
  #count = 0

  constructor(block: NativeBlock, needle: Buffer) {
    this.#block = block
    this.#needle = needle
    const places = [...needle.keys()].sort((a, b) => rarity(needle[b] as number) - rarity(needle[a] as number))
    this.#first = places[0] ?? 0
    this.#second = places[1] ?? this.#first
  }

  begin(bytes: Buffer): void {
    this.#bytes = bytes
    this.#block.native.bytes.set(this.#needle, this.#block.address + NEEDLE_AT)
    this.#end = 0
    this.#at = 0
    this.#count = 0
  }

  next(from: number): number {
    const { hits } = this.#block
    for (;;) {
      while (this.#at < this.#count) {
        const place = this.#from + (hits[this.#at] as number)
        if (place >= from) return place
        this.#at++
      }
      const start = Math.max(from, this.#end)
      if (start + this.#needle.length > this.#bytes.length) return -1
      this.#look(start)
    }
  }

  #look(from: number): void {
    const { native, address, hits } = this.#block
    const { length } = this.#needle
    const size = Math.min(WINDOW_BYTES, this.#bytes.length - from)
    copyBytes(this.#bytes, from, from + size, native.bytes, address)
    const needle = address + NEEDLE_AT
    const out = address + HITS_AT
    const count = native.kernels.needles(address, size, needle, length, this.#first, this.#second, out, HITS_MAX)
    this.#from = from
    this.#at = 0
    this.#count = count
    this.#end = from + (count === HITS_MAX ? (hits[count - 1] as number) + 1 : size - length + 1)
  }
}
