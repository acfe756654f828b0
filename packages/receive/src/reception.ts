import type { Clock, Fault, Refusal } from '@vantage/model'
import type { Gauge, Logger, Registry } from '@vantage/observe'
import type { Auth } from './auth.ts'
import { BufferPool } from './buffer-pool.ts'
import { ByteRates } from './byte-rates.ts'
import { InflightBytes } from './inflight.ts'
import type { SubmitIntake } from './intake.ts'
import { IntakeCounts } from './intake-counts.ts'
import type { ReceiveLimits } from './limits.ts'
import type { RecentRequests } from './recent.ts'
import { TenantRate } from './tenant-rate.ts'

export type Phase = 'starting' | 'ready' | 'draining' | 'failed'

export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

/** Answers in OTLP's own forms, and the test of a JSON body's shape; written by the decoders' package. */
export interface ReceiveCodec {
  readonly partialSuccess: (refused: readonly Refusal[], warnings: readonly string[]) => PartialSuccess | undefined
  readonly encodeExportResponse: (partial: PartialSuccess | undefined) => Uint8Array
  /** @param rejectedKey the signal's name of the count */
  readonly exportResponseJson: (partial: PartialSuccess | undefined, rejectedKey: string) => string
  readonly encodeStatus: (fault: Fault) => Uint8Array
  readonly statusJson: (fault: Fault) => string
  readonly isJsonBatch: (body: Uint8Array, length: number) => boolean
}

export interface ReceptionOptions {
  readonly submit: SubmitIntake
  readonly codec: ReceiveCodec
  readonly auth: Auth
  readonly limits: ReceiveLimits
  readonly registry: Registry
  readonly logger: Logger
  readonly clock: Clock
  /** In [0, 1): spreads `Retry-After`. */
  readonly random: () => number
  readonly phase: () => Phase
  /** 0 normal, 1 above the soft, 2 above the hard memory mark. */
  readonly pressure: () => 0 | 1 | 2
  readonly recent: RecentRequests
}

/** What all doors of one process share: made once, given to each door. */
export interface Reception extends ReceptionOptions {
  readonly counts: IntakeCounts
  /** Open ones, by protocol: `http`, `grpc`. */
  readonly connections: Gauge
  readonly buffers: BufferPool
  readonly inflight: InflightBytes
  readonly rate: TenantRate
  readonly byteRates: ByteRates
}

export function openReception(options: ReceptionOptions): Reception {
  const { limits, registry } = options
  const inflight = new InflightBytes(limits.maxInflightBytes)
  registry.computed('vantage_inflight_bytes', 'Bytes of requests read or waiting for the log.', 'gauge', () => {
    return inflight.usedBytes
  })
  return {
    ...options,
    counts: new IntakeCounts(options),
    connections: registry.gauge('vantage_connections', 'Open connections of senders and askers.', ['protocol']),
    buffers: new BufferPool(),
    inflight,
    rate: new TenantRate(limits.requestRate, limits.requestBurst),
    byteRates: new ByteRates({ logs: limits.logBytes, traces: limits.spanBytes }),
  }
}
