import { ProtobufWriter } from '@vantage/bytes'
import type { Exemplar, Labels, MetricMetadata } from '@vantage/model'
import { type TimedHistogram, writeHistogram } from '../encode-histogram.ts'

/** One series to send: `times[i]` (unix ms) belongs to `values[i]`. */
export interface SeriesToWrite {
  readonly labels: Labels
  readonly times: ArrayLike<number>
  readonly values: Float64Array
  /** Since when sample i counts, unix ms, 0 = unknown. */
  readonly startTimes?: ArrayLike<number> | undefined
  readonly exemplars?: readonly Exemplar[]
  readonly histograms?: readonly TimedHistogram[]
}

/** TimeSeries.histograms */
const TAG_HISTOGRAM = 0x22

const METADATA_TYPES = {
  unknown: 0,
  counter: 1,
  gauge: 2,
  histogram: 3,
  gaugehistogram: 4,
  summary: 5,
  info: 6,
  stateset: 7,
} as const

/**
 * Writes an uncompressed `prometheus.WriteRequest`, for our own senders and for test loads.
 * Values are copied bit by bit: stale markers survive.
 * @returns a fresh array
 */
export function encodeRemoteWrite(
  series: readonly SeriesToWrite[],
  metadata: readonly MetricMetadata[] = [],
): Uint8Array {
  const out = new ProtobufWriter()
  for (const one of series) {
    const mark = out.open(0x0a)
    writeLabels(out, one.labels)
    const halves = new Uint32Array(one.values.buffer, one.values.byteOffset, one.values.length * 2)
    for (let i = 0; i < one.values.length; i++) {
      const startMs = one.startTimes?.[i] ?? 0
      writeSample(out, one.times[i] as number, halves[i * 2] as number, halves[i * 2 + 1] as number, startMs)
    }
    for (const exemplar of one.exemplars ?? []) writeExemplar(out, exemplar)
    for (const histogram of one.histograms ?? []) writeHistogram(out, TAG_HISTOGRAM, histogram)
    out.close(mark)
  }
  for (const entry of metadata) writeMetadata(out, entry)
  return out.finish()
}

/** The label fields of a series, to be written again and again. */
export function encodeLabels(labels: Labels): Uint8Array {
  const out = new ProtobufWriter()
  writeLabels(out, labels)
  return out.finish()
}

/** The same message for a sender that knows its series: labels are encoded once, nothing is made per sample. */
export class RemoteWriteEncoder {
  readonly #out = new ProtobufWriter()

  /**
   * One series with one sample; the value by its bits.
   * @param labels as `encodeLabels` made them
   * @param startMs when it began to count, 0 = unknown: version 1.0 has no such field, our own reader of it has
   */
  series(
    labels: Uint8Array,
    timeMs: number,
    low: number,
    high: number,
    exemplars: readonly Exemplar[] = [],
    startMs = 0,
  ): void {
    const mark = this.#out.open(0x0a)
    this.#out.append(labels)
    writeSample(this.#out, timeMs, low, high, startMs)
    for (const exemplar of exemplars) writeExemplar(this.#out, exemplar)
    this.#out.close(mark)
  }

  /** One series with one native histogram. */
  histogram(labels: Uint8Array, timed: TimedHistogram, exemplars: readonly Exemplar[] = []): void {
    const mark = this.#out.open(0x0a)
    this.#out.append(labels)
    for (const exemplar of exemplars) writeExemplar(this.#out, exemplar)
    writeHistogram(this.#out, TAG_HISTOGRAM, timed)
    this.#out.close(mark)
  }

  metadata(entry: MetricMetadata): void {
    writeMetadata(this.#out, entry)
  }

  /** @returns a copy; the encoder starts over */
  finish(): Uint8Array {
    const bytes = this.#out.finish()
    this.#out.reset()
    return bytes
  }
}

function writeMetadata(out: ProtobufWriter, entry: MetricMetadata): void {
  const mark = out.open(0x1a)
  out.varint(0x08, METADATA_TYPES[entry.type])
  out.text(0x12, entry.metric)
  out.text(0x22, entry.help)
  out.text(0x2a, entry.unit)
  out.close(mark)
}

function writeLabels(out: ProtobufWriter, labels: Labels): void {
  for (let i = 0; i < labels.length; i += 2) {
    const mark = out.open(0x0a)
    out.text(0x0a, labels[i] as string)
    out.text(0x12, labels[i + 1] as string)
    out.close(mark)
  }
}

function writeSample(out: ProtobufWriter, timeMs: number, low: number, high: number, startMs = 0): void {
  const mark = out.open(0x12)
  out.fixed64(0x09, low, high)
  out.signed(0x10, timeMs)
  if (startMs !== 0) out.signed(0x18, startMs)
  out.close(mark)
}

function writeExemplar(out: ProtobufWriter, exemplar: Exemplar): void {
  const mark = out.open(0x1a)
  writeLabels(out, exemplar.labels)
  const halves = new Uint32Array(Float64Array.of(exemplar.value).buffer)
  out.fixed64(0x11, halves[0] as number, halves[1] as number)
  out.signed(0x18, exemplar.timeMs)
  out.close(mark)
}
