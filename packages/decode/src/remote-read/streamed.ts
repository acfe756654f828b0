import { crc32c, ProtobufWriter, ReusableBuffer, writeVarint } from '@vantage/bytes'
import {
  FaultError,
  fault,
  type Labels,
  type MetricReader,
  type QueryBudget,
  SampleColumns,
  type SeriesScan,
  type SeriesSelection,
  type TenantId,
} from '@vantage/model'
import { writeLabels } from './labels.ts'
import { XOR_CHUNK_SAMPLES_MAX, XorChunkWriter } from './xor-chunk.ts'

export const STREAMED_READ_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse'

/** Chunks of one frame: what Prometheus sends unless `storage.remote.read-max-bytes-in-frame` says otherwise. */
const FRAME_BYTES_MAX = 1024 * 1024
/** Length and checksum in front of a frame. */
const FRAME_HEAD_BYTES = 10 + 4

const ENCODING_XOR = 1

/** A client that accepts samples too is to be answered by them. */
export const HISTOGRAMS_ARE_SAMPLED = 'histograms_are_sampled'

/**
 * Every float of the scans in XOR chunks, staleness markers included: one frame after the other, each of one series.
 * Source: prometheus/prometheus prompb/remote.proto; storage/remote/chunked.go.
 *
 *     frame                uvarint length | CRC-32C of the message, big-endian | message ChunkedReadResponse
 *     ChunkedReadResponse  1 chunked_series*  ChunkedSeries    2 query_index int64
 *     ChunkedSeries        1 labels*  Label                    2 chunks*  Chunk
 *     Chunk                1 min_time_ms  2 max_time_ms int64  3 type enum  4 data
 *
 * @throws FaultError, reason `HISTOGRAMS_ARE_SAMPLED`, where the scans find native histograms
 */
export function streamedReadAnswer(
  scans: readonly SeriesScan[],
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): Uint8Array<ArrayBuffer> {
  const frames = new FrameWriter(budget)
  const samples = new SampleColumns()
  const selections = scans.map((scan) => reader.select(tenant, scan, budget))
  for (const selection of selections) refuseHistograms(selection, budget)
  scans.forEach((scan, query) => {
    const selection = selections[query] as SeriesSelection
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, scan.startMs, scan.endMs, samples)
      if (samples.count === 0) continue
      budget.chargeSamples(samples.count)
      frames.series(query, selection.labels(i), samples)
    }
  })
  return frames.finish()
}

function refuseHistograms(selection: SeriesSelection, budget: QueryBudget): void {
  for (let i = 0; i < selection.count; i++) {
    if (i % 4096 === 4095) budget.check()
    if (!selection.mayHaveHistograms(i)) continue
    throw new FaultError(
      fault('unprocessable', 'remote read: native histograms are answered as SAMPLES: accept them too', {
        reason: HISTOGRAMS_ARE_SAMPLED,
      }),
    )
  }
}

class FrameWriter {
  readonly #budget: QueryBudget
  readonly #out = new ReusableBuffer()
  #length = 0
  readonly #message = new ProtobufWriter()
  readonly #chunk = new XorChunkWriter()

  constructor(budget: QueryBudget) {
    this.#budget = budget
  }

  /** All samples of one series, in as many frames as they need. */
  series(query: number, labels: Labels, samples: SampleColumns): void {
    for (let from = 0; from < samples.count; ) {
      const message = this.#message
      message.reset()
      const series = message.open(0x0a)
      writeLabels(message, labels)
      const chunksFrom = message.length
      while (from < samples.count && message.length - chunksFrom < FRAME_BYTES_MAX) {
        const to = Math.min(samples.count, from + XOR_CHUNK_SAMPLES_MAX)
        this.#writeChunk(samples, from, to)
        from = to
      }
      message.close(series)
      if (query > 0) message.varint(0x10, query)
      this.#frame()
    }
  }

  #writeChunk(samples: SampleColumns, from: number, to: number): void {
    const message = this.#message
    this.#chunk.encode(samples, from, to)
    const chunk = message.open(0x12)
    message.signed(0x08, samples.times[from] as number)
    message.signed(0x10, samples.times[to - 1] as number)
    message.varint(0x18, ENCODING_XOR)
    message.bytes(0x22, this.#chunk.bytes, 0, this.#chunk.length)
    message.close(chunk)
  }

  #frame(): void {
    const { buffer, length } = this.#message
    this.#budget.chargeBytes(FRAME_HEAD_BYTES + length)
    this.#out.reserve(this.#length + FRAME_HEAD_BYTES + length, this.#length)
    const { bytes } = this.#out
    let at = writeVarint(bytes, this.#length, length)
    this.#out.view.setUint32(at, crc32c(buffer.bytes, 0, length))
    at += 4
    bytes.set(buffer.bytes.subarray(0, length), at)
    this.#length = at + length
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#out.bytes.slice(0, this.#length)
  }
}
