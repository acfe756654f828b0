import type { Extended } from '../language/ast.ts'
import { executionFault } from '../language/fault.ts'
import type { FunctionName } from '../language/signatures.ts'
import type { SampleWindow, WindowKernel } from './function.ts'
import { countChanges, countResets } from './rate.ts'

/**
 * Kernels of `anchored` and `smoothed` range selectors: windows also hold the samples of one lookback before
 * their start (and after their end where smoothed), to take or interpolate the values at the ends.
 * Source: prometheus/prometheus promql/functions.go, extendedRate and pickFirstSampleIndex.
 */
const KERNELS: Readonly<Record<Extended, Partial<Record<FunctionName, WindowKernel>>>> = {
  anchored: {
    changes: (window, from, to) => sinceAnchor(window, from, to, countChanges),
    delta: (window, from, to) => extendedDelta(window, from, to, false, false, false),
    increase: (window, from, to) => extendedDelta(window, from, to, false, true, false),
    rate: (window, from, to) => extendedDelta(window, from, to, false, true, true),
    resets: (window, from, to) => sinceAnchor(window, from, to, countResets),
  },
  smoothed: {
    delta: (window, from, to) => extendedDelta(window, from, to, true, false, false),
    increase: (window, from, to) => extendedDelta(window, from, to, true, true, false),
    rate: (window, from, to) => extendedDelta(window, from, to, true, true, true),
  },
}

/** @throws FaultError for functions that the modifier does not work with */
export function extendedKernel(extended: Extended, name: FunctionName): WindowKernel {
  const kernel = KERNELS[extended][name]
  if (kernel !== undefined) return kernel
  const names = Object.keys(KERNELS[extended]).join(', ')
  throw executionFault(`${extended} modifier can only be used with: ${names} - not with ${name}`)
}

/** The last sample at or before the window's start, else the first one. */
function anchorOf(window: SampleWindow, from: number, to: number): number {
  let at = from
  while (at + 1 < to && (window.times[at + 1] as number) <= window.startMs) at++
  return at
}

function sinceAnchor(window: SampleWindow, from: number, to: number, kernel: WindowKernel): number {
  if ((window.times[to - 1] as number) <= window.startMs) {
    window.isEmpty = true
    return 0
  }
  return kernel(window, anchorOf(window, from, to), to)
}

function extendedDelta(
  window: SampleWindow,
  from: number,
  to: number,
  isSmoothed: boolean,
  isCounter: boolean,
  isPerSecond: boolean,
): number {
  const { times, values, startMs, endMs } = window
  let first = from
  while (first + 1 < to - 1 && (times[first + 1] as number) <= startMs) first++
  let last = to - 1
  if (isSmoothed) {
    last = from
    while (last < to - 1 && (times[last] as number) < endMs) last++
  }
  if ((times[last] as number) <= startMs) {
    window.isEmpty = true
    return 0
  }
  const left =
    isSmoothed && (times[first] as number) < startMs
      ? interpolate(window, first, first + 1, startMs, isCounter)
      : (values[first] as number)
  const right =
    isSmoothed && last > from && (times[last] as number) > endMs
      ? interpolate(window, last - 1, last, endMs, isCounter)
      : (values[last] as number)
  let result = right - left
  if (isCounter) {
    // The ends handle resets around them; only samples strictly inside count here.
    if ((times[first] as number) <= startMs) first++
    if ((times[last] as number) >= endMs) last--
    result += resetCorrection(values, first, last, left, right)
  }
  return isPerSecond ? result / (window.rangeMs / 1000) : result
}

/** A line between two samples; a counter that went down started again from zero. */
function interpolate(window: SampleWindow, a: number, b: number, timeMs: number, isCounter: boolean): number {
  const { times, values } = window
  const end = values[b] as number
  const start = isCounter && end < (values[a] as number) ? 0 : (values[a] as number)
  return start + ((end - start) * (timeMs - (times[a] as number))) / ((times[b] as number) - (times[a] as number))
}

function resetCorrection(values: Float64Array, first: number, last: number, left: number, right: number): number {
  let correction = 0
  let before = left
  for (let i = first; i <= last; i++) {
    const value = values[i] as number
    if (value < before) correction += before
    before = value
  }
  return right < before ? correction + before : correction
}
