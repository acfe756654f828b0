import { NativeBuffer, snappyDecompress } from '@vantage/bytes'
import { InfluxDecoder, type InfluxPrecision } from '@vantage/decode/influx'
import { JsonBatchDecoder } from '@vantage/decode/json-batch'
import { METRICS_REQUEST, OtlpInterner, OtlpJsonDecoder, OtlpMetricsDecoder } from '@vantage/decode/otlp'
import { RemoteWriteDecoder, RemoteWriteV2Decoder } from '@vantage/decode/remote-write'
import { TelemetryDecoder } from '@vantage/decode/stream'
import { TextDecoder } from '@vantage/decode/text'
import {
  type Clock,
  err,
  type Fault,
  fault,
  type LogRecord,
  MetricBatch,
  ok,
  PAYLOAD_FORMATS,
  type PayloadFormat,
  type Result,
  type TenantId,
} from '@vantage/model'
import type { IntakeFault } from '@vantage/receive'
import { runSliced, runWhole, type SlicedDecoder, unpackPayload } from './sliced.ts'

/** A buffer that one large request grew is given back above this size. */
const KEEP_BYTES = 4 * 1024 * 1024

const INFLUX_PRECISIONS: ReadonlyMap<PayloadFormat, InfluxPrecision> = new Map([
  [PAYLOAD_FORMATS.influxNs, 'ns'],
  [PAYLOAD_FORMATS.influxUs, 'us'],
  [PAYLOAD_FORMATS.influxMs, 'ms'],
  [PAYLOAD_FORMATS.influxS, 's'],
  [PAYLOAD_FORMATS.influxM, 'm'],
  [PAYLOAD_FORMATS.influxH, 'h'],
])

/** A replay applies no limit: what was taken stays taken, whatever the configuration says by now. */
export const REPLAY_LIMITS: DecoderLimits = {
  maxDecompressedBytes: 2 ** 31,
  maxLabels: Number.POSITIVE_INFINITY,
  maxLabelNameBytes: Number.POSITIVE_INFINITY,
  maxLabelValueBytes: Number.POSITIVE_INFINITY,
}

export interface DecoderLimits {
  readonly maxDecompressedBytes: number
  readonly maxLabels: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
}

/** Interners of the tenants: prefix ids of OTLP aliases live as long as the process. */
export class TenantInterners {
  readonly #byTenant = new Map<TenantId, OtlpInterner>()
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  of(tenant: TenantId): OtlpInterner {
    let interner = this.#byTenant.get(tenant)
    if (interner === undefined) {
      interner = new OtlpInterner(this.#seed)
      this.#byTenant.set(tenant, interner)
    }
    return interner
  }
}

/** Everything one request needs to be decoded: one owner at a time, reused by the next. */
export class DecodeScratch {
  readonly batch = new MetricBatch()
  readonly #unpacked = new NativeBuffer()
  readonly #limits: DecoderLimits
  readonly #remoteWrite: RemoteWriteDecoder
  readonly #remoteWriteV2: RemoteWriteV2Decoder
  readonly #prometheusText: TextDecoder
  readonly #openMetricsText: TextDecoder
  readonly #influx: InfluxDecoder
  readonly #telemetry: TelemetryDecoder
  readonly #jsonBatch: JsonBatchDecoder
  readonly #interners: TenantInterners
  readonly #otlp = new Map<TenantId, { protobuf: OtlpMetricsDecoder; json: OtlpJsonDecoder<MetricBatch> }>()
  /** The OTLP decoder that filled the batch, which knows what a data point is. */
  points: OtlpMetricsDecoder | undefined

  constructor(limits: DecoderLimits, interners: TenantInterners) {
    this.#limits = limits
    this.#interners = interners
    this.#remoteWrite = new RemoteWriteDecoder(limits)
    this.#remoteWriteV2 = new RemoteWriteV2Decoder(limits)
    this.#prometheusText = new TextDecoder({ grammar: 'prometheus', mode: 'import', limits })
    this.#openMetricsText = new TextDecoder({ grammar: 'openmetrics', mode: 'import', limits })
    this.#influx = new InfluxDecoder(limits)
    this.#telemetry = new TelemetryDecoder(limits)
    this.#jsonBatch = new JsonBatchDecoder(limits)
  }

  /**
   * Decodes a body into `batch`, giving way to others between slices.
   * @param receivedAtMs the time of samples that bring none; the record of the log holds the same one
   */
  async decode(
    tenant: TenantId,
    format: PayloadFormat,
    body: Uint8Array,
    length: number,
    receivedAtMs: number,
    clock: Clock,
  ): Promise<Result<void, IntakeFault>> {
    this.batch.reset()
    this.points = undefined
    if (format === PAYLOAD_FORMATS.jsonBatch) return this.#decodeJsonBatch(body, length, receivedAtMs)
    const started = this.#start(tenant, format, body, length, receivedAtMs)
    if (!started.ok) return started
    const problem = await runSliced(started.value, clock)
    return problem === undefined ? ok(undefined) : err(problem)
  }

  /** Decodes a record of the log, whole. */
  replay(record: LogRecord, clock: Clock): Result<void, Fault> {
    this.batch.reset()
    this.points = undefined
    const body = unpackPayload(record)
    if (!body.ok) return body
    if (record.format === PAYLOAD_FORMATS.jsonBatch) {
      return this.#decodeJsonBatch(body.value, body.value.length, record.receivedAtMs)
    }
    const started = this.#start(record.tenant, record.format, body.value, body.value.length, record.receivedAtMs)
    if (!started.ok) return started
    const problem = runWhole(started.value, clock)
    return problem === undefined ? ok(undefined) : err(problem)
  }

  trim(): void {
    this.#unpacked.trim(KEEP_BYTES)
  }

  #start(
    tenant: TenantId,
    format: PayloadFormat,
    body: Uint8Array,
    length: number,
    receivedAtMs: number,
  ): Result<SlicedDecoder> {
    const timed = this.#startTimed(format, body, length, receivedAtMs)
    if (timed !== undefined) return ok(timed)
    if (format === PAYLOAD_FORMATS.remoteWriteV1Snappy || format === PAYLOAD_FORMATS.remoteWriteV2Snappy) {
      const unpacked = snappyDecompress(body, 0, length, this.#unpacked, this.#limits.maxDecompressedBytes)
      if (!unpacked.ok) {
        const code = unpacked.error.kind === 'too_large' ? 'too_large' : 'bad_request'
        return err(fault(code, `snappy: ${unpacked.error.message}`, { limit: 'http.maxDecompressedBytes' }))
      }
      const decoder = format === PAYLOAD_FORMATS.remoteWriteV1Snappy ? this.#remoteWrite : this.#remoteWriteV2
      decoder.start(this.#unpacked.bytes, unpacked.value, this.batch)
      return ok(decoder)
    }
    const decoders = this.#otlpOf(tenant)
    this.points = decoders.protobuf
    const decoder = format === PAYLOAD_FORMATS.otlpMetricsJson ? decoders.json : decoders.protobuf
    decoder.start(body, length, this.batch)
    return ok(decoder)
  }

  /** @returns the decoder of a format whose samples may come without a time, undefined where it is another one */
  #startTimed(
    format: PayloadFormat,
    body: Uint8Array,
    length: number,
    receivedAtMs: number,
  ): SlicedDecoder | undefined {
    if (format === PAYLOAD_FORMATS.telemetryBatch) {
      this.#telemetry.start(body, length, this.batch, receivedAtMs)
      return this.#telemetry
    }
    const precision = INFLUX_PRECISIONS.get(format)
    if (precision !== undefined) {
      this.#influx.start(body, length, this.batch, precision, receivedAtMs)
      return this.#influx
    }
    if (format !== PAYLOAD_FORMATS.prometheusText && format !== PAYLOAD_FORMATS.openMetricsText) return undefined
    const text = format === PAYLOAD_FORMATS.prometheusText ? this.#prometheusText : this.#openMetricsText
    text.start(body, length, this.batch, receivedAtMs)
    return text
  }

  #otlpOf(tenant: TenantId): { protobuf: OtlpMetricsDecoder; json: OtlpJsonDecoder<MetricBatch> } {
    let decoders = this.#otlp.get(tenant)
    if (decoders === undefined) {
      const protobuf = new OtlpMetricsDecoder(this.#interners.of(tenant), this.#limits)
      decoders = { protobuf, json: new OtlpJsonDecoder(METRICS_REQUEST, protobuf) }
      this.#otlp.set(tenant, decoders)
    }
    return decoders
  }

  #decodeJsonBatch(body: Uint8Array, length: number, receivedAtMs: number): Result<void, IntakeFault> {
    const outcome = this.#jsonBatch.decode(body, length, this.batch, receivedAtMs)
    if (outcome.kind === 'ok') return ok(undefined)
    if (outcome.kind === 'fault') return err(outcome.fault)
    const message = `metrics: want every item valid, got ${outcome.problems.length} that are not; nothing was stored`
    return err({ ...fault('unprocessable', message, { reason: 'invalid_items' }), problems: outcome.problems })
  }
}
