import type { MetricBatch, MetricType } from '@vantage/model'

/**
 * Start times from `_created` samples, which stand among the samples of their label set and say since when these count.
 * Source: prometheus/docs docs/specs/om/open_metrics_spec.md "Counter", "Histogram", "Summary".
 */
export class CreatedTimes {
  /** Samples of the open group that count. */
  readonly #samples: number[] = []
  #createdMs = 0

  /** Takes note of the sample that the batch gets next. */
  add(batch: MetricBatch, type: MetricType, suffix: string, value: number): void {
    if (type !== 'counter' && type !== 'histogram' && type !== 'summary') return
    if (suffix === '_created') this.#createdMs = Number.isFinite(value) ? Math.round(value * 1000) : 0
    // The quantiles of a summary count nothing.
    else if (suffix !== '') this.#samples.push(batch.sampleCount)
  }

  /** The group is complete. */
  close(batch: MetricBatch): void {
    if (this.#createdMs !== 0) for (const sample of this.#samples) batch.noteStart(sample, this.#createdMs)
    this.reset()
  }

  reset(): void {
    this.#createdMs = 0
    // Setting a length is a call into the engine, so only where there is something to drop.
    if (this.#samples.length > 0) this.#samples.length = 0
  }
}
