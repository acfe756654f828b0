import { isStaleAt, type QueryBudget, type SampleColumns, STALE_HIGH } from '@vantage/model'
import type { Grid } from './grid.ts'
import { PerTimes } from './per-times.ts'

/**
 * Which samples each step's window holds: step i sees [from[i], to[i]). Windows are open at the left and closed at
 * the right: `(end - rangeMs, end]`. Computed once for all series that share their times.
 */
export class WindowBounds {
  readonly rangeMs: number
  readonly #ends: Grid
  readonly #kept: PerTimes<Bounds>
  #now: Bounds

  constructor(ends: Grid, rangeMs: number, budget: QueryBudget) {
    this.#ends = ends
    this.rangeMs = rangeMs
    const make = () => ({ from: new Int32Array(ends.steps), to: new Int32Array(ends.steps) })
    this.#kept = new PerTimes(ends.steps * 8, make, budget)
    this.#now = this.#kept.own
  }

  get from(): Int32Array {
    return this.#now.from
  }

  get to(): Int32Array {
    return this.#now.to
  }

  /** Names what the bounds are: it never stands for others. */
  get version(): number {
    return this.#kept.version
  }

  /** Bounds among times that no other series shares. */
  updateTimes(times: readonly number[]): void {
    this.#now = this.#kept.ofNone()
    fillBounds(Float64Array.from(times), times.length, this.#ends, this.rangeMs, this.#now)
  }

  update(samples: SampleColumns): void {
    this.#now = this.#kept.of(samples)
    if (this.#kept.isKnown) return
    fillBounds(samples.times, samples.count, this.#ends, this.rangeMs, this.#now)
  }
}

interface Bounds {
  readonly from: Int32Array
  readonly to: Int32Array
}

/** Two pointers over ascending times; steps ascend or stand still, so neither goes back. */
function fillBounds(times: Float64Array, count: number, ends: Grid, rangeMs: number, { from, to }: Bounds): void {
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

/**
 * Which sample each step shows: the newest one at or before it, younger than the lookback, or -1. Computed once for all
 * series that share their times.
 */
export class LatestPicks {
  readonly #moments: Grid
  readonly #lookbackMs: number
  readonly #kept: PerTimes<Int32Array>

  constructor(moments: Grid, lookbackMs: number, budget: QueryBudget) {
    this.#moments = moments
    this.#lookbackMs = lookbackMs
    this.#kept = new PerTimes(moments.steps * 4, () => new Int32Array(moments.steps), budget)
  }

  of(samples: SampleColumns): Int32Array {
    const picks = this.#kept.of(samples)
    if (this.#kept.isKnown) return picks
    const { times, count } = samples
    const { startMs, stepMs, steps } = this.#moments
    let next = 0
    for (let step = 0; step < steps; step++) {
      const momentMs = startMs + step * stepMs
      while (next < count && (times[next] as number) <= momentMs) next++
      picks[step] = next > 0 && (times[next - 1] as number) > momentMs - this.#lookbackMs ? next - 1 : -1
    }
    return picks
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
