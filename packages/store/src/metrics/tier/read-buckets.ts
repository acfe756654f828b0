import type { BucketColumns } from '@vantage/model'
import { MaskedSource } from '../masked-source.ts'
import { addFloats, type UnionScratch } from '../read-series.ts'
import type { IndexGroup, SampleSource } from '../series-index.ts'
import { bucketEndMs, foldSamples } from './bucket-fold.ts'
import { sortBuckets } from './sort-buckets.ts'
import type { TierReader } from './tier-reader.ts'
import { TierSource } from './tier-source.ts'

/** Where one series lives. */
export interface SeriesPlace {
  readonly group: IndexGroup
  readonly source: SampleSource
  readonly series: number
}

/** Buckets that end in (afterMs, toMs] come from a tier. */
interface TierRun {
  readonly reader: TierReader
  readonly series: number
  readonly afterMs: number
  readonly toMs: number
}

/** Share of a range that must come from tiers for them to be quicker. */
const COVERED_MIN = 0.5

function coveredMs(runs: readonly TierRun[]): number {
  return runs.reduce((sum, { afterMs, toMs }) => sum + toMs - afterMs, 0)
}

/** What one call asks for. */
interface Question {
  readonly bucketMs: number
  readonly afterMs: number
  readonly toMs: number
  readonly wanted: number
}

/**
 * Reads (afterMs, toMs] of one series as buckets, see `SeriesSelection.readBuckets`. A bucket comes from a tier where
 * one part alone holds all its samples; the others are folded from samples.
 * @param places oldest first; none holds native histograms in the range
 * @returns false where tiers are of no use, or do not tell what is asked for
 */
export function readSeriesBuckets(
  places: readonly SeriesPlace[],
  question: Question,
  out: BucketColumns,
  scratch: UnionScratch,
): boolean {
  out.reset()
  const stored = places.filter((place) => !(place.source instanceof TierSource))
  const runs: TierRun[] = []
  if (question.bucketMs > 0) {
    for (const place of stored) if (!addRuns(place, stored, question, runs, scratch)) return false
    runs.sort((a, b) => a.afterMs - b.afterMs)
  }
  for (const { source, series } of places) {
    if (source instanceof TierSource) source.readBuckets(series, question.afterMs, question.toMs, question.wanted, out)
  }
  // Folding samples takes longer than the window functions do with them.
  if (out.count === 0 && coveredMs(runs) < (question.toMs - question.afterMs) * COVERED_MIN) return false
  let atMs = question.afterMs
  for (const run of runs) {
    if (!foldGap(stored, atMs, run.afterMs, question.bucketMs, out, scratch)) return false
    run.reader.read(run.series, run.afterMs, run.toMs, question.wanted, out)
    atMs = Math.max(atMs, run.toMs)
  }
  if (!foldGap(stored, atMs, question.toMs, question.bucketMs, out, scratch)) return false
  sortBuckets(out)
  return true
}

/** @returns false where a tier does not tell what is asked for */
function addRuns(
  place: SeriesPlace,
  stored: readonly SeriesPlace[],
  question: Question,
  runs: TierRun[],
  scratch: UnionScratch,
): boolean {
  const { source, series, group } = place
  const { bucketMs } = question
  const tier = group.tiers?.find((one) => one.bucketMs === bucketMs)
  const reader = tier?.reader
  if (tier === undefined || reader === undefined) return true
  if (source instanceof MaskedSource && source.isDeletedFrom(series)) return true
  const tierSeries = tier.seriesOf(reader, series)
  if (tierSeries < 0) return true
  const expiredMs = source instanceof MaskedSource ? source.expiredToMs(series) : Number.NEGATIVE_INFINITY
  const afterMs = Math.max(question.afterMs, reader.firstEndMs(tierSeries) - bucketMs, expiredMs)
  const toMs = Math.min(question.toMs, reader.lastEndMs(tierSeries))
  if (afterMs >= toMs) return true
  if (!reader.isExact(tierSeries, question.wanted)) return false
  let fromMs = afterMs
  for (const endMs of sharedBuckets(place, stored, afterMs, toMs, bucketMs, scratch)) {
    if (endMs - bucketMs > fromMs) runs.push({ reader, series: tierSeries, afterMs: fromMs, toMs: endMs - bucketMs })
    fromMs = endMs
  }
  if (fromMs < toMs) runs.push({ reader, series: tierSeries, afterMs: fromMs, toMs })
  return true
}

/** Ends of the buckets in (afterMs, toMs] of which another place holds samples, ascending, each once. */
function sharedBuckets(
  place: SeriesPlace,
  stored: readonly SeriesPlace[],
  afterMs: number,
  toMs: number,
  bucketMs: number,
  scratch: UnionScratch,
): readonly number[] {
  const ends = new Set<number>()
  for (const other of stored) {
    if (other === place || !other.source.mayHold(other.series, afterMs + 1, toMs)) continue
    const { floats } = scratch
    floats.reset()
    other.source.read(other.series, afterMs + 1, toMs, floats, scratch.source)
    for (let i = 0; i < floats.count; i++) ends.add(bucketEndMs(floats.times[i] as number, bucketMs))
  }
  return ends.size === 0 ? [] : [...ends].sort((a, b) => a - b)
}

/** Folds the samples of (afterMs, toMs]. @returns false where sums may differ */
function foldGap(
  stored: readonly SeriesPlace[],
  afterMs: number,
  toMs: number,
  bucketMs: number,
  out: BucketColumns,
  scratch: UnionScratch,
): boolean {
  if (afterMs >= toMs) return true
  const { gap } = scratch
  gap.reset()
  for (const { source, series } of stored) addFloats(source, series, afterMs + 1, toMs, gap, scratch)
  out.work += gap.count
  return foldSamples(gap, bucketMs, out)
}
