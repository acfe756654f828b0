import { LIVE_KEEP_MS, RING_SAMPLES_MAX, RING_SAMPLES_START } from './limits.ts'

/** Offsets are rebased before they leave the range that float32 holds in whole milliseconds (2²⁴). */
const REBASE_AT_MS = 2 ** 23
/** A pause of this many usual intervals (and at least a second more) is a gap in the line. */
const GAP_INTERVALS = 4
const GAP_SLACK_MS = 1_000

/**
 * The newest samples of one series in mirrored ring buffers: sample k is written at k and at
 * k + capacity, so that any window is one contiguous run `[first, end)` of both arrays.
 * Times are float32 offsets from `baseMs`, because float32 cannot hold unix milliseconds.
 *
 * `push` allocates only where the ring grows (doubling, while it holds less than five minutes).
 */
export class SampleRing {
  times: Float32Array
  values: Float32Array
  capacity: number
  baseMs = 0
  count = 0
  /** The latest sample with all its bits. */
  lastValue = Number.NaN
  lastMs = Number.NEGATIVE_INFINITY
  /** Samples ever taken; the difference of two readings says how many are new. */
  taken = 0
  /** Usual time between samples, ms; 0 until two are known. */
  intervalMs = 0
  #next = 0

  constructor(capacity = RING_SAMPLES_START) {
    this.capacity = capacity
    this.times = new Float32Array(capacity * 2)
    this.values = new Float32Array(capacity * 2)
  }

  /** Index of the oldest sample; the run is [first, first + count). */
  get first(): number {
    return this.#next >= this.count ? this.#next - this.count : this.#next + this.capacity - this.count
  }

  /**
   * Adds one sample. An older one than the newest is dropped, the same time again replaces it.
   * @returns false where it was dropped
   */
  push(timeMs: number, value: number): boolean {
    if (this.count === 0) this.baseMs = timeMs
    else if (timeMs < this.lastMs) return false
    else if (timeMs === this.lastMs) {
      this.#write((this.#next + this.capacity - 1) % this.capacity, timeMs - this.baseMs, value)
      this.lastValue = value
      return true
    } else {
      const interval = timeMs - this.lastMs
      this.intervalMs = this.intervalMs === 0 ? interval : this.intervalMs + (interval - this.intervalMs) * 0.1
    }
    if (timeMs - this.baseMs > REBASE_AT_MS) this.#rebase()
    if (this.count === this.capacity) this.#growIfShort(timeMs)
    this.#write(this.#next, timeMs - this.baseMs, value)
    this.#next = (this.#next + 1) % this.capacity
    if (this.count < this.capacity) this.count++
    this.lastMs = timeMs
    this.lastValue = value
    this.taken++
    return true
  }

  /** Index of the first sample at or after `timeMs`, at most first + count. */
  indexAt(timeMs: number): number {
    const offset = timeMs - this.baseMs
    let low = this.first
    let high = low + this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.times[middle] as number) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Longest step between two samples that the line still joins, ms. */
  get joinMs(): number {
    return this.intervalMs * GAP_INTERVALS + GAP_SLACK_MS
  }

  #write(at: number, offset: number, value: number): void {
    this.times[at] = offset
    this.times[at + this.capacity] = offset
    this.values[at] = value
    this.values[at + this.capacity] = value
  }

  #rebase(): void {
    const first = this.first
    const shift = Math.floor(this.times[first] as number)
    for (let i = 0; i < this.times.length; i++) this.times[i] = (this.times[i] as number) - shift
    this.baseMs += shift
  }

  #growIfShort(nowMs: number): void {
    const first = this.first
    const heldMs = nowMs - this.baseMs - (this.times[first] as number)
    if (heldMs >= LIVE_KEEP_MS || this.capacity >= RING_SAMPLES_MAX) return
    const { times, values, count } = this
    this.capacity *= 2
    this.times = new Float32Array(this.capacity * 2)
    this.values = new Float32Array(this.capacity * 2)
    for (let i = 0; i < count; i++) this.#write(i, times[first + i] as number, values[first + i] as number)
    this.#next = count
  }
}
