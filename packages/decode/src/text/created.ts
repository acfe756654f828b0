import type { MetricBatch, MetricType } from '@vantage/model'

/**
 * Start times from `_created` samples, which stand among the samples of their label set and say since when these count.
 * Source: prometheus/docs docs/specs/om/open_metrics_spec.md "Counter", "Histogram", "Summary".
 */
export class CreatedTimes {
  /** The first sample of the open group, -1 before it came; the group's samples follow each other. */
  #from = -1
  /** Samples of the group that count nothing. */
  readonly #others: number[] = []
  #createdMs = 0

  /** Takes note of the sample that the batch gets next. */
  add(batch: MetricBatch, type: MetricType, suffix: string, value: number): void {
    if (type !== 'counter' && type !== 'histogram' && type !== 'summary') return
    if (this.#from < 0) this.#from = batch.sampleCount
    if (suffix === '_created') this.#createdMs = Number.isFinite(value) ? Math.round(value * 1000) : 0
    // The quantiles of a summary.
    else if (suffix !== '') return
    this.#others.push(batch.sampleCount)
  }

  /** The group is complete. */
  close(batch: MetricBatch): void {
    if (this.#from < 0) return
    if (this.#createdMs !== 0) {
      for (let sample = this.#from; sample < batch.sampleCount; sample++) batch.noteStart(sample, this.#createdMs)
      for (const sample of this.#others) batch.noteStart(sample, 0)
    }
    this.reset()
  }

  reset(): void {
    this.#from = -1
    this.#createdMs = 0
    // Setting a length is a call into the engine, so only where there is something to drop.
    if (this.#others.length > 0) this.#others.length = 0
  }
}
