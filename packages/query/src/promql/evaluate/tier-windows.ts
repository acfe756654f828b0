import { BUCKET, BucketColumns, type SeriesSelection } from '@vantage/model'
import type { WindowPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import { type Grid, lastTimeMs } from './grid.ts'
import { type RangeSource, StoredSource } from './range-source.ts'
import { BUCKET_KERNELS, type BucketKernel, type BucketWindow } from './tier-kernels.ts'

/**
 * Window functions from buckets in place of samples, where the answer is the same: windows that consist of whole
 * buckets. Where samples have expired, any window is answered from the buckets whose last sample lies in it.
 */
export class TierWindows {
  readonly #context: EvaluationContext
  readonly #selection: SeriesSelection
  readonly #kernel: BucketKernel
  readonly #ends: Grid
  readonly #window: BucketWindow
  readonly #bucketMs: number
  readonly #buckets = new BucketColumns()

  private constructor(
    context: EvaluationContext,
    selection: SeriesSelection,
    kernel: BucketKernel,
    ends: Grid,
    rangeMs: number,
    bucketMs: number,
  ) {
    this.#context = context
    this.#selection = selection
    this.#kernel = kernel
    this.#ends = ends
    this.#window = { rangeMs, endMs: 0 }
    this.#bucketMs = bucketMs
  }

  /**
   * @param ends of the windows, as the data sees them
   * @returns undefined where samples are to answer for all series
   */
  static of(context: EvaluationContext, plan: WindowPlan, source: RangeSource, ends: Grid): TierWindows | undefined {
    const kernel = BUCKET_KERNELS[plan.name]
    if (kernel === undefined || !(source instanceof StoredSource)) return undefined
    if (plan.source.kind !== 'range' || plan.source.select.extended !== undefined) return undefined
    const { selection } = source
    const { rangeMs } = plan.source
    const bucketMs = selection.bucketsMs?.find((width) => isWhole(ends, rangeMs, width)) ?? 0
    const isReduced = selection.reducedToMs !== undefined && selection.reducedToMs > ends.startMs - rangeMs
    if (bucketMs === 0 && !isReduced) return undefined
    return new TierWindows(context, selection, kernel, ends, rangeMs, bucketMs)
  }

  /**
   * Evaluates one series at all steps.
   * @returns false where its samples are to answer
   */
  evaluate(index: number, values: Float64Array, present: Uint8Array): boolean {
    const buckets = this.#buckets
    const ends = this.#ends
    const window = this.#window
    const afterMs = ends.startMs - window.rangeMs
    const { wanted } = this.#kernel
    this.#context.budget.check()
    const selection = this.#selection
    const isRead = selection.readBuckets?.(index, this.#bucketMs, afterMs, lastTimeMs(ends), wanted, buckets)
    if (isRead !== true) return false
    this.#context.noteBuckets(buckets.work)
    const times = buckets.columns[BUCKET.lastMs] as Float64Array
    let from = 0
    let to = 0
    for (let step = 0; step < ends.steps; step++) {
      const endMs = ends.startMs + step * ends.stepMs
      window.endMs = endMs
      while (to < buckets.count && (times[to] as number) <= endMs) to++
      while (from < to && (times[from] as number) <= endMs - window.rangeMs) from++
      present[step] = 0
      if (from === to) continue
      this.#context.tick(to - from)
      const value = this.#kernel.evaluate(buckets.columns, from, to, window)
      if (value === undefined) continue
      values[step] = value
      present[step] = 1
    }
    return true
  }
}

/** True where every window is made of whole buckets. */
function isWhole(ends: Grid, rangeMs: number, bucketMs: number): boolean {
  const isStepWhole = ends.steps === 1 || ends.stepMs % bucketMs === 0
  return isStepWhole && ends.startMs % bucketMs === 0 && rangeMs % bucketMs === 0
}
