import { BUCKET, BUCKET_COLUMNS, BucketColumns, type FileSystem, SampleColumns } from '@vantage/model'
import { ReadScratch } from '../head/generation-reader.ts'
import { DeletedSeries } from '../masked-source.ts'
import { PageCache } from '../part/page-cache.ts'
import { PartReader } from '../part/part-reader.ts'
import { expiredToMs, SeriesKeeps, TenantRetention, TIER_BUCKETS_MS } from '../retention.ts'
import { bucketEndMs, fallsOften, foldSamples } from '../tier/bucket-fold.ts'
import { moveBucket } from '../tier/move-bucket.ts'
import { TierReader } from '../tier/tier-reader.ts'
import { TIER_CHUNK, type TierTotals, TierWriter } from '../tier/tier-writer.ts'
import { tombstonesOver } from '../tombstones.ts'
import type { ViewOptions } from '../view.ts'
import type { BuildTierRequest, RewriteTierRequest } from './protocol.ts'
import { publishFile } from './publish-file.ts'

/** Series are read one after the other, so each page is needed once. */
const CACHE_BYTES = 8 * 1024 * 1024
const EVER_MS = Number.POSITIVE_INFINITY
const ALL_COLUMNS = (1 << BUCKET_COLUMNS) - 1

/** Writes one tier of one part. Series with native histograms have no buckets: their samples answer. */
export function buildTier(files: FileSystem, data: ViewOptions, request: BuildTierRequest): TierTotals {
  const { part: ref, tier, fileName } = request
  const path = `${data.directory}/${ref.fileName}`
  const part = PartReader.open(files, path, ref.id, data.seed, new PageCache(CACHE_BYTES))
  const bucketMs = TIER_BUCKETS_MS[tier] as number
  const samples = new SampleColumns()
  const buckets = new BucketColumns()
  const scratch = new ReadScratch()
  try {
    const { seriesCount, minTimeMs, maxTimeMs, fromOffset, toOffset, checksum } = part.totals
    const labels = (series: number) => part.index.labels(series)
    const times = { minTimeMs, maxTimeMs, fromOffset, toOffset }
    const input = { bucketMs, sourceChecksum: checksum, seriesCount, ...times, labels }
    return publishFile(files, data.directory, fileName, (temporary) =>
      writeSeries(new TierWriter(files, temporary, input), seriesCount, (writer, series) => {
        samples.reset()
        buckets.reset()
        if (!part.mayHoldHistograms(series, -EVER_MS, EVER_MS)) part.read(series, -EVER_MS, EVER_MS, samples, scratch)
        const isPlain = foldSamples(samples, bucketMs, buckets)
        writer.add(buckets, (isPlain ? 0 : TIER_CHUNK.isWild) | (fallsOften(samples) ? TIER_CHUNK.isFalling : 0))
      }),
    )
  } finally {
    part.close()
  }
}

/** What a rewrite left of a tier. */
export interface RewrittenTier {
  /** Undefined = all of it stays: no file was written. */
  readonly totals: TierTotals | undefined
  /** False where a deletion took buckets out. */
  readonly isWhole: boolean
}

/** Writes a tier anew without the buckets that deletions touch and those that are over. */
export function rewriteTier(files: FileSystem, data: ViewOptions, request: RewriteTierRequest): RewrittenTier {
  const { tier: ref, fileName, tenant, nowMs } = request
  const tier = TierReader.open(
    files,
    `${data.directory}/${ref.fileName}`,
    ref.id,
    data.seed,
    new PageCache(CACHE_BYTES),
  )
  try {
    const keeps = new SeriesKeeps(tier.index, new TenantRetention(data.retention, tenant))
    const deleted = new DeletedSeries(tier.index)
    const tombstones = tombstonesOver(request.tombstones, ref)
    const buckets = new BucketColumns()
    let touched = 0
    let holes = 0
    const read = (series: number): void => {
      const over = expiredToMs(nowMs, keeps.keep(series).tierMs[ref.tier] as number, ref.ageFromMs)
      buckets.reset()
      tier.read(series, over, EVER_MS, ALL_COLUMNS, buckets)
      const found = dropBuckets(
        buckets,
        tier.bucketMs,
        tombstones.filter((one) => deleted.has(one, series)),
      )
      holes += found
      if (found > 0 || over >= tier.firstEndMs(series)) touched++
    }
    for (let series = 0; series < tier.seriesCount; series++) read(series)
    const isWhole = ref.isWhole && holes === 0
    if (touched === 0) return { totals: undefined, isWhole }
    const { bucketMs, sourceChecksum, seriesCount } = tier
    const { minTimeMs, maxTimeMs, fromOffset, toOffset } = ref
    const labels = (series: number) => tier.index.labels(series)
    const times = { minTimeMs, maxTimeMs, fromOffset, toOffset }
    const input = { bucketMs, sourceChecksum, seriesCount, ...times, labels }
    const totals = publishFile(files, data.directory, fileName, (temporary) =>
      writeSeries(new TierWriter(files, temporary, input), seriesCount, (writer, series) => {
        read(series)
        writer.add(buckets, tier.kind(series))
      }),
    )
    return { totals, isWhole }
  } finally {
    tier.close()
  }
}

function writeSeries(
  writer: TierWriter,
  seriesCount: number,
  write: (writer: TierWriter, series: number) => void,
): TierTotals {
  try {
    for (let series = 0; series < seriesCount; series++) write(writer, series)
    return writer.finish()
  } finally {
    writer.close()
  }
}

/** Takes out the buckets that a range touches. @returns how many */
function dropBuckets(
  buckets: BucketColumns,
  bucketMs: number,
  ranges: readonly { readonly startMs: number; readonly endMs: number }[],
): number {
  if (ranges.length === 0) return 0
  const times = buckets.columns[BUCKET.lastMs] as Float64Array
  const before = buckets.count
  let kept = 0
  for (let i = 0; i < before; i++) {
    const endMs = bucketEndMs(times[i] as number, bucketMs)
    if (ranges.some((one) => one.startMs <= endMs && one.endMs > endMs - bucketMs)) continue
    if (i !== kept) moveBucket(buckets, i, kept)
    kept++
  }
  buckets.count = kept
  return before - kept
}
