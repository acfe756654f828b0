import { type NativeMemory, oneInBlock } from '@vantage/bytes'
import type { MetricBatch } from '@vantage/model'

/** One block: the place behind the last series, then the columns of one run. */
const BLOCK_BYTES = 128 * 1024
const OUT_AT = 8
export const SAMPLES_PER_RUN = 4096
export const ROWS_PER_RUN = 2048

/** What the SIMD loop found of plain series (`remoteSeries` of wasm/kernels.ts). Owner: one thread. */
class NativeSeries {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #end: Uint32Array
  readonly #times: Float64Array
  readonly #halves: Uint32Array
  readonly #froms: Int32Array
  readonly #ends: Int32Array
  readonly #counts: Int32Array

  constructor(native: NativeMemory, block: number) {
    const { buffer } = native.bytes
    this.#native = native
    this.#block = block
    this.#end = new Uint32Array(buffer, block + OUT_AT - 4, 1)
    let at = block + OUT_AT
    this.#times = new Float64Array(buffer, at, SAMPLES_PER_RUN)
    at += SAMPLES_PER_RUN * 8
    this.#halves = new Uint32Array(buffer, at, SAMPLES_PER_RUN * 2)
    at += SAMPLES_PER_RUN * 8
    const column = (index: number) => new Int32Array(buffer, at + index * ROWS_PER_RUN * 4, ROWS_PER_RUN)
    this.#froms = column(0)
    this.#ends = column(1)
    this.#counts = column(2)
  }

  /**
   * Adds the series at the front of `body[at, end)` to the batch as rows.
   * @returns the offset of the first field that it left
   */
  read(body: Uint8Array, at: number, end: number, batch: MetricBatch): number {
    const address = this.#native.addressOf(body)
    if (address < 0) return at
    const { remoteSeries } = this.#native.kernels
    const out = this.#block + OUT_AT
    const { rowCount, sampleCount } = batch
    const rows = remoteSeries(address + at, address + end, out, SAMPLES_PER_RUN, ROWS_PER_RUN, at, sampleCount)
    if (rows === 0) return at
    const samples = (this.#counts[rows - 1] as number) - sampleCount
    while (batch.times.length < sampleCount + samples) batch.growSamples()
    while (batch.aliasStart.length < rowCount + rows) batch.growRows()
    batch.times.set(this.#times.subarray(0, samples), sampleCount)
    batch.halves.set(this.#halves.subarray(0, samples * 2), sampleCount * 2)
    batch.aliasStart.set(this.#froms.subarray(0, rows), rowCount)
    batch.aliasEnd.set(this.#ends.subarray(0, rows), rowCount)
    batch.sampleFrom.set(this.#counts.subarray(0, rows), rowCount + 1)
    batch.rowCount += rows
    batch.sampleCount += samples
    return (this.#end[0] as number) - address
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativeSeries = oneInBlock(BLOCK_BYTES, (native, block) => new NativeSeries(native, block))
