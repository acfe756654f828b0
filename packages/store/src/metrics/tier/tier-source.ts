import { BUCKET, BucketColumns, type Exemplar, type HistogramColumns, type SampleColumns } from '@vantage/model'
import type { ReadScratch } from '../head/generation-reader.ts'
import type { DeletedSeries } from '../masked-source.ts'
import { expiredToMs, type SeriesKeeps, TIER_BUCKETS_MS } from '../retention.ts'
import type { SampleSource } from '../series-index.ts'
import type { Tombstone } from '../tombstones.ts'
import { bucketEndMs } from './bucket-fold.ts'
import { moveBucket } from './move-bucket.ts'
import type { ViewedTier } from './tier-view.ts'

/** What decides which buckets of a tier stand for samples that are over. */
export interface TierScope {
  readonly tier: ViewedTier
  readonly nowMs: number
  /** Finer tiers of the same samples, places in `TIER_BUCKETS_MS`: they go first. */
  readonly finer: readonly number[]
  /** By the tier's index; judged when first asked for. */
  readonly keeps: () => SeriesKeeps
  /** Those that cover something in the tier. */
  readonly tombstones: readonly Tombstone[]
  readonly deleted: () => DeletedSeries
  /** No sample of any series that is later is over. */
  readonly maxTimeMs: number
}

const LAST = 1 << BUCKET.last

/**
 * What is left of samples that are over: of each bucket the last one, at its time. A bucket that a deletion touches
 * shows nothing.
 */
export class TierSource implements SampleSource {
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly hasHistograms = false
  readonly hasStartTimes = false
  readonly #scope: TierScope
  readonly #bucketMs: number
  readonly #buckets = new BucketColumns(0)

  constructor(scope: TierScope) {
    this.#scope = scope
    const { ref } = scope.tier
    this.#bucketMs = TIER_BUCKETS_MS[ref.tier] as number
    this.minTimeMs = ref.minTimeMs
    this.maxTimeMs = Math.min(ref.maxTimeMs, scope.maxTimeMs)
  }

  /** Buckets of the series that end in (afterMs, toMs] stand for what is over. */
  #visible(series: number): { readonly afterMs: number; readonly toMs: number } {
    const { nowMs, finer, tier } = this.#scope
    const { ageFromMs } = tier.ref
    const keep = this.#scope.keeps().keep(series)
    let toMs = expiredToMs(nowMs, keep.rawMs, ageFromMs)
    for (const one of finer) toMs = Math.min(toMs, expiredToMs(nowMs, keep.tierMs[one] as number, ageFromMs))
    return { afterMs: expiredToMs(nowMs, keep.tierMs[tier.ref.tier] as number, ageFromMs), toMs }
  }

  /** End of the last bucket of the series that stands for what is over. */
  reducedToMs(series: number): number {
    return Math.min(this.#scope.tier.require().lastEndMs(series), this.#visible(series).toMs)
  }

  mayHold(series: number, startMs: number, endMs: number): boolean {
    const reader = this.#scope.tier.require()
    const { afterMs, toMs } = this.#visible(series)
    const firstEndMs = Math.max(reader.firstEndMs(series), afterMs + 1)
    const lastEndMs = Math.min(reader.lastEndMs(series), toMs)
    return firstEndMs <= lastEndMs && firstEndMs - this.#bucketMs < endMs && lastEndMs >= startMs
  }

  read(series: number, startMs: number, endMs: number, out: SampleColumns, scratch: ReadScratch): void {
    scratch.trail.spoil()
    const buckets = this.#buckets
    buckets.reset()
    this.readBuckets(series, startMs - 1, endMs, LAST, buckets)
    const times = buckets.columns[BUCKET.lastMs] as Float64Array
    const halves = buckets.halves[BUCKET.last] as Uint32Array
    out.reserve(out.count + buckets.count)
    out.times.set(times.subarray(0, buckets.count), out.count)
    out.halves.set(halves.subarray(0, buckets.count * 2), out.count * 2)
    out.count += buckets.count
  }

  /** Appends the buckets whose last sample is in (afterMs, toMs]. */
  readBuckets(series: number, afterMs: number, toMs: number, wanted: number, out: BucketColumns): void {
    const bucketMs = this.#bucketMs
    const visible = this.#visible(series)
    const fromEndMs = Math.max(afterMs, visible.afterMs)
    const toEndMs = Math.min(bucketEndMs(toMs, bucketMs), visible.toMs)
    if (fromEndMs >= toEndMs) return
    const from = out.count
    this.#scope.tier.require().read(series, fromEndMs, toEndMs, wanted, out)
    const holes = this.#scope.tombstones.filter((one) => this.#scope.deleted().has(one, series))
    const times = out.columns[BUCKET.lastMs] as Float64Array
    let kept = from
    for (let i = from; i < out.count; i++) {
      const lastMs = times[i] as number
      if (lastMs <= afterMs || lastMs > toMs) continue
      const endMs = bucketEndMs(lastMs, bucketMs)
      if (holes.some((one) => one.startMs <= endMs && one.endMs > endMs - bucketMs)) continue
      if (i !== kept) moveBucket(out, i, kept)
      kept++
    }
    out.count = kept
  }

  mayHoldHistograms(): boolean {
    return false
  }

  histogramTimes(): void {}

  readHistograms(_series: number, _startMs: number, _endMs: number, _out: HistogramColumns): void {}

  mayHoldStartTimes(): boolean {
    return false
  }

  readStartTimes(): void {}

  exemplars(): Exemplar[] {
    return []
  }
}
