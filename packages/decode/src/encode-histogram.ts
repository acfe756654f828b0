import { type ProtobufWriter, writeZigzag, zigzag } from '@vantage/bytes'
import { bucketSpans, type Histogram, type HistogramBuckets, hasWholeCounts, RESET_HINT } from '@vantage/model'

/** One native histogram of a series, at its time. */
export interface TimedHistogram {
  readonly timeMs: number
  readonly histogram: Histogram
  /** When it began to count, unix ms; 0 or absent = unknown. */
  readonly startMs?: number
}

/**
 * Appends a native histogram: the same message in remote write 1.0 and 2.0 (field map: `remote-write/wire-histogram.ts`). Counts are
 * written as integers where readers take them, else as floats.
 * @param tag of the field in its series: 0x22 in 1.0, 0x1a in 2.0
 */
export function writeHistogram(
  out: ProtobufWriter,
  tag: number,
  { timeMs, histogram, startMs = 0 }: TimedHistogram,
): void {
  const mark = out.open(tag)
  const { positive, negative } = histogram
  const isInteger = hasWholeCounts(histogram)
  if (isInteger) out.varint(0x08, histogram.count)
  else out.double(0x11, histogram.count)
  out.double(0x19, histogram.sum)
  if (histogram.schema !== 0) out.varint(0x20, zigzag(histogram.schema))
  if (histogram.zeroThreshold !== 0) out.double(0x29, histogram.zeroThreshold)
  if (isInteger) out.varint(0x30, histogram.zeroCount)
  else out.double(0x39, histogram.zeroCount)
  writeSpans(out, 0x42, negative)
  if (isInteger) writeDeltas(out, 0x4a, negative)
  else writeDoubles(out, 0x52, negative.counts)
  writeSpans(out, 0x5a, positive)
  if (isInteger) writeDeltas(out, 0x62, positive)
  else writeDoubles(out, 0x6a, positive.counts)
  if (histogram.resetHint !== RESET_HINT.unknown) out.varint(0x70, histogram.resetHint)
  out.signed(0x78, timeMs)
  writeDoubles(out, 0x82, histogram.customValues)
  if (startMs !== 0) out.signed(0x88, startMs)
  out.close(mark)
}

function writeSpans(out: ProtobufWriter, tag: number, { indexes }: HistogramBuckets): void {
  for (const { offset, length } of bucketSpans(indexes)) {
    const mark = out.open(tag)
    out.varint(0x08, zigzag(offset))
    out.varint(0x10, length)
    out.close(mark)
  }
}

function writeDeltas(out: ProtobufWriter, tag: number, { counts }: HistogramBuckets): void {
  if (counts.length === 0) return
  const packed = new Uint8Array(counts.length * 8)
  let length = 0
  let previous = 0
  for (const count of counts) {
    length = writeZigzag(packed, length, count - previous)
    previous = count
  }
  out.bytes(tag, packed, 0, length)
}

function writeDoubles(out: ProtobufWriter, tag: number, values: Float64Array): void {
  if (values.length > 0) out.bytes(tag, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}
