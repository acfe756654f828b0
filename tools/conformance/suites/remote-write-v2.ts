import { ProtobufWriter, snappyCompress, writeVarint } from '../../../packages/bytes/src/index.ts'
import { type TimedHistogram, writeHistogram } from '../../../packages/decode/src/encode-histogram.ts'
import { STALE_HIGH, STALE_LOW } from '../../../packages/model/src/index.ts'

export interface SampleV2 {
  readonly value: number
  readonly timeMs: number
  readonly startMs?: number
  /** The marker instead of the value: its bits would not survive in a number. */
  readonly isStale?: boolean
}

/** One series of a `io.prometheus.write.v2.Request`, as the cases describe it. */
export interface SeriesV2 {
  readonly labels: Readonly<Record<string, string>>
  readonly samples?: readonly SampleV2[]
  /** As the message `Histogram`; `histograms` are written from what they say. */
  readonly histogram?: Uint8Array
  readonly histograms?: readonly TimedHistogram[]
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly timeMs: number
  }
  /** Type number, help, unit. */
  readonly metadata?: readonly [type: number, help: string, unit: string]
}

/** Writes a whole request body, in one snappy block. Source: Remote-Write 2.0; its types.proto. */
export function requestV2(all: readonly SeriesV2[]): Uint8Array<ArrayBuffer> {
  const symbols = new Map([['', 0]])
  const refOf = (text: string) => {
    const known = symbols.get(text)
    if (known !== undefined) return known
    symbols.set(text, symbols.size)
    return symbols.size - 1
  }
  const series = new ProtobufWriter()
  for (const one of all) {
    const mark = series.open(0x2a)
    writeRefs(series, one.labels, refOf)
    for (const { value, timeMs, startMs, isStale } of one.samples ?? []) {
      const sample = series.open(0x12)
      if (isStale === true) series.fixed64(0x09, STALE_LOW, STALE_HIGH)
      else series.double(0x09, value)
      series.signed(0x10, timeMs)
      if (startMs !== undefined) series.signed(0x18, startMs)
      series.close(sample)
    }
    if (one.histogram !== undefined) series.bytes(0x1a, one.histogram)
    for (const histogram of one.histograms ?? []) writeHistogram(series, 0x1a, histogram)
    if (one.exemplar !== undefined) {
      const exemplar = series.open(0x22)
      writeRefs(series, one.exemplar.labels, refOf)
      series.double(0x11, one.exemplar.value)
      series.signed(0x18, one.exemplar.timeMs)
      series.close(exemplar)
    }
    if (one.metadata !== undefined) {
      const [type, help, unit] = one.metadata
      const metadata = series.open(0x2a)
      series.varint(0x08, type)
      series.varint(0x18, refOf(help))
      series.varint(0x20, refOf(unit))
      series.close(metadata)
    }
    series.close(mark)
  }
  const request = new ProtobufWriter()
  for (const symbol of symbols.keys()) request.text(0x22, symbol)
  return new Uint8Array(snappyCompress(Buffer.concat([request.finish(), series.finish()])))
}

/** A packed list: the varints behind each other, in one field. */
function writeRefs(
  out: ProtobufWriter,
  labels: Readonly<Record<string, string>>,
  refOf: (text: string) => number,
): void {
  const refs = Object.entries(labels).flatMap(([name, value]) => [refOf(name), refOf(value)])
  const packed = new Uint8Array(refs.length * 5)
  let length = 0
  for (const ref of refs) length = writeVarint(packed, length, ref)
  if (refs.length > 0) out.bytes(0x0a, packed, 0, length)
}

export interface HistogramShape {
  readonly includePositive?: boolean
  readonly includeNegative?: boolean
  readonly includeZero?: boolean
  readonly useCustomBuckets?: boolean
}

/** The message `Histogram` with integer counts: two buckets a side of one observation each, three in the zero bucket. */
export function histogramV2(timeMs: number, shape: HistogramShape): Uint8Array {
  const out = new ProtobufWriter()
  const sides = (shape.includePositive ? 1 : 0) + (shape.includeNegative ? 1 : 0)
  out.varint(0x08, sides * 2 + (shape.includeZero ? 3 : 0))
  out.double(0x19, 4.5)
  out.varint(0x20, shape.useCustomBuckets ? 105 : 0)
  if (!shape.useCustomBuckets) out.double(0x29, 0.001)
  if (shape.includeZero) out.varint(0x30, 3)
  if (shape.includeNegative) writeSide(out, 0x42, 0x4a)
  if (shape.includePositive) writeSide(out, 0x5a, 0x62)
  out.signed(0x78, timeMs)
  if (shape.useCustomBuckets) for (const bound of [1, 2]) out.double(0x81, bound)
  return out.finish()
}

function writeSide(out: ProtobufWriter, spanTag: number, deltasTag: number): void {
  const span = out.open(spanTag)
  out.varint(0x10, 2)
  out.close(span)
  // Zigzag differences 1, 0: one observation in each bucket.
  out.bytes(deltasTag, Uint8Array.of(2, 0))
}
