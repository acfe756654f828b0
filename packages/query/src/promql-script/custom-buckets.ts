import {
  CUSTOM_BUCKETS_SCHEMA,
  type Histogram,
  type Labels,
  labelsFrom,
  labelsKey,
  labelsToRecord,
  labelValue,
  METRIC_NAME,
  NO_BUCKETS,
  RESET_HINT,
} from '@vantage/model'
import { makeBuckets } from '@vantage/model/histograms'
import { parseFloatText } from '../promql/language/number.ts'
import type { Point } from './notation.ts'
import { NotationError } from './notation-error.ts'
import type { LoadedSeries } from './target.ts'

interface ClassicSeries {
  readonly labels: Labels
  readonly stepMs: number
  /** Upper bounds with the points of their series, +Inf among them where it is given. */
  readonly buckets: { readonly bound: number; readonly points: readonly Point[] }[]
  counts: readonly Point[]
  sums: readonly Point[]
}

const SUFFIX = /_(bucket|count|sum)$/

/** The native histograms with custom buckets that say the same as the classic ones among these series. */
export function customBucketSeries(all: readonly LoadedSeries[]): LoadedSeries[] {
  const byKey = new Map<string, ClassicSeries>()
  for (const series of all) collect(series, byKey)
  const out: LoadedSeries[] = []
  for (const classic of byKey.values()) {
    if (classic.buckets.length === 0) continue
    classic.buckets.sort((a, b) => a.bound - b.bound)
    const length = Math.max(...classic.buckets.map(({ points }) => points.length))
    const points = Array.from({ length }, (_, i) => pointAt(classic, i))
    out.push({ labels: classic.labels, stepMs: classic.stepMs, points })
  }
  return out
}

function collect({ labels, stepMs, points }: LoadedSeries, byKey: Map<string, ClassicSeries>): void {
  const name = labelValue(labels, METRIC_NAME)
  const suffix = SUFFIX.exec(name)?.[1]
  if (suffix === undefined) return
  const record = labelsToRecord(labels)
  record[METRIC_NAME] = name.replace(SUFFIX, '')
  delete record['le']
  const base = labelsFrom(Object.entries(record))
  const key = labelsKey(base)
  const classic = byKey.get(key) ?? { labels: base, stepMs, buckets: [], counts: [], sums: [] }
  byKey.set(key, classic)
  if (suffix === 'count') classic.counts = points
  if (suffix === 'sum') classic.sums = points
  const bound = parseFloatText(labelValue(labels, 'le'))
  if (suffix === 'bucket' && bound !== undefined && !Number.isNaN(bound)) classic.buckets.push({ bound, points })
}

function valueAt(points: readonly Point[], i: number): number | undefined {
  const point = points[i]
  return point?.kind === 'value' ? point.value : undefined
}

function pointAt(classic: ClassicSeries, i: number): Point {
  const cumulative = classic.buckets.flatMap(({ bound, points }) => {
    const count = valueAt(points, i)
    return count === undefined ? [] : [{ bound, count }]
  })
  // One bound may be written in many ways: the first series that has it counts.
  const distinct = cumulative.filter(({ bound }, at) => at === 0 || cumulative[at - 1]?.bound !== bound)
  if (cumulative.length === 0) {
    const isStale = classic.buckets.some(({ points }) => points[i]?.kind === 'stale')
    return { kind: isStale ? 'stale' : 'none' }
  }
  const total = valueAt(classic.counts, i) ?? (cumulative.at(-1)?.count as number)
  return { kind: 'histogram', histogram: histogramFrom(distinct, total, valueAt(classic.sums, i) ?? 0) }
}

function histogramFrom(
  cumulative: readonly { readonly bound: number; readonly count: number }[],
  count: number,
  sum: number,
): Histogram {
  const finite = cumulative.filter(({ bound }) => bound !== Infinity)
  const ends = [...finite.map((bucket) => bucket.count), count]
  const counts = ends.map((end, i) => end - (ends[i - 1] ?? 0))
  if (counts.some((one) => one < 0)) throw new NotationError('want bucket counts that do not fall with their bounds')
  const filled = [...counts.keys()].filter((i) => counts[i] !== 0)
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    resetHint: RESET_HINT.unknown,
    count,
    sum,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: makeBuckets(
      filled,
      filled.map((i) => counts[i] as number),
    ),
    negative: NO_BUCKETS,
    customValues: Float64Array.from(finite.map(({ bound }) => bound)),
  }
}
