import { NativeBuffer, snappyDecompress } from '@vantage/bytes'
import { CanonicalDecoder } from '@vantage/decode/canonical'
import { JaegerProtobufDecoder, JaegerThriftDecoder } from '@vantage/decode/jaeger'
import { LokiPushDecoder, LokiPushJsonDecoder, type PushLimits } from '@vantage/decode/loki'
import { LOGS_REQUEST, OtlpJsonDecoder, OtlpLogsDecoder, OtlpTracesDecoder, TRACES_REQUEST } from '@vantage/decode/otlp'
import { ZipkinJsonDecoder, ZipkinProtobufDecoder } from '@vantage/decode/zipkin'
import { err, fault, LogBatch, ok, PAYLOAD_FORMATS, type PayloadFormat, type Result, SpanBatch } from '@vantage/model'
import type { SlicedDecoder } from './sliced.ts'

/** A buffer that one large request grew is given back above this size. */
const KEEP_BYTES = 4 * 1024 * 1024

/** A decoder of one format into a batch. */
interface Decoder<Batch> extends SlicedDecoder {
  start(body: Uint8Array, length: number, batch: Batch): void
}

/** Everything one request of logs or spans needs to be decoded: one owner at a time, reused by the next. */
export class RecordScratch<Batch extends LogBatch | SpanBatch> {
  readonly batch: Batch
  readonly #decoders: ReadonlyMap<PayloadFormat, Decoder<Batch>>
  readonly #unpacked = new NativeBuffer()
  readonly #maxUnpackedBytes: number

  constructor(batch: Batch, decoders: ReadonlyMap<PayloadFormat, Decoder<Batch>>, maxUnpackedBytes: number) {
    this.batch = batch
    this.#decoders = decoders
    this.#maxUnpackedBytes = maxUnpackedBytes
  }

  /** Begins to decode a body into `batch`. @param replayed the verdict of a record that is replayed */
  start(format: PayloadFormat, body: Uint8Array, length: number, replayed?: Uint8Array): Result<SlicedDecoder> {
    const decoder = this.#decoders.get(format)
    if (decoder === undefined) return err(fault('unsupported', `payload format ${format} is none of this signal`))
    this.batch.reset(replayed)
    if (format !== PAYLOAD_FORMATS.lokiPushSnappy) {
      decoder.start(body, length, this.batch)
      return ok(decoder)
    }
    const unpacked = snappyDecompress(body, 0, length, this.#unpacked, this.#maxUnpackedBytes)
    if (!unpacked.ok) {
      const code = unpacked.error.kind === 'too_large' ? 'too_large' : 'bad_request'
      return err(fault(code, unpacked.error.message, { limit: 'http.maxDecompressedBytes' }))
    }
    decoder.start(this.#unpacked.bytes, unpacked.value, this.batch)
    return ok(decoder)
  }

  trim(): void {
    this.#unpacked.trim(KEEP_BYTES)
  }
}

/** What a log record of the topic `raw-logs` may hold. */
export const LOG_FORMATS: ReadonlySet<PayloadFormat> = new Set([
  PAYLOAD_FORMATS.otlpLogsProtobuf,
  PAYLOAD_FORMATS.otlpLogsJson,
  PAYLOAD_FORMATS.lokiPushSnappy,
  PAYLOAD_FORMATS.lokiPushJson,
  PAYLOAD_FORMATS.canonicalLogs,
])

/** Of the topic `spans-raw`. */
export const SPAN_FORMATS: ReadonlySet<PayloadFormat> = new Set([
  PAYLOAD_FORMATS.otlpTracesProtobuf,
  PAYLOAD_FORMATS.otlpTracesJson,
  PAYLOAD_FORMATS.zipkinJson,
  PAYLOAD_FORMATS.zipkinProtobuf,
  PAYLOAD_FORMATS.jaegerThrift,
  PAYLOAD_FORMATS.jaegerProtobuf,
  PAYLOAD_FORMATS.canonicalSpans,
])

export function logScratch(limits: PushLimits, maxUnpackedBytes: number): RecordScratch<LogBatch> {
  const otlp = new OtlpLogsDecoder(limits)
  const loki = new LokiPushDecoder(limits)
  const decoders = new Map<PayloadFormat, Decoder<LogBatch>>([
    [PAYLOAD_FORMATS.otlpLogsProtobuf, otlp],
    [PAYLOAD_FORMATS.otlpLogsJson, new OtlpJsonDecoder(LOGS_REQUEST, otlp)],
    [PAYLOAD_FORMATS.lokiPushSnappy, loki],
    [PAYLOAD_FORMATS.lokiPushJson, new LokiPushJsonDecoder(loki)],
    [PAYLOAD_FORMATS.canonicalLogs, new CanonicalDecoder<LogBatch>()],
  ])
  return new RecordScratch(new LogBatch(), decoders, maxUnpackedBytes)
}

export function spanScratch(limits: PushLimits, maxUnpackedBytes: number): RecordScratch<SpanBatch> {
  const otlp = new OtlpTracesDecoder(limits)
  const decoders = new Map<PayloadFormat, Decoder<SpanBatch>>([
    [PAYLOAD_FORMATS.otlpTracesProtobuf, otlp],
    [PAYLOAD_FORMATS.otlpTracesJson, new OtlpJsonDecoder(TRACES_REQUEST, otlp)],
    [PAYLOAD_FORMATS.zipkinJson, new ZipkinJsonDecoder(limits)],
    [PAYLOAD_FORMATS.zipkinProtobuf, new ZipkinProtobufDecoder(limits)],
    [PAYLOAD_FORMATS.jaegerThrift, new JaegerThriftDecoder(limits)],
    [PAYLOAD_FORMATS.jaegerProtobuf, new JaegerProtobufDecoder(limits)],
    [PAYLOAD_FORMATS.canonicalSpans, new CanonicalDecoder<SpanBatch>()],
  ])
  return new RecordScratch(new SpanBatch(), decoders, maxUnpackedBytes)
}
