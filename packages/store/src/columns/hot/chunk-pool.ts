import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN } from '../limits.ts'

/** Which views may still be read: a buffer is used again once none of them is. */
export interface PinEpochs {
  readonly current: number
  /** Above `current` while nothing is pinned. */
  readonly oldest: number
}

/**
 * The memory of all hot rows: a bound, buffers in use, and buffers that may be used again once no reader that was there
 * before can see them. Memory of a thread's views goes back to the system late, so buffers are kept and reused.
 */
export class ChunkPool {
  readonly #bytesMax: number
  readonly #pins: PinEpochs
  #free: { readonly buffer: SharedArrayBuffer; readonly epoch: number }[] = []
  #usedBytes = 0
  #freeBytes = 0

  constructor(bytesMax: number, pins: PinEpochs) {
    this.#bytesMax = bytesMax
    this.#pins = pins
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  get bytesMax(): number {
    return this.#bytesMax
  }

  /**
   * A buffer of at least `bytes`, zeroed or used before. What was asked for is always given: who may wait asks
   * `hasRoom` of the store first.
   */
  take(bytes: number): SharedArrayBuffer {
    const size = chunkSize(bytes)
    const { oldest } = this.#pins
    const found = this.#free.find((one) => one.buffer.byteLength === size && one.epoch < oldest)
    this.#usedBytes += size
    if (found !== undefined) {
      this.#free = this.#free.filter((one) => one !== found)
      this.#freeBytes -= size
      return found.buffer
    }
    this.#shed()
    return new SharedArrayBuffer(size)
  }

  give(buffer: SharedArrayBuffer): void {
    this.#usedBytes -= buffer.byteLength
    // Sizes beyond the largest are rare: nobody would ask for them again.
    if (buffer.byteLength > CHUNK_BYTES_MAX) return
    this.#freeBytes += buffer.byteLength
    this.#free.push({ buffer, epoch: this.#pins.current })
    this.#shed()
  }

  /** Free buffers of sizes that nobody asks for must not keep others out. */
  #shed(): void {
    while (this.#free.length > 0 && this.#usedBytes + this.#freeBytes > this.#bytesMax) {
      this.#freeBytes -= (this.#free.shift() as { buffer: SharedArrayBuffer }).buffer.byteLength
    }
  }
}

/** Powers of two; beyond the largest size whole MiB, for a row that is larger than any chunk. */
function chunkSize(bytes: number): number {
  if (bytes > CHUNK_BYTES_MAX) return Math.ceil(bytes / 2 ** 20) * 2 ** 20
  let size = CHUNK_BYTES_MIN
  while (size < bytes) size *= 2
  return size
}
