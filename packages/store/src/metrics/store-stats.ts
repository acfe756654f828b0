import type { PartRow, TierRow } from './catalogue/protocol.ts'
import type { TenantHead } from './head/tenant-head.ts'

export interface MetricStoreStats {
  readonly tenants: number
  readonly series: number
  /** Samples in memory, native histograms included. */
  readonly samples: number
  readonly histograms: number
  readonly lateSamples: number
  readonly chunks: number
  readonly exemplars: number
  readonly headBytes: number
  readonly indexBytes: number
  readonly aliasBytes: number
  readonly parts: number
  readonly partBytes: number
  readonly partSamples: number
  readonly tiers: number
  readonly tierBytes: number
  readonly tierBuckets: number
  readonly appliedTo: number
  readonly sealedTo: number
  readonly pins: number
  readonly unsealedGenerations: number
  /** Deletions that are not final in every part yet. */
  readonly deletions: number
  readonly seals: number
  readonly merges: number
  readonly failures: number
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

export function headStats(heads: readonly TenantHead[]) {
  const generations = heads.flatMap((head) => [...head.frozen.map((one) => one.generation), head.current])
  return {
    tenants: heads.length,
    series: sum(heads.map((head) => head.index.seriesCount)),
    samples: sum(generations.map((one) => one.sampleCount)),
    histograms: sum(generations.map((one) => one.histogramCount)),
    lateSamples: sum(generations.map((one) => one.lateCount)),
    chunks: sum(generations.map((one) => one.chunkCount)),
    exemplars: sum(generations.map((one) => one.exemplarCount)),
    headBytes: sum(generations.map((one) => one.byteLength)),
    indexBytes: sum(heads.map((head) => head.index.byteLength)),
    aliasBytes: sum(heads.map((head) => head.aliases.byteLength)),
    unsealedGenerations: sum(heads.map((head) => head.frozen.length)),
    deletions: sum(heads.map((head) => head.tombstones.length)),
  }
}

export function partStats(parts: readonly PartRow[]) {
  return {
    parts: parts.length,
    partBytes: sum(parts.map((part) => part.bytes)),
    partSamples: sum(parts.map((part) => part.sampleCount)),
  }
}

export function tierStats(tiers: readonly TierRow[]) {
  return {
    tiers: tiers.length,
    tierBytes: sum(tiers.map((tier) => tier.bytes)),
    tierBuckets: sum(tiers.map((tier) => tier.bucketCount)),
  }
}
