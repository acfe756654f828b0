import { RECEIVE_LIMITS, type ReceiveLimits } from '@vantage/receive'
import type { Config } from '../config/schema.ts'
import { memoryLimitBytes } from '../pressure.ts'
import type { DecoderLimits } from './decoders.ts'

const REMOTE_WRITE_UNPACKED_MAX = 32 * 1024 ** 2
const INFLIGHT_SHARE = 0.25

/** What decoders hold a request to. */
export function decoderLimits({ http, limits }: Config): DecoderLimits {
  const { maxLabels, maxLabelNameBytes, maxLabelValueBytes } = limits
  const maxDecompressedBytes = Math.min(http.maxDecompressedBytes, REMOTE_WRITE_UNPACKED_MAX)
  return { maxLabels, maxLabelNameBytes, maxLabelValueBytes, maxDecompressedBytes }
}

/** What the doors hold a request to. */
export function receiveLimits(config: Config): ReceiveLimits {
  const { http, grpc, ingest, limits } = config
  return {
    ...RECEIVE_LIMITS,
    maxBodyBytes: http.maxBodyBytes,
    maxDecompressedBytes: http.maxDecompressedBytes,
    maxUrlBytes: http.maxUrlBytes,
    maxHeaderBytes: http.maxHeaderBytes,
    headersTimeoutMs: http.headersTimeout ?? 0,
    requestTimeoutMs: http.requestTimeout ?? 0,
    maxConnections: http.maxConnections,
    maxInflightBytes: ingest.maxInflightBytes ?? Math.round(memoryLimitBytes() * INFLIGHT_SHARE),
    requestRate: limits.requestRate,
    requestBurst: limits.requestBurst,
    logBytes: { rate: limits.logBytesRate, burst: limits.logBytesBurst },
    spanBytes: { rate: limits.spanBytesRate, burst: limits.spanBytesBurst },
    grpcMaxMessageBytes: grpc.maxMessageBytes,
    grpcMaxConcurrentStreams: grpc.maxConcurrentStreams,
  }
}

/** What a tenant may have of log rows and spans. */
export function tenantLimits({ limits }: Config) {
  const { maxStreams, maxTraceBytes, streamBytesRate, streamBytesBurst } = limits
  return { maxStreams, maxTraceBytes, streamBytes: { rate: streamBytesRate, burst: streamBytesBurst } }
}
