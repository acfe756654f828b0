import type { Histogram } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { type Row, setHistogram } from '../evaluate/rows.ts'
import { HistogramAccumulator } from '../histogram/accumulate.ts'
import type { Span } from '../language/fault.ts'

/** An addition walks over all buckets: one is about as much work as one step of another loop. */
const BYTES_PER_TICK = 24

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
      this.#accumulators.set(step, accumulator)
    }
    if (accumulator.isIncompatible) return
    const bytesBefore = accumulator.bytes
    accumulator.add(histogram)
    // Series with different buckets make a sum that grows with each of them.
    const { bytes } = accumulator
    if (bytes > bytesBefore) this.#context.budget.chargeBytes(bytes - bytesBefore)
    this.#context.tick(bytes / BYTES_PER_TICK)
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
