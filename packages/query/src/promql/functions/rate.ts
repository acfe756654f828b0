import type { SampleColumns } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import type { Grid } from '../evaluate/grid.ts'
import { PerTimes } from '../evaluate/per-times.ts'
import type { WindowBounds } from '../evaluate/windows.ts'
import type { FunctionImplementation, SampleWindow } from './function.ts'

export type RateName = 'rate' | 'increase' | 'delta' | 'irate' | 'idelta' | 'resets' | 'changes'

export const RATE_FUNCTIONS: Readonly<Record<RateName, FunctionImplementation>> = {
  rate: { kind: 'rate', isCounter: true, isPerSecond: true },
  increase: { kind: 'rate', isCounter: true, isPerSecond: false },
  delta: { kind: 'rate', isCounter: false, isPerSecond: false },
  irate: { kind: 'window', kernel: instantRate, keepsName: false },
  idelta: { kind: 'window', kernel: instantDelta, keepsName: false },
  resets: { kind: 'window', kernel: countResets, keepsName: false },
  changes: { kind: 'window', kernel: countChanges, keepsName: false },
}

/** Places in `values` where a counter went down; the first `count` are valid. Reused between series. */
export interface CounterResets {
  places: Int32Array
  count: number
}

/** One pass per series, so that windows add corrections without looking at each sample. */
export function findResets(samples: SampleColumns, resets: CounterResets): void {
  const { values, count } = samples
  resets.count = 0
  if (samples.isAscending) return
  if (resets.places.length < count) resets.places = new Int32Array(Math.max(count, resets.places.length * 2))
  const { places } = resets
  let found = 0
  for (let i = 1; i < count; i++) {
    if ((values[i] as number) < (values[i - 1] as number)) places[found++] = i
  }
  resets.count = found
}

/** What one rate evaluation shares over its series. */
export interface RateShape {
  readonly ends: Grid
  readonly rangeMs: number
  readonly isCounter: boolean
  readonly isPerSecond: boolean
  readonly bounds: WindowBounds
  readonly context: EvaluationContext
}

/** Keeps a product that decides nothing by itself above the exact rule that it stands for. */
const ROUNDING = 1 + 1e-9
/** Products with larger values may overflow. */
const PRODUCT_MAX = 2 ** 900

/** What extrapolation takes from the times alone, at each step. */
export interface RateFrame {
  /** Seconds between the first sample and the last. */
  readonly sampled: Float64Array
  /** Seconds by which a series is extrapolated, before and after. */
  readonly toStart: Float64Array
  readonly toEnd: Float64Array
  /** By which the difference is multiplied where no counter was zero on the way. */
  readonly factors: Float64Array
  /** A counter was not zero on the way where its first value times this is no less than its increase. */
  readonly safe: Float64Array
}

const FRAME_STEP_BYTES = 40

/**
 * Frames, each computed once for all series that share their times.
 * Source: prometheus/prometheus promql/functions.go, extrapolatedRate; sums in the same order, so bits agree.
 */
export class RateFrames {
  readonly #shape: RateShape
  readonly #kept: PerTimes<RateFrame>

  constructor(shape: RateShape) {
    this.#shape = shape
    const { steps } = shape.ends
    const column = () => new Float64Array(steps)
    const make = () => ({ sampled: column(), toStart: column(), toEnd: column(), factors: column(), safe: column() })
    this.#kept = new PerTimes(steps * FRAME_STEP_BYTES, make, shape.context.budget)
  }

  /** @param samples those that the bounds of the shape are of */
  of(samples: SampleColumns): RateFrame {
    const { bounds } = this.#shape
    const frame = this.#kept.ofKey(bounds.version, 0)
    if (!this.#kept.isKnown) this.#fill(frame, samples)
    return frame
  }

  #fill(frame: RateFrame, { times, isThinned, ranks }: SampleColumns): void {
    const { ends, rangeMs, bounds } = this.#shape
    const { from, to } = bounds
    for (let step = 0; step < ends.steps; step++) {
      const first = from[step] as number
      const last = (to[step] as number) - 1
      if (last <= first) continue
      const endMs = ends.startMs + step * ends.stepMs
      const firstMs = times[first] as number
      const lastMs = times[last] as number
      const sampled = (lastMs - firstMs) / 1000
      const gaps = isThinned ? (ranks[last] as number) - (ranks[first] as number) : last - first
      const average = sampled / gaps
      const threshold = average * 1.1
      const toStart = (firstMs - (endMs - rangeMs)) / 1000
      const toEnd = (endMs - lastMs) / 1000
      frame.sampled[step] = sampled
      frame.toStart[step] = toStart >= threshold ? average / 2 : toStart
      frame.toEnd[step] = toEnd >= threshold ? average / 2 : toEnd
      frame.factors[step] = factorAt(frame, this.#shape, step, frame.toStart[step] as number)
      // Nothing to reach for: infinitely far from zero, but for values that are zero.
      frame.safe[step] = sampled / ((frame.toStart[step] as number) * ROUNDING)
    }
  }
}

function factorAt(frame: RateFrame, shape: RateShape, step: number, toStart: number): number {
  const sampled = frame.sampled[step] as number
  const factor = (sampled + toStart + (frame.toEnd[step] as number)) / sampled
  return shape.isPerSecond ? factor / (shape.rangeMs / 1000) : factor
}

/**
 * `rate`, `increase`, `delta` of one series at all steps: last minus first, corrected for resets, extrapolated to
 * the window's ends where samples come close to them. Writes `values` and `present` at [0, steps).
 * @param frame of the samples' times
 */
export function rateRow(
  samples: SampleColumns,
  resets: CounterResets,
  shape: RateShape,
  frame: RateFrame,
  values: Float64Array,
  present: Uint8Array,
): void {
  const { isCounter } = shape
  const { from, to } = shape.bounds
  const { steps } = shape.ends
  const sampleValues = samples.values
  const { places } = resets
  const { sampled, toStart, factors, safe } = frame
  const resetCount = isCounter ? resets.count : 0
  let reset = 0
  for (let step = 0; step < steps; step++) {
    const first = from[step] as number
    const last = (to[step] as number) - 1
    if (last <= first) {
      present[step] = 0
      continue
    }
    const firstValue = sampleValues[first] as number
    let result = (sampleValues[last] as number) - firstValue
    if (reset < resetCount) {
      while (reset < resetCount && (places[reset] as number) <= first) reset++
      shape.context.tick(last - first)
      for (let i = reset; i < resetCount && (places[i] as number) <= last; i++) {
        result += sampleValues[(places[i] as number) - 1] as number
      }
    }
    let factor = factors[step] as number
    if (isCounter && result > 0 && firstValue >= 0) {
      // Fast path: a division a step would cost more than all the rest.
      if (!(firstValue * (safe[step] as number) >= result) || firstValue > PRODUCT_MAX) {
        // A counter was not negative: extrapolate at most to where it was zero.
        const toZero = (sampled[step] as number) * (firstValue / result)
        if (toZero < (toStart[step] as number)) factor = factorAt(frame, shape, step, toZero)
      }
    }
    values[step] = result * factor
    present[step] = 1
  }
}

function instantRate(window: SampleWindow, from: number, to: number): number {
  const { times, values } = window
  if (to - from < 2 || times[to - 1] === times[to - 2]) return none(window)
  const last = values[to - 1] as number
  const before = values[to - 2] as number
  const increase = last < before ? last : last - before
  return increase / (((times[to - 1] as number) - (times[to - 2] as number)) / 1000)
}

function instantDelta(window: SampleWindow, from: number, to: number): number {
  const { times, values } = window
  if (to - from < 2 || times[to - 1] === times[to - 2]) return none(window)
  return (values[to - 1] as number) - (values[to - 2] as number)
}

export function countResets(window: SampleWindow, from: number, to: number): number {
  const { values } = window
  let resets = 0
  for (let i = from + 1; i < to; i++) if ((values[i] as number) < (values[i - 1] as number)) resets++
  return resets
}

export function countChanges(window: SampleWindow, from: number, to: number): number {
  const { values } = window
  let changes = 0
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number
    const before = values[i - 1] as number
    if (value !== before && !(Number.isNaN(value) && Number.isNaN(before))) changes++
  }
  return changes
}

function none(window: SampleWindow): number {
  window.isEmpty = true
  return 0
}
