import { compareLabels, type Exemplar, type Labels, type MetricMetadata } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import { IntList } from '../int-list.ts'
import { isGone } from '../masked-source.ts'
import type { PartReader } from '../part/part-reader.ts'
import type { PartInput } from '../part/part-writer.ts'
import { addFloats, addHistograms, addHistogramTimes, UnionScratch } from '../read-series.ts'
import type { SampleSource } from '../series-index.ts'

const EVER = { startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY }

/** Series of several parts in the order of their labels, and where each one lives. */
interface MergedSeries {
  readonly count: number
  /** Places of series i: [from[i], from[i + 1]), oldest part first. */
  readonly from: IntList
  readonly part: IntList
  readonly series: IntList
}

/**
 * @param parts neighbours in log order, lowest offset first: of equal times the later part's sample stays
 * @param sources what deletions left of each part
 */
export function mergeInput(parts: readonly PartReader[], sources: readonly SampleSource[]): PartInput {
  const merged = uniteSeries(parts, sources)
  const scratch = new UnionScratch()
  const labelsOf = (i: number): Labels => {
    const place = merged.from.items[i] as number
    const part = parts[merged.part.items[place] as number] as PartReader
    return part.index.labels(merged.series.items[place] as number)
  }
  /** Calls for each place of a series, oldest part first. */
  const visit = (i: number, add: (source: SampleSource, series: number) => void): void => {
    for (let at = merged.from.items[i] as number; at < (merged.from.items[i + 1] as number); at++) {
      add(sources[merged.part.items[at] as number] as SampleSource, merged.series.items[at] as number)
    }
  }
  return {
    seriesCount: merged.count,
    originMs: Math.min(...parts.map((part) => part.minTimeMs)),
    newestMs: Math.max(...parts.map((part) => part.maxTimeMs)),
    fromOffset: Math.min(...parts.map((part) => part.totals.fromOffset)),
    toOffset: Math.max(...parts.map((part) => part.totals.toOffset)),
    labels: labelsOf,
    hasHistograms: parts.some((part) => part.hasHistograms),
    hasStartTimes: parts.some((part) => part.hasStartTimes),
    read: (i, out) => {
      out.reset()
      visit(i, (source, series) => addFloats(source, series, EVER.startMs, EVER.endMs, out, scratch))
    },
    histogramTimes: (i, out) => {
      out.reset()
      visit(i, (source, series) => addHistogramTimes(source, series, EVER.startMs, EVER.endMs, out, scratch))
    },
    readHistograms: (i, startMs, endMs, out) => {
      out.reset()
      visit(i, (source, series) => addHistograms(source, series, startMs, endMs, out, scratch))
    },
    readStartTimes: (i, out) => {
      visit(i, (source, series) => source.readStartTimes(series, EVER.startMs, EVER.endMs, out, scratch.source))
    },
    exemplars: (i) => {
      const found: Exemplar[] = []
      visit(i, (source, series) => found.push(...source.exemplars(series, EVER.startMs, EVER.endMs)))
      return found.sort((a, b) => a.timeMs - b.timeMs)
    },
    metadata: newestMetadata(parts),
    deltaSums: newestSums(parts, merged),
  }
}

/** All parts hold their series in order, so the smallest head of all is next. */
function uniteSeries(parts: readonly PartReader[], sources: readonly SampleSource[]): MergedSeries {
  const from = new IntList()
  const part = new IntList()
  const series = new IntList()
  const heads = parts.map((one) => (one.index.seriesCount > 0 ? one.index.labels(0) : undefined))
  const positions = parts.map(() => 0)
  for (;;) {
    let smallest: Labels | undefined
    for (const head of heads) {
      if (head !== undefined && (smallest === undefined || compareLabels(head, smallest) < 0)) smallest = head
    }
    // A series of which nothing is left has no places: the next one begins where it did.
    if (from.count === 0 || from.items[from.count - 1] !== part.count) from.push(part.count)
    if (smallest === undefined) return { count: from.count - 1, from, part, series }
    for (let i = 0; i < parts.length; i++) {
      const head = heads[i]
      if (head === undefined || compareLabels(head, smallest) !== 0) continue
      if (!isGone(sources[i] as SampleSource, positions[i] as number)) {
        part.push(i)
        series.push(positions[i] as number)
      }
      const next = (positions[i] as number) + 1
      positions[i] = next
      const { index } = parts[i] as PartReader
      heads[i] = next < index.seriesCount ? index.labels(next) : undefined
    }
  }
}

function newestMetadata(parts: readonly PartReader[]): MetricMetadata[] {
  const byMetric = new Map<string, MetricMetadata>()
  for (const part of parts) for (const entry of part.metadata()) byMetric.set(entry.metric, entry)
  return [...byMetric.values()]
}

function newestSums(parts: readonly PartReader[], merged: MergedSeries): DeltaState[] {
  const sums = parts.map((part) => new Map(part.deltaSums().map((one) => [one.series, one])))
  if (sums.every((one) => one.size === 0)) return []
  const out: DeltaState[] = []
  for (let i = 0; i < merged.count; i++) {
    let newest: DeltaState | undefined
    for (let at = merged.from.items[i] as number; at < (merged.from.items[i + 1] as number); at++) {
      newest = sums[merged.part.items[at] as number]?.get(merged.series.items[at] as number) ?? newest
    }
    if (newest !== undefined) out.push({ ...newest, series: i })
  }
  return out
}
