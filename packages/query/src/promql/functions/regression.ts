import { executionFault } from '../language/fault.ts'
import type { FunctionImplementation, SampleWindow } from './function.ts'
import { addKahan, type KahanSum } from './kahan.ts'

export type RegressionName = 'deriv' | 'predict_linear' | 'double_exponential_smoothing'

export const REGRESSION_FUNCTIONS: Readonly<Record<RegressionName, FunctionImplementation>> = {
  deriv: { kind: 'window', kernel: derivative, keepsName: false },
  predict_linear: { kind: 'window', kernel: predictLinear, keepsName: false },
  double_exponential_smoothing: { kind: 'window', kernel: smooth, keepsName: false },
}

interface Line {
  readonly slope: number
  /** The value at the time that the regression was asked for. */
  readonly intercept: number
}

/** Least squares over at least two samples. Source: prometheus/prometheus promql/functions.go, linearRegression. */
function fitLine({ times, values }: SampleWindow, from: number, to: number, originMs: number): Line {
  const sumX = zero()
  const sumY = zero()
  const sumXY = zero()
  const sumX2 = zero()
  const firstValue = values[from] as number
  let isConstant = true
  for (let i = from; i < to; i++) {
    const y = values[i] as number
    if (isConstant && i > from && y !== firstValue) isConstant = false
    const x = ((times[i] as number) - originMs) / 1000
    addKahan(sumX, x)
    addKahan(sumY, y)
    addKahan(sumXY, x * y)
    addKahan(sumX2, x * x)
  }
  if (isConstant) {
    const isInfinite = firstValue === Infinity || firstValue === -Infinity
    return isInfinite ? { slope: Number.NaN, intercept: Number.NaN } : { slope: 0, intercept: firstValue }
  }
  const count = to - from
  const x = total(sumX)
  const y = total(sumY)
  const covariance = total(sumXY) - (x * y) / count
  const slope = covariance / (total(sumX2) - (x * x) / count)
  return { slope, intercept: y / count - (slope * x) / count }
}

function zero(): KahanSum {
  return { sum: 0, compensation: 0 }
}

function total(state: KahanSum): number {
  return state.sum + state.compensation
}

function derivative(window: SampleWindow, from: number, to: number): number {
  if (to - from < 2) return none(window)
  // An origin near the samples keeps digits.
  return fitLine(window, from, to, window.times[from] as number).slope
}

function predictLinear(window: SampleWindow, from: number, to: number): number {
  if (to - from < 2) return none(window)
  const { slope, intercept } = fitLine(window, from, to, window.evalMs)
  return slope * window.param0 + intercept
}

/** Holt's method. Source: prometheus/prometheus promql/functions.go, funcDoubleExponentialSmoothing. */
function smooth(window: SampleWindow, from: number, to: number): number {
  const { values, param0: smoothing, param1: trending } = window
  if (smoothing <= 0 || smoothing >= 1) {
    throw executionFault(`invalid smoothing factor. Expected: 0 < sf < 1, got: ${smoothing}`)
  }
  if (trending <= 0 || trending >= 1) {
    throw executionFault(`invalid trend factor. Expected: 0 < tf < 1, got: ${trending}`)
  }
  if (to - from < 2) return none(window)
  let before = 0
  let smoothed = values[from] as number
  let trend = (values[from + 1] as number) - smoothed
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) trend = trending * (smoothed - before) + (1 - trending) * trend
    const next = smoothing * (values[i] as number) + (1 - smoothing) * (smoothed + trend)
    before = smoothed
    smoothed = next
  }
  return smoothed
}

function none(window: SampleWindow): number {
  window.isEmpty = true
  return 0
}
