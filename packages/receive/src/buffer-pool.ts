import { ReusableBuffer } from '@vantage/bytes'
import { POOL_BUFFER_BYTES_MAX, POOL_BUFFERS_MAX } from './limits.ts'

/**
 * Buffers of bodies, used again. How many are out at once is bounded by the in-flight bytes of the requests
 * that hold them; what lies here unused is bounded by `POOL_BUFFERS_MAX × POOL_BUFFER_BYTES_MAX`.
 */
export class BufferPool {
  readonly #free: ReusableBuffer[] = []

  take(): ReusableBuffer {
    return this.#free.pop() ?? new ReusableBuffer()
  }

  /** Back from its request, which must not touch it any more. */
  give(buffer: ReusableBuffer): void {
    if (this.#free.length >= POOL_BUFFERS_MAX) return
    buffer.trim(POOL_BUFFER_BYTES_MAX)
    this.#free.push(buffer)
  }

  get freeCount(): number {
    return this.#free.length
  }
}
