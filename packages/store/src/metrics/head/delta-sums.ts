import { EXPONENTIAL_SCHEMA_MIN, HISTOGRAM_BUCKETS_MAX, type Histogram } from '@vantage/model'
import { add, areCompatible, toSchema } from '@vantage/model/histograms'
import { DELTA_RANGES_MAX } from '../limits.ts'

/** What a delta series has counted so far: numbers add up to a number, native histograms to one of them. */
export type DeltaSum = number | Histogram

/** One delta series as part of a checkpoint: the running sum and the time ranges it covers, [start, end) pairs. */
export interface DeltaState {
  readonly series: number
  readonly sum: DeltaSum
  readonly ranges: readonly number[]
}

interface DeltaSeries {
  sum: DeltaSum | undefined
  /** Covered time, ascending and apart: start, end, start, end … */
  ranges: number[]
}

/**
 * Turns delta points into cumulative ones. An interval that lies wholly in time already counted is a duplicate.
 * Intervals that touch are kept as one range, and beyond `DELTA_RANGES_MAX` ranges the two oldest become one, so a
 * series costs a few numbers however long it lives. A late interval is added to the running sum: it shows from the
 * series' next point on, because points already stored never change. A series that turns from numbers to histograms, or
 * back, starts anew with that point.
 */
export class DeltaSums {
  #series = new Map<number, DeltaSeries>()
  #touched = new Set<number>()

  /** @returns the cumulative value after this point, or undefined where the interval was counted before */
  add<T extends DeltaSum>(series: number, startMs: number, endMs: number, value: T): T | undefined {
    let state = this.#series.get(series)
    if (state === undefined) {
      state = { sum: undefined, ranges: [] }
      this.#series.set(series, state)
    }
    // A point without an interval (start = end) still counts once per end time.
    if (!cover(state.ranges, Math.min(startMs, endMs - 1), endMs)) return undefined
    const sum = plus(state.sum, value)
    state.sum = sum
    this.#touched.add(series)
    return sum as T
  }

  /** States changed since the last call, for the checkpoint of the generation that ends. */
  takeTouched(): DeltaState[] {
    const states: DeltaState[] = []
    for (const series of this.#touched) {
      const state = this.#series.get(series) as DeltaSeries
      states.push({ series, sum: state.sum as DeltaSum, ranges: [...state.ranges] })
    }
    this.#touched.clear()
    return states
  }

  restore(state: DeltaState): void {
    this.#series.set(state.series, { sum: state.sum, ranges: [...state.ranges] })
  }

  /** Series ids changed: `newId` gives the new one of each. */
  renumber(newId: (series: number) => number): void {
    const next = new Map<number, DeltaSeries>()
    for (const [series, state] of this.#series) next.set(newId(series), state)
    this.#touched = new Set([...this.#touched].map(newId))
    this.#series = next
  }
}

/** @returns a sum of the kind of `value`; `before` is left out where it is of the other kind */
function plus(before: DeltaSum | undefined, value: DeltaSum): DeltaSum {
  if (typeof value === 'number') return typeof before === 'number' ? before + value : value
  return typeof before === 'object' && areCompatible(before, value) ? plusHistogram(before, value) : value
}

/**
 * Schemas and zero buckets become those that both can have. Where that takes more buckets than one histogram may have,
 * they are merged, two into one: the lowest schema has few for all doubles there are.
 * Source: opentelemetry-specification, metrics data model, "ExponentialHistogram", "Exponential Scale".
 */
function plusHistogram(before: Histogram, value: Histogram): Histogram {
  let sum = (add(before, value) as { histogram: Histogram }).histogram
  while (bucketsOf(sum) > HISTOGRAM_BUCKETS_MAX && sum.schema > EXPONENTIAL_SCHEMA_MIN) {
    sum = toSchema(sum, sum.schema - 1)
  }
  return sum
}

function bucketsOf({ positive, negative }: Histogram): number {
  return positive.indexes.length + negative.indexes.length
}

/** Adds [start, end) to the ranges. @returns false where it was covered before */
function cover(ranges: number[], start: number, end: number): boolean {
  // Fast path: the next interval of a healthy sender touches the newest range.
  const last = ranges.length - 2
  if (last >= 0 && ranges[last + 1] === start) {
    ranges[last + 1] = end
    return true
  }
  let at = 0
  while (at < ranges.length && (ranges[at + 1] as number) < start) at += 2
  if (at < ranges.length && (ranges[at] as number) <= start && (ranges[at + 1] as number) >= end) return false
  let from = start
  let to = end
  let until = at
  while (until < ranges.length && (ranges[until] as number) <= end) {
    from = Math.min(from, ranges[until] as number)
    to = Math.max(to, ranges[until + 1] as number)
    until += 2
  }
  ranges.splice(at, until - at, from, to)
  if (ranges.length > DELTA_RANGES_MAX * 2) ranges.splice(1, 2)
  return true
}
