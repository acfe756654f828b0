import type { BucketColumns } from './buckets.ts'
import type { Exemplar, MetricMetadata, SampleColumns } from './columns.ts'
import type { HistogramColumns } from './histogram.ts'
import type { Labels } from './labels.ts'
import type { Matcher } from './matcher.ts'
import type { TenantId } from './tenant.ts'

/** What a query may use up. `charge…` throws a FaultError once a limit, the deadline or a cancel is reached. */
export interface QueryBudget {
  /** Call at least every 10,000 steps of any loop. */
  check(): void
  chargeSamples(count: number): void
  chargeBytes(bytes: number): void
  chargeSeries(count: number): void
}

/** Which series, over which time (both ends inclusive, unix ms): a series counts if it may hold samples there. */
export interface SeriesScan {
  readonly matchers: readonly Matcher[]
  readonly startMs: number
  readonly endMs: number
}

/**
 * A selection as plain data, for a reader of the same store in another thread. Opaque to all but readers.
 */
export interface SelectionShare {
  /** Names the indexes that the numbers below belong to. */
  readonly indexes: string
  readonly columns: readonly Int32Array[]
  readonly range: ScanRange
}

/** startMs + i · stepMs for i in [0, steps), unix ms. */
export interface Moments {
  readonly startMs: number
  /** > 0 */
  readonly stepMs: number
  readonly steps: number
  /** Set: windows of this length, open at the left, end at the moments. */
  readonly windowMs?: number
}

/**
 * Series that matched, in ascending order of their label sets (`compareLabels`).
 * Valid until the reader's query ends; not to be kept.
 */
export interface SeriesSelection {
  readonly count: number
  labels(index: number): Labels
  /**
   * Reads the samples of one series in [startMs, endMs] into `out` (reset first), ascending, one per time stamp,
   * staleness markers included. `out` is the caller's; nothing else is allocated in the steady state.
   * @param moments a hint: of each only the newest sample at or before it is looked at; others may be left out. Where
   *   they end windows: of each only the first sample and the last, how many it holds, and where values fall; what is
   *   left out then has its place in `ranks`
   */
  read(index: number, startMs: number, endMs: number, out: SampleColumns, moments?: Moments): void
  /** False promises that `readHistograms` finds nothing in the scan's range; cheap, so that floats pay nothing. */
  mayHaveHistograms(index: number): boolean
  /** The native histograms in [startMs, endMs], like `read`; no time stamp occurs in both. */
  readHistograms(index: number, startMs: number, endMs: number, out: HistogramColumns): void
  /**
   * When the counters behind the samples in [startMs, endMs] began to count, both in unix ms, keyed by the sample's
   * time; samples of which nobody said so are left out. `out` is cleared first. Readers without it know of none.
   */
  readStartTimes?(index: number, startMs: number, endMs: number, out: Map<number, number>): void
  /** Widths of the buckets that may stand in for samples in the scan's range, coarsest first; absent or empty = none. */
  readonly bucketsMs?: readonly number[]
  /**
   * Samples up to this time (unix ms) are no longer stored; of their buckets, `read` gives each last sample. Absent =
   * whatever was sent is there.
   */
  readonly reducedToMs?: number | undefined
  /**
   * Reads (startMs, endMs] of one series as buckets: whole ones, (k * bucketMs, (k + 1) * bucketMs], of exactly the
   * samples that `read` would give; up to `reducedToMs` those that are left, whatever their width.
   * @param bucketMs one of `bucketsMs`, both ends are multiples; or 0: a bucket for each sample beyond `reducedToMs`
   * @param wanted columns, bit i = place i of `BUCKET`; `lastMs` is always there
   * @param out reset first
   * @returns false where the samples are to be read instead
   */
  readBuckets?(
    index: number,
    bucketMs: number,
    startMs: number,
    endMs: number,
    wanted: number,
    out: BucketColumns,
  ): boolean
  /** For `MetricReader.adopt`; readers without it keep their selections to themselves. */
  share?(): SelectionShare
}

/** Reads metrics. Synchronous: readers live in query workers, in front of shared memory and local files. */
export interface MetricReader {
  select(tenant: TenantId, scan: SeriesScan, budget: QueryBudget): SeriesSelection
  /** The same series at the same places as in the thread that shared them; undefined where the store has moved on. */
  adopt?(tenant: TenantId, share: SelectionShare): SeriesSelection | undefined
  /** Sorted, each once. No matcher sets = all series. Several sets are united. */
  labelNames(tenant: TenantId, scans: readonly SeriesScan[], range: ScanRange, budget: QueryBudget): string[]
  labelValues(
    tenant: TenantId,
    name: string,
    scans: readonly SeriesScan[],
    range: ScanRange,
    budget: QueryBudget,
  ): string[]
  exemplars(
    tenant: TenantId,
    scan: SeriesScan,
    budget: QueryBudget,
  ): { readonly labels: Labels; readonly exemplars: readonly Exemplar[] }[]
  /** All metrics, or one. */
  metadata(tenant: TenantId, metric: string | undefined): MetricMetadata[]
  cardinality(tenant: TenantId, limit: number): Cardinality
}

export interface ScanRange {
  readonly startMs: number
  readonly endMs: number
}

export interface NameCount {
  readonly name: string
  readonly value: number
}

/** Figures of the head, in the shape that `status/tsdb` answers. */
export interface Cardinality {
  readonly numSeries: number
  readonly numLabelPairs: number
  readonly chunkCount: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
  readonly seriesCountByMetricName: readonly NameCount[]
  readonly labelValueCountByLabelName: readonly NameCount[]
  readonly memoryInBytesByLabelName: readonly NameCount[]
  readonly seriesCountByLabelValuePair: readonly NameCount[]
}
