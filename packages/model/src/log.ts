import type { Fault, Result } from './fault.ts'
import type { TenantId } from './tenant.ts'

/** The durable topics of the single machine. */
export type Topic =
  | 'metrics-raw'
  | 'raw-logs'
  | 'spans-raw'
  | 'profiles-raw'
  | 'standardized-logs'
  | 'processed-metrics'
  | 'alerts'
  | 'dead-letters'

/** Form of a record's payload: decides which decoder replays it. Codes are bytes on disk: never renumber. */
export const PAYLOAD_FORMATS = {
  remoteWriteV1Snappy: 1,
  otlpMetricsProtobuf: 2,
  otlpMetricsJson: 3,
  jsonBatch: 4,
  canonicalMetrics: 5,
  remoteWriteV2Snappy: 6,
  telemetryBatch: 7,
  prometheusText: 16,
  openMetricsText: 17,
  /** InfluxDB lines, one code for each unit of their times. */
  influxNs: 18,
  influxUs: 19,
  influxMs: 20,
  influxS: 21,
  influxM: 22,
  influxH: 23,
  otlpLogsProtobuf: 32,
  otlpLogsJson: 33,
  lokiPushSnappy: 34,
  lokiPushJson: 35,
  otlpTracesProtobuf: 48,
  otlpTracesJson: 49,
  zipkinJson: 50,
  zipkinProtobuf: 51,
  jaegerThrift: 52,
  jaegerProtobuf: 53,
  /** Rows that were changed before they were logged (decode/src/canonical/FORMAT.md). */
  canonicalLogs: 36,
  canonicalSpans: 54,
  /** Not samples: a deletion of series, in order with the samples before and after it. */
  seriesDeletion: 64,
  /** Not rows: a deletion of logs or spans, in order with the rows before and after it. */
  rowDeletion: 65,
} as const

export type PayloadFormat = (typeof PAYLOAD_FORMATS)[keyof typeof PAYLOAD_FORMATS]

/** How the payload bytes are compressed, kept as the client sent them where that is compact. Bytes on disk. */
export const PAYLOAD_ENCODINGS = { identity: 0, gzip: 1, zstd: 2, snappyBlock: 3 } as const
export type PayloadEncoding = (typeof PAYLOAD_ENCODINGS)[keyof typeof PAYLOAD_ENCODINGS]

export interface LogRecord {
  readonly tenant: TenantId
  /** Which door took it (`remote-write`, `otlp-grpc`, …); at most 255 bytes. */
  readonly receiver: string
  readonly format: PayloadFormat
  readonly encoding: PayloadEncoding
  readonly receivedAtMs: number
  /** Absent = every item was taken; else bit i set = item i was refused and stays refused on replay. */
  readonly verdict: Uint8Array | undefined
  readonly payload: Uint8Array
}

/** A place in a topic: the record's offset (0, 1, 2, …) is known before it is written. */
export interface Reservation {
  readonly topic: Topic
  readonly offset: number
}

/**
 * The durable bus of one machine. Order in the process: decode, check, `reserve`, apply, `commit`, answer.
 * `reserve` refuses (unavailable: disk, queue) before anything is applied. Every reservation must be committed,
 * in the order of the reservations, in the same turn of the event loop. `commit` resolves after the record is
 * written and synced as the sync policy says; a failed write or sync ends the process and never returns.
 */
export interface Log {
  reserve(topic: Topic, payloadBytes: number): Result<Reservation, Fault>
  commit(reservation: Reservation, record: LogRecord): Promise<void>
  /** Records [from, end) in order; waits for room in the consumer. Used by replay and by bus consumers. */
  read(
    topic: Topic,
    fromOffset: number,
    visit: (record: LogRecord, offset: number) => void | Promise<void>,
  ): Promise<void>
  /** The offset the next reservation will get. */
  nextOffset(topic: Topic): number
  /** A durable consumer says that everything below `offset` is sealed; segments below all consumers may go. */
  setConsumed(topic: Topic, consumer: string, offset: number): void
  stats(topic: Topic): LogStats
  close(): Promise<void>
}

export interface LogStats {
  readonly firstOffset: number
  readonly nextOffset: number
  readonly bytesOnDisk: number
  /** Bytes appended since the smallest consumed offset: what a restart would replay. */
  readonly unsealedBytes: number
  readonly corruptions: number
}
