import type { Histogram } from '@vantage/model'
import { bytesOf, type EvaluationContext } from '../evaluate/context.ts'
import { type Row, setHistogram } from '../evaluate/rows.ts'
import { HistogramAccumulator } from '../histogram/accumulate.ts'
import type { Span } from '../language/fault.ts'

/** A sum and what rounding took from it. */
const ACCUMULATOR_HISTOGRAMS = 2

/** Sums or means of one group's histograms, one accumulator a step that met any. */
export class HistogramFold {
  readonly #context: EvaluationContext
  readonly #kind: 'sum' | 'mean'
  readonly #span: Span
  readonly #accumulators = new Map<number, HistogramAccumulator>()

  /** @param span what is aggregated, for annotations */
  constructor(context: EvaluationContext, kind: 'sum' | 'mean', span: Span) {
    this.#context = context
    this.#kind = kind
    this.#span = span
  }

  /** @param metric the name of the series, for annotations */
  add(step: number, histogram: Histogram, metric: string): void {
    let accumulator = this.#accumulators.get(step)
    if (accumulator === undefined) {
      accumulator = new HistogramAccumulator(this.#kind)
      this.#context.budget.chargeBytes(ACCUMULATOR_HISTOGRAMS * bytesOf(histogram))
      this.#accumulators.set(step, accumulator)
    }
    if (accumulator.isIncompatible) return
    accumulator.add(histogram)
    if (accumulator.isIncompatible) this.#context.annotations.mixedSchemas(metric, this.#span)
  }

  /** Puts the results into the group's row of floats: a step that has both kinds has no result. */
  finish(row: Row): void {
    const { annotations } = this.#context
    for (const [step, accumulator] of this.#accumulators) {
      if (accumulator.isReconciled) annotations.reconciledBounds('aggregation', this.#span)
      if (row.present[step] === 1) {
        annotations.mixedAggregation(this.#span)
        row.present[step] = 0
        continue
      }
      const result = accumulator.result()
      if (result === undefined) continue
      if (accumulator.hasResetConflict) annotations.conflictingResets('aggregation', this.#span)
      setHistogram(this.#context, row, step, result)
    }
  }
}
