/** Bytes behind the asked size, so that copies may run over the end by whole words. */
export const SLOP_BYTES = 64

const START_BYTES = 64 * 1024

/**
 * A buffer that one owner reuses for request after request. `bytes` is valid until the next `reserve`.
 * A buffer grown beyond `keepBytes` is given back by `trim`, so that one huge body does not stay for ever.
 */
export class ReusableBuffer {
  bytes: Uint8Array
  /** The same memory, for unaligned words. */
  view: DataView

  constructor() {
    this.bytes = this.allocate(START_BYTES)
    this.view = viewOf(this.bytes)
  }

  /** Makes room for `sizeBytes` plus `SLOP_BYTES`. What was there is kept up to `keep`. */
  reserve(sizeBytes: number, keep = 0): void {
    const need = sizeBytes + SLOP_BYTES
    const before = this.bytes
    if (need <= before.length) return
    this.bytes = this.allocate(Math.max(need, keep > 0 ? before.length * 2 : need))
    if (keep > 0) this.bytes.set(before.subarray(0, keep))
    this.release(before)
    this.view = viewOf(this.bytes)
  }

  trim(keepBytes: number): void {
    const before = this.bytes
    if (before.length <= keepBytes) return
    this.bytes = this.allocate(START_BYTES)
    this.release(before)
    this.view = viewOf(this.bytes)
  }

  protected allocate(sizeBytes: number): Uint8Array {
    return new Uint8Array(sizeBytes)
  }

  protected release(_bytes: Uint8Array): void {}
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
