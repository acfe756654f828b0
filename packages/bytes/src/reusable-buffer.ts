/** Bytes behind the asked size, so that copies may run over the end by whole words. */
export const SLOP_BYTES = 64

const START_BYTES = 64 * 1024

/**
 * A buffer that one owner reuses for request after request. `bytes` is valid until the next `reserve`.
 * A buffer grown beyond `keepBytes` is given back by `trim`, so that one huge body does not stay for ever.
 */
export class ReusableBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(START_BYTES)
  /** The same memory, for unaligned words. */
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer)

  /** Makes room for `sizeBytes` plus `SLOP_BYTES`. What was there is kept up to `keep`. */
  reserve(sizeBytes: number, keep = 0): void {
    const need = sizeBytes + SLOP_BYTES
    if (need <= this.bytes.length) return
    const bytes = new Uint8Array(Math.max(need, keep > 0 ? this.bytes.length * 2 : need))
    if (keep > 0) bytes.set(this.bytes.subarray(0, keep))
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }

  trim(keepBytes: number): void {
    if (this.bytes.length <= keepBytes) return
    this.bytes = new Uint8Array(START_BYTES)
    this.view = new DataView(this.bytes.buffer)
  }
}
