import { isStaleAt, type SampleColumns, STALE_HIGH } from '@vantage/model'
import type { Grid } from './grid.ts'

/**
 * Which samples each step's window holds: step i sees [from[i], to[i]). Windows are open at the left and closed at
 * the right: `(end - rangeMs, end]`. Computed once for all series that share their times.
 */
export class WindowBounds {
  from: Int32Array
  to: Int32Array
  readonly rangeMs: number
  /** Changes whenever the bounds do. */
  version = 0
  readonly #ends: Grid
  #key = 0
  #count = -1

  constructor(ends: Grid, rangeMs: number) {
    this.#ends = ends
    this.rangeMs = rangeMs
    this.from = new Int32Array(ends.steps)
    this.to = new Int32Array(ends.steps)
  }

  /** Bounds among times that no other series shares. */
  updateTimes(times: readonly number[]): void {
    this.#count = -1
    this.version++
    fillBounds(Float64Array.from(times), times.length, this.#ends, this.rangeMs, this.from, this.to)
  }

  /** Fast path: the reader says that the times are those of the last series. */
  update(samples: SampleColumns): void {
    const isKnown = samples.timesKey !== 0 && samples.timesKey === this.#key && samples.count === this.#count
    this.#key = samples.timesKey
    this.#count = samples.count
    if (isKnown) return
    this.version++
    fillBounds(samples.times, samples.count, this.#ends, this.rangeMs, this.from, this.to)
  }
}

/** Two pointers over ascending times; steps ascend or stand still, so neither goes back. */
function fillBounds(
  times: Float64Array,
  count: number,
  ends: Grid,
  rangeMs: number,
  from: Int32Array,
  to: Int32Array,
): void {
  let low = 0
  let high = 0
  for (let step = 0; step < ends.steps; step++) {
    const endMs = ends.startMs + step * ends.stepMs
    const startMs = endMs - rangeMs
    while (high < count && (times[high] as number) <= endMs) high++
    while (low < high && (times[low] as number) <= startMs) low++
    from[step] = low
    to[step] = high
  }
}

/** Takes staleness markers out: windows see samples only. Other times then differ from other series'. */
export function removeStale(samples: SampleColumns): void {
  if (samples.isFreeOfMarkers) return
  const { halves, count } = samples
  let kept = 0
  while (kept < count && !isMarker(halves, kept)) kept++
  if (kept === count) return
  for (let i = kept + 1; i < count; i++) {
    if (isMarker(halves, i)) continue
    samples.times[kept] = samples.times[i] as number
    halves[kept * 2] = halves[i * 2] as number
    halves[kept * 2 + 1] = halves[i * 2 + 1] as number
    kept++
  }
  samples.count = kept
  samples.timesKey = 0
}

function isMarker(halves: Uint32Array, at: number): boolean {
  return halves[at * 2 + 1] === STALE_HIGH && isStaleAt(halves, at)
}
