import {
  type Exemplar,
  encodeHistogram,
  type Histogram,
  type Labels,
  labelsFromRecord,
  labelsKey,
  MetricBatch,
} from '@vantage/model'

/** A number, or the two halves of its bits (high, low): plain arrays of numbers change the payloads of NaNs. */
export type TestValue = number | { readonly high: number; readonly low: number }

/** A row of a batch as a test writes it. */
export interface TestRow {
  readonly labels: Labels
  /** time, value */
  readonly samples: readonly (readonly [number, TestValue])[]
  readonly histograms?: readonly (readonly [number, Histogram])[]
  /** One per sample: interval starts of delta points. */
  readonly deltaStarts?: readonly number[]
  /** The same, one per histogram. */
  readonly histogramDeltaStarts?: readonly number[]
  /** One per sample, and one per histogram: since when each counts, 0 = unknown. */
  readonly startTimes?: readonly number[]
  readonly histogramStartTimes?: readonly number[]
  readonly exemplars?: readonly Exemplar[]
}

const encoder = new TextEncoder()

/** A batch whose aliases are the label keys. */
export function batchOf(rows: readonly TestRow[]): MetricBatch {
  const batch = new MetricBatch()
  batch.reset()
  const parts: Uint8Array[] = []
  let at = 0
  const hasDeltas = rows.some((row) => row.deltaStarts !== undefined)
  const starts: number[] = []
  for (const [index, row] of rows.entries()) {
    const alias = encoder.encode(labelsKey(row.labels))
    parts.push(alias)
    for (const [i, [time, value]] of row.samples.entries()) {
      batch.pushSample(time, typeof value === 'number' ? value : 0)
      if (typeof value !== 'number') {
        batch.halves[(batch.sampleCount - 1) * 2] = value.low
        batch.halves[(batch.sampleCount - 1) * 2 + 1] = value.high
      }
      starts.push(row.deltaStarts?.[i] ?? Number.NaN)
      batch.noteStart(batch.sampleCount - 1, row.startTimes?.[i] ?? 0)
    }
    for (const [i, [time, histogram]] of (row.histograms ?? []).entries()) {
      batch.pushHistogram(time, encodeHistogram(histogram))
      batch.noteHistogramStart(batch.histogramCount - 1, row.histogramStartTimes?.[i] ?? 0)
      const deltaStart = row.histogramDeltaStarts?.[i]
      if (deltaStart !== undefined) batch.noteHistogramDelta(batch.histogramCount - 1, deltaStart)
    }
    batch.endRow(at, at + alias.length)
    at += alias.length
    for (const exemplar of row.exemplars ?? []) batch.exemplars.push({ row: index, exemplar })
  }
  if (hasDeltas) batch.deltaStarts = Float64Array.from(starts)
  batch.bytes = Buffer.concat(parts)
  batch.labelsOf = (row) => ({ ok: true, labels: (rows[row] as TestRow).labels })
  return batch
}

export function labels(record: Record<string, string>): Labels {
  return labelsFromRecord(record)
}
