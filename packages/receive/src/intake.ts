import type { Fault, ItemReason, PayloadEncoding, PayloadFormat, Refusal, Result, TenantId } from '@vantage/model'

/**
 * What a door hands on: bytes that passed the checks 1–9 (connection … inflate) and nothing decoded.
 * `raw` and `body` are borrowed from the door's pool: they belong to the request until the promise of
 * `SubmitIntake` settles, and mean nothing after that.
 */
export interface IntakeRequest {
  readonly tenant: TenantId
  /** `remote-write`, `otlp-http`, `otlp-grpc`, `json-batch`, `self`: the log record's receiver. */
  readonly receiver: string
  /** Who sent it, for the figures of who makes series: `key 1a2b3c4d`, `from 10.0.0.7`, `job node`; absent = nobody else. */
  readonly sender?: string
  readonly format: PayloadFormat
  /** Of `raw`. */
  readonly encoding: PayloadEncoding
  /** Exactly as sent: what the log keeps. */
  readonly raw: Uint8Array
  /** The inflated body (gzip, zstd); for snappy and identity the same bytes as `raw`. */
  readonly body: Uint8Array
  /** The body is `body[0, bodyLength)`; behind it may lie anything. */
  readonly bodyLength: number
  /** Identity of the connection, for hints about the order of series. */
  readonly connection: object
}

/** Logged, synced and applied; counts in the client's unit (samples, OTLP's data points, log records, spans). */
export interface IntakeAccepted {
  /** Stored, or there already with the same value. */
  readonly items: number
  /** Of `items`, those that are native histograms. */
  readonly histograms: number
  readonly exemplars: number
  readonly refused: readonly Refusal[]
  readonly warnings: readonly string[]
}

/** One bad item of a batch of which nothing was stored. */
export interface ItemProblem {
  readonly index: number
  readonly reason: ItemReason
  readonly message: string
}

export type IntakeFault = Fault & { readonly problems?: readonly ItemProblem[] }

/** Decode, check, log, apply (steps 10–13). A rejected promise is a bug of ours and answers `internal`. */
export type SubmitIntake = (request: IntakeRequest) => Promise<Result<IntakeAccepted, IntakeFault>>
