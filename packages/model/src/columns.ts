import type { Labels } from './labels.ts'

/**
 * Samples of one series in columns: ascending times, one value each, owned by the caller and
 * reused between reads. `halves` is the same memory as `values`, for bit-exact tests (staleness).
 */
export class SampleColumns {
  count = 0
  times: Float64Array
  values: Float64Array
  halves: Uint32Array
  /**
   * Two reads of the same range that return the same key other than 0 returned equal `times`,
   * so work on window bounds may be shared. 0 says nothing.
   */
  timesKey = 0
  /** True promises that no sample is a staleness marker, so that nobody needs to look. */
  isFreeOfMarkers = false
  /** True promises that no value lies below the one before it, as those of a counter without resets. */
  isAscending = false
  /** True where samples were left out that do not fall below those before them. */
  isThinned = false
  /** Of thinned samples the place of each among all; the first `ranked` are valid. */
  ranks = new Int32Array(0)
  ranked = 0
  /** So many samples, those that were left out among them, have a place. */
  fullCount = 0

  constructor(capacity = 1024) {
    this.times = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
    this.halves = new Uint32Array(this.values.buffer)
  }

  reset(): void {
    this.count = 0
    this.timesKey = 0
    this.isFreeOfMarkers = false
    this.isAscending = false
    this.isThinned = false
    this.ranked = 0
    this.fullCount = 0
  }

  /** Gives a place to the samples that were added without one: none was left out between them. */
  rankRest(): void {
    this.#reserveRanks()
    while (this.ranked < this.count) this.ranks[this.ranked++] = this.fullCount++
  }

  /**
   * Gives a place to the samples that were added last, between which others were left out.
   * @param places of each of them, ascending, from any origin
   * @param behind so many were left out behind the last one
   */
  rankThinned(places: Int32Array, behind: number): void {
    this.#reserveRanks()
    const before = this.fullCount - (places[0] as number)
    const { ranks, ranked } = this
    for (let i = 0; i < places.length; i++) ranks[ranked + i] = before + (places[i] as number)
    this.ranked += places.length
    this.fullCount = before + (places[places.length - 1] as number) + 1 + behind
    this.isThinned = true
  }

  #reserveRanks(): void {
    if (this.ranks.length >= this.count) return
    const ranks = new Int32Array(this.times.length)
    ranks.set(this.ranks)
    this.ranks = ranks
  }

  /** Grows so that `capacity` samples fit; what is there stays. */
  reserve(capacity: number): void {
    if (capacity <= this.times.length) return
    const size = Math.max(capacity, this.times.length * 2)
    const times = new Float64Array(size)
    const values = new Float64Array(size)
    times.set(this.times.subarray(0, this.count))
    values.set(this.values.subarray(0, this.count))
    this.times = times
    this.values = values
    this.halves = new Uint32Array(values.buffer)
  }

  push(timeMs: number, value: number): void {
    if (this.count === this.times.length) this.reserve(this.count + 1)
    this.times[this.count] = timeMs
    this.values[this.count] = value
    this.count++
  }
}

export type MetricType =
  | 'unknown'
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'

export interface MetricMetadata {
  readonly metric: string
  readonly type: MetricType
  readonly unit: string
  readonly help: string
}

/** One exemplar as stored: the labels are its own (trace_id, span_id, …), never the series'. */
export interface Exemplar {
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}
