import type { Histogram } from '@vantage/model'
import { add, multiply, subtract } from '@vantage/model/histograms'
import { isReset } from './reset.ts'

/** A histogram in between, and in which steps custom bounds had to be reconciled. */
export interface InterpolatedHistogram {
  readonly histogram: Histogram
  readonly reconciledIn: readonly ('addition' | 'subtraction')[]
}

/**
 * The histogram at a fraction of the way between two; a counter that was reset on the way started again from
 * nothing. Undefined where the two are not compatible.
 * Source: prometheus/prometheus docs/querying/basics.md, "smoothed".
 */
export function interpolateHistograms(
  from: Histogram,
  to: Histogram,
  fraction: number,
  isCounter: boolean,
): InterpolatedHistogram | undefined {
  if (fraction === 0) return { histogram: from, reconciledIn: [] }
  if (fraction === 1) return { histogram: to, reconciledIn: [] }
  if (isCounter && isReset(to, from)) return { histogram: multiply(to, fraction), reconciledIn: [] }
  const difference = subtract(to, from)
  if (difference === undefined) return undefined
  const sum = add(multiply(difference.histogram, fraction), from)
  if (sum === undefined) return undefined
  const reconciledIn: ('addition' | 'subtraction')[] = []
  if (difference.isReconciled) reconciledIn.push('subtraction')
  if (sum.isReconciled) reconciledIn.push('addition')
  return { histogram: sum.histogram, reconciledIn }
}
