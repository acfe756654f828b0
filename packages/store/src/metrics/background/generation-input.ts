import type { MetricMetadata } from '@vantage/model'
import type { DeltaState } from '../head/delta-sums.ts'
import { RECORD, RECORD_WORD_BITS } from '../head/generation-layout.ts'
import type { GenerationReader } from '../head/generation-reader.ts'
import type { HeadIndexReader } from '../head/head-index-reader.ts'
import { SEGMENT_WORD_BITS } from '../limits.ts'
import { isGone } from '../masked-source.ts'
import type { PartInput } from '../part/part-writer.ts'
import { addFloats, addHistograms, addHistogramTimes, UnionScratch } from '../read-series.ts'
import type { SampleSource } from '../series-index.ts'
import { wordAt } from '../shared-segments.ts'

const EVER = { startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY }

/**
 * A frozen generation as the input of a part.
 * @param source what deletions left of the generation
 */
export function generationInput(
  index: HeadIndexReader,
  generation: GenerationReader,
  source: SampleSource,
  metadata: readonly MetricMetadata[],
  deltas: readonly DeltaState[],
  fromOffset: number,
  toOffset: number,
): PartInput {
  const { series, positions } = liveSeries(index, generation, source)
  const scratch = new UnionScratch()
  return {
    seriesCount: series.length,
    originMs: originOf(generation, series),
    newestMs: generation.maxTimeMs,
    fromOffset,
    toOffset,
    hasHistograms: generation.hasHistograms,
    hasStartTimes: generation.hasStartTimes,
    labels: (i) => index.labels(series[i] as number),
    read: (i, out) => {
      out.reset()
      addFloats(source, series[i] as number, EVER.startMs, EVER.endMs, out, scratch)
    },
    histogramTimes: (i, out) => {
      out.reset()
      addHistogramTimes(source, series[i] as number, EVER.startMs, EVER.endMs, out, scratch)
    },
    readHistograms: (i, startMs, endMs, out) => {
      out.reset()
      addHistograms(source, series[i] as number, startMs, endMs, out, scratch)
    },
    readStartTimes: (i, out) => {
      source.readStartTimes(series[i] as number, EVER.startMs, EVER.endMs, out, scratch.source)
    },
    exemplars: (i) => source.exemplars(series[i] as number, EVER.startMs, EVER.endMs),
    metadata,
    deltaSums: deltas
      .filter((one) => positions.has(one.series))
      .map((one) => ({ ...one, series: positions.get(one.series) as number })),
  }
}

/** Series with samples or exemplars, in the order of their labels. */
function liveSeries(
  index: HeadIndexReader,
  generation: GenerationReader,
  source: SampleSource,
): { series: Int32Array; positions: Map<number, number> } {
  const found: number[] = []
  for (let id = 0; id < index.seriesCount; id++) {
    const record = id << RECORD_WORD_BITS
    if (record >>> SEGMENT_WORD_BITS >= generation.records.words.length) break
    const isLive =
      wordAt(generation.records, record) !== 0 || wordAt(generation.records, record + RECORD.exemplar) !== 0
    if (isLive && !isGone(source, id)) found.push(id)
  }
  const series = Int32Array.from(found).sort((a, b) => index.compare(a, b))
  const positions = new Map<number, number>()
  for (let i = 0; i < series.length; i++) positions.set(series[i] as number, i)
  return { series, positions }
}

/** Series looked at to find when the generation began. */
const ORIGIN_SERIES_MAX = 64
const ORIGIN_SPREAD_MS = 30 * 60_000

/** The earliest begin of in-order data that is not far from the others': one window then holds what one seal gathered. */
function originOf(generation: GenerationReader, series: Int32Array): number {
  const begins: number[] = []
  const step = Math.max(1, Math.floor(series.length / ORIGIN_SERIES_MAX))
  for (let i = 0; i < series.length; i += step) {
    const first = generation.firstInOrderMs(series[i] as number)
    if (Number.isFinite(first)) begins.push(first)
  }
  begins.sort((a, b) => a - b)
  const median = begins[begins.length >>> 1]
  if (median === undefined) return 0
  return begins.find((one) => one >= median - ORIGIN_SPREAD_MS) as number
}
