import type { SampleColumns } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import type { Grid } from '../evaluate/grid.ts'
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
  readonly from: Int32Array
  readonly to: Int32Array
  readonly context: EvaluationContext
}

/**
 * `rate`, `increase`, `delta` of one series at all steps: last minus first, corrected for resets, extrapolated to
 * the window's ends where samples come close to them. Writes `values` and `present` at [0, steps).
 * Source: prometheus/prometheus promql/functions.go, extrapolatedRate; sums in the same order, so bits agree.
 */
export function rateRow(
  samples: SampleColumns,
  resets: CounterResets,
  shape: RateShape,
  values: Float64Array,
  present: Uint8Array,
): void {
  const { ends, rangeMs, isCounter, isPerSecond, from, to } = shape
  const { times } = samples
  const sampleValues = samples.values
  const { places } = resets
  const resetCount = isCounter ? resets.count : 0
  let reset = 0
  for (let step = 0; step < ends.steps; step++) {
    const first = from[step] as number
    const last = (to[step] as number) - 1
    if (last <= first) {
      present[step] = 0
      continue
    }
    const firstValue = sampleValues[first] as number
    let result = (sampleValues[last] as number) - firstValue
    while (reset < resetCount && (places[reset] as number) <= first) reset++
    if (reset < resetCount) shape.context.tick(last - first)
    for (let i = reset; i < resetCount && (places[i] as number) <= last; i++) {
      result += sampleValues[(places[i] as number) - 1] as number
    }
    const endMs = ends.startMs + step * ends.stepMs
    const firstMs = times[first] as number
    const lastMs = times[last] as number
    const sampled = (lastMs - firstMs) / 1000
    const average = sampled / (last - first)
    let toStart = (firstMs - (endMs - rangeMs)) / 1000
    let toEnd = (endMs - lastMs) / 1000
    const threshold = average * 1.1
    if (toStart >= threshold) toStart = average / 2
    if (isCounter && result > 0 && firstValue >= 0) {
      // A counter was not negative: extrapolate at most to where it was zero.
      const toZero = sampled * (firstValue / result)
      if (toZero < toStart) toStart = toZero
    }
    if (toEnd >= threshold) toEnd = average / 2
    let factor = (sampled + toStart + toEnd) / sampled
    if (isPerSecond) factor /= rangeMs / 1000
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
