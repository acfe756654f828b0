import { ProtobufWriter, snappyCompress } from '@vantage/bytes'
import { type MetricReader, type QueryBudget, SampleColumns, type SeriesScan, type TenantId } from '@vantage/model'
import { writeLabels } from './labels.ts'

export const SAMPLED_READ_TYPE = 'application/x-protobuf'

/**
 * Every sample of the scans, staleness markers included. Source: prometheus/prometheus prompb/remote.proto.
 *
 *     ReadResponse  1 results* QueryResult     QueryResult 1 timeseries* TimeSeries     TimeSeries 1 labels* 2 samples*
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
  for (const scan of scans) {
    const result = out.open(0x0a)
    const selection = reader.select(tenant, scan, budget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, samples)
      if (samples.count === 0) continue
      budget.chargeSamples(samples.count)
      const before = out.length
      const series = out.open(0x0a)
      writeLabels(out, selection.labels(i))
      for (let k = 0; k < samples.count; k++) {
        const sample = out.open(0x12)
        out.fixed64(0x09, samples.halves[k * 2] as number, samples.halves[k * 2 + 1] as number)
        out.signed(0x10, samples.times[k] as number)
        out.close(sample)
      }
      out.close(series)
      budget.chargeBytes(out.length - before)
    }
    out.close(result)
  }
  return new Uint8Array(snappyCompress(out.finish()))
}
