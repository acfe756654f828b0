import { NativeBuffer, ReusableBuffer } from '@vantage/bytes'
import { POOL_BUFFER_BYTES_MAX, POOL_BYTES_MAX, POOL_NATIVE_MAX } from './limits.ts'

/**
 * Buffers of bodies, used again. How many are out at once is bounded by the in-flight bytes of the requests that hold
 * them; what lies here unused by `POOL_BYTES_MAX`. The first ones are in the memory that the SIMD loops reach, which is
 * never given back to the system.
 */
export class BufferPool {
  readonly #free: ReusableBuffer[] = []
  #freeBytes = 0
  #natives = 0

  take(): ReusableBuffer {
    const buffer = this.#free.pop()
    if (buffer !== undefined) {
      this.#freeBytes -= buffer.bytes.length
      return buffer
    }
    if (this.#natives === POOL_NATIVE_MAX) return new ReusableBuffer()
    this.#natives++
    return new NativeBuffer()
  }

  /** Back from its request, which must not touch it any more. */
  give(buffer: ReusableBuffer): void {
    buffer.trim(POOL_BUFFER_BYTES_MAX)
    if (this.#freeBytes + buffer.bytes.length > POOL_BYTES_MAX && !(buffer instanceof NativeBuffer)) return
    this.#freeBytes += buffer.bytes.length
    this.#free.push(buffer)
  }

  get freeCount(): number {
    return this.#free.length
  }
}
