import {
  type Histogram,
  HistogramColumns,
  type MetricReader,
  type Moments,
  type QueryBudget,
  SampleColumns,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'
import { bytesOf } from '../histogram/size.ts'
import { CHECK_EVERY_STEPS } from '../limits.ts'
import type { EngineOptions } from '../options.ts'
import type { QueryRange } from '../plan/bind.ts'
import type { Annotations } from './annotations.ts'
import type { Sharing } from './share.ts'

/** What one evaluation shares. Owned by one call of `evaluatePromql`. */
export class EvaluationContext {
  readonly tenant: TenantId
  readonly reader: MetricReader
  readonly budget: QueryBudget
  readonly options: EngineOptions
  readonly lookbackMs: number
  readonly range: QueryRange
  readonly annotations: Annotations
  /** Undefined where no other thread helps. */
  sharing: Sharing | undefined
  /** One read at a time: valid until the next read of any series. */
  readonly samples = new SampleColumns()
  /** The native histograms of the same read. */
  readonly histograms = new HistogramColumns()
  /** When the counters of the same read began to count, by sample time; empty where nobody asked. */
  readonly startTimes = new Map<number, number>()
  samplesRead = 0
  seriesRead = 0

  constructor(parts: {
    readonly tenant: TenantId
    readonly reader: MetricReader
    readonly budget: QueryBudget
    readonly options: EngineOptions
    readonly lookbackMs: number
    readonly range: QueryRange
    readonly annotations: Annotations
  }) {
    this.tenant = parts.tenant
    this.reader = parts.reader
    this.budget = parts.budget
    this.options = parts.options
    this.lookbackMs = parts.lookbackMs
    this.range = parts.range
    this.annotations = parts.annotations
  }

  #stepsSinceCheck = 0

  /** Counts work of loops, so that the budget is asked at least every 10,000 steps and not at each. */
  tick(steps: number): void {
    this.#stepsSinceCheck += steps
    if (this.#stepsSinceCheck < CHECK_EVERY_STEPS) return
    this.#stepsSinceCheck = 0
    this.budget.check()
  }

  /**
   * Reads one series into `samples` and `histograms`, against the budget.
   * @param moments see `SeriesSelection.read`
   */
  readSeries(selection: SeriesSelection, index: number, startMs: number, endMs: number, moments?: Moments): void {
    this.budget.check()
    selection.read(index, startMs, endMs, this.samples, moments)
    const { count, isThinned, fullCount } = this.samples
    // What is left out is summed up, but takes no room.
    this.samplesRead += isThinned ? fullCount : count
    this.seriesRead++
    this.budget.chargeSamples(count)
    if (selection.mayHaveHistograms(index)) this.#readHistograms(selection, index, startMs, endMs)
    else if (this.histograms.count > 0) this.histograms.reset()
  }

  /** One series was read as buckets: `work` samples and buckets were looked at for it. */
  noteBuckets(work: number): void {
    this.samplesRead += work
    this.seriesRead++
    this.budget.chargeSamples(work)
    if (this.histograms.count > 0) this.histograms.reset()
  }

  #readHistograms(selection: SeriesSelection, index: number, startMs: number, endMs: number): void {
    selection.readHistograms(index, startMs, endMs, this.histograms)
    this.samplesRead += this.histograms.count
    let weight = 0
    for (const histogram of this.histograms.histograms) weight += samplesOf(histogram)
    this.budget.chargeSamples(weight)
    this.tick(weight)
  }
}

const SAMPLE_BYTES = 16

/** As many samples as take the same memory. */
function samplesOf(histogram: Histogram): number {
  return Math.ceil(bytesOf(histogram) / SAMPLE_BYTES)
}
