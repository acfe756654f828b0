import { ProtobufWriter, snappyCompress } from '@vantage/bytes'
import {
  type Histogram,
  HistogramColumns,
  type MetricReader,
  type QueryBudget,
  SampleColumns,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'
import { writeHistogram } from '../encode-histogram.ts'
import { writeLabels } from './labels.ts'

export const SAMPLED_READ_TYPE = 'application/x-protobuf'

/** TimeSeries.histograms */
const TAG_HISTOGRAM = 0x22

/**
 * Every sample of the scans, native histograms and staleness markers included. Source: prometheus/prometheus prompb/remote.proto.
 *
 *     ReadResponse  1 results* QueryResult     QueryResult 1 timeseries* TimeSeries
 *     TimeSeries    1 labels*                  2 samples*                4 histograms*
 *
 * @returns a ReadResponse packed by snappy
 */
export function sampledReadAnswer(
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): Uint8Array<ArrayBuffer> {
  const out = new ProtobufWriter()
  const samples = new SampleColumns()
  const histograms = new HistogramColumns()
  for (const scan of scans) {
    const result = out.open(0x0a)
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, samples)
      histograms.reset()
      if (selection.mayHaveHistograms(i)) selection.readHistograms(i, scan.startMs, scan.endMs, histograms)
      if (samples.count + histograms.count === 0) continue
      budget.chargeSamples(samples.count + histograms.count)
      const before = out.length
      const series = out.open(0x0a)
      writeLabels(out, selection.labels(i))
      for (let k = 0; k < samples.count; k++) {
        const sample = out.open(0x12)
        out.fixed64(0x09, samples.halves[k * 2] as number, samples.halves[k * 2 + 1] as number)
        out.signed(0x10, samples.times[k] as number)
        out.close(sample)
      }
      for (let k = 0; k < histograms.count; k++) {
        const histogram = histograms.histograms[k] as Histogram
        writeHistogram(out, TAG_HISTOGRAM, { timeMs: histograms.times[k] as number, histogram })
      }
      out.close(series)
      budget.chargeBytes(out.length - before)
    }
    out.close(result)
  }
  return new Uint8Array(snappyCompress(out.finish()))
}
