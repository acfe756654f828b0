import { KERNELS_BASE64 } from './native-module.ts'
import { ReusableBuffer } from './reusable-buffer.ts'

const PAGE_BYTES = 64 * 1024
/** Of address space, not of memory: a page counts from its first use. Fixed, so that no view of it ever dies. */
const MEMORY_PAGES = 8192
/** The module's own constants lie below. */
const FIRST_BYTE = PAGE_BYTES

/** What is used of the engine's own WebAssembly, whose types belong to browsers. */
interface WebAssemblyEngine {
  readonly Memory: new (limits: {
    initial: number
    maximum: number
    shared: boolean
  }) => { readonly buffer: SharedArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}

/** Loops of wasm/kernels.ts; addresses are places in `NativeMemory.bytes`. */
interface Kernels {
  readonly unpack: (start: number, end: number, out: number, length: number) => number
  readonly pack: (start: number, end: number, out: number, table: number) => number
  readonly equal: (a: number, b: number, length: number) => number
  readonly equalPacked: (steps: number, anchor: number, at: number, length: number) => number
  readonly numberPoints: (start: number, end: number, out: number, max: number, arena: number, head: number) => number
  readonly remoteSeries: (
    start: number,
    end: number,
    out: number,
    maxSamples: number,
    maxRows: number,
    base: number,
    samples: number,
  ) => number
  readonly hash: (at: number, end: number, seed: number) => number
  readonly findRows: (
    bytes: number,
    columns: number,
    count: number,
    seed: number,
    space: number,
    slots: number,
    mask: number,
    records: number,
    probes: number,
  ) => number
  readonly plainAttributes: (start: number, end: number, tag: number) => number
  readonly gather: (bytes: number, froms: number, ends: number, count: number, out: number) => void
  readonly dictionary: (
    bytes: number,
    froms: number,
    ends: number,
    count: number,
    codes: number,
    table: number,
    entries: number,
    most: number,
  ) => number
  readonly shred: (
    bytes: number,
    froms: number,
    ends: number,
    row: number,
    rows: number,
    codes: number,
    block: number,
    last: number,
  ) => number
  readonly encode: (key: number, at: number, bytes: number, from: number, to: number) => void
  readonly keySlot: (block: number, name: number, length: number, tag: number) => number
  readonly layoutSlot: (block: number, count: number) => number
  readonly points: (
    values: number,
    present: number,
    steps: number,
    heads: number,
    offsets: number,
    out: number,
  ) => number
  readonly needles: (
    bytes: number,
    length: number,
    needle: number,
    needleLength: number,
    first: number,
    second: number,
    out: number,
    most: number,
  ) => number
  readonly pick: (
    codes: number,
    rest: number,
    width: number,
    order: number,
    first: number,
    difference: number,
    power: number,
    places: number,
    count: number,
    out: number,
  ) => number
}

/**
 * Memory that the SIMD loops reach: 512 MiB of address space, given out in blocks. One per thread; who gets no block
 * uses memory of its own and the plain loops.
 */
export class NativeMemory {
  readonly kernels: Kernels
  /** All of it. */
  readonly bytes: Uint8Array
  readonly #free = new Map<number, number[]>()
  #next = FIRST_BYTE

  /** Throws where the engine has no SIMD or the address space is not to be had. */
  constructor() {
    const engine = (globalThis as unknown as { WebAssembly: WebAssemblyEngine }).WebAssembly
    const memory = new engine.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true })
    const module = new engine.Module(Buffer.from(KERNELS_BASE64, 'base64'))
    this.kernels = new engine.Instance(module, { env: { memory } }).exports as Kernels
    this.bytes = new Uint8Array(memory.buffer)
  }

  /**
   * @param sizeBytes a multiple of 64 KiB
   * @returns the address of a block, which holds rubbish, or -1 where there is none left
   */
  allocate(sizeBytes: number): number {
    const reused = this.#free.get(sizeBytes)?.pop()
    if (reused !== undefined) return reused
    // Loops read over the end of what they are given: the last page stays free.
    if (this.#next + sizeBytes > this.bytes.length - PAGE_BYTES) return -1
    const address = this.#next
    this.#next += sizeBytes
    return address
  }

  /** Gives a block back; it serves blocks of the same size. */
  free(address: number, sizeBytes: number): void {
    const blocks = this.#free.get(sizeBytes)
    if (blocks === undefined) this.#free.set(sizeBytes, [address])
    else blocks.push(address)
  }

  /** @returns the address of the first byte of a view, or -1 where it lies elsewhere */
  addressOf(view: ArrayBufferView): number {
    return view.buffer === this.bytes.buffer ? view.byteOffset : -1
  }
}

let memory: NativeMemory | undefined
let isMissing = false

/** This thread's memory, made when it is first asked for; undefined where the machine cannot have it. */
export function nativeMemory(): NativeMemory | undefined {
  if (memory !== undefined || isMissing) return memory
  try {
    memory = new NativeMemory()
  } catch {
    isMissing = true
  }
  return memory
}

/**
 * What works in a block of its own, of which a thread has one.
 * @param sizeBytes a multiple of 64 KiB
 * @returns gives this thread's, made at the first call; undefined where the machine has no such memory
 */
export function oneInBlock<One>(
  sizeBytes: number,
  make: (native: NativeMemory, block: number) => One,
): () => One | undefined {
  let one: One | undefined
  let isNone = false
  return () => {
    if (one !== undefined || isNone) return one
    const native = nativeMemory()
    const block = native?.allocate(sizeBytes) ?? -1
    if (native === undefined || block < 0) isNone = true
    else one = make(native, block)
    return one
  }
}

/** Larger buffers are of the ordinary heap, so that a few huge bodies do not use up the blocks. */
const BUFFER_BYTES_MAX = 16 * 1024 * 1024

/** A reusable buffer in native memory, while there is some. */
export class NativeBuffer extends ReusableBuffer {
  protected override allocate(sizeBytes: number): Uint8Array {
    const native = nativeMemory()
    const blockBytes = Math.max(PAGE_BYTES, 2 ** Math.ceil(Math.log2(sizeBytes)))
    const address = native === undefined || blockBytes > BUFFER_BYTES_MAX ? -1 : native.allocate(blockBytes)
    return native === undefined || address < 0
      ? super.allocate(sizeBytes)
      : native.bytes.subarray(address, address + blockBytes)
  }

  protected override release(bytes: Uint8Array): void {
    const native = nativeMemory()
    const address = native?.addressOf(bytes) ?? -1
    if (address >= 0) native?.free(address, bytes.length)
  }
}
