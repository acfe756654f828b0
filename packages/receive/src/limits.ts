const KIB = 1_024
const MIB = 1_024 * KIB

export interface ByteRate {
  /** A second. */
  readonly rate: number
  /** At once. */
  readonly burst: number
}

/** Limits of the doors, by their configuration keys. */
export interface ReceiveLimits {
  /** `http.maxBodyBytes`: on the wire. */
  readonly maxBodyBytes: number
  /** `http.maxDecompressedBytes`: after gzip, zstd or deflate. */
  readonly maxDecompressedBytes: number
  /** `http.maxUrlBytes` */
  readonly maxUrlBytes: number
  /** `http.maxHeaderBytes` */
  readonly maxHeaderBytes: number
  /** `http.headersTimeout`, `http.requestTimeout` */
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  /** `http.maxConnections`, and of one address */
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** `ingest.maxInflightBytes`: bodies that are being read or wait for the log, all doors together. */
  readonly maxInflightBytes: number
  /** `limits.requestRate` of one tenant, a second; 0 = off. */
  readonly requestRate: number
  readonly requestBurst: number
  /** `limits.logBytesRate`, `limits.spanBytesRate` of one tenant, a second, of bodies as they are unpacked; 0 = off. */
  readonly logBytes: ByteRate
  readonly spanBytes: ByteRate
  /** `grpc.maxMessageBytes`, `grpc.maxConcurrentStreams`, keepalive and connection age */
  readonly grpcMaxMessageBytes: number
  readonly grpcMaxConcurrentStreams: number
  readonly grpcKeepaliveMs: number
  readonly grpcKeepaliveTimeoutMs: number
  readonly grpcConnectionAgeMs: number
  readonly grpcConnectionAgeGraceMs: number
}

export const RECEIVE_LIMITS: ReceiveLimits = {
  maxBodyBytes: 64 * MIB,
  maxDecompressedBytes: 64 * MIB,
  maxUrlBytes: 8 * KIB,
  maxHeaderBytes: 16 * KIB,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 512,
  maxInflightBytes: 256 * MIB,
  requestRate: 0,
  requestBurst: 2_000,
  logBytes: { rate: 0, burst: 20 * MIB },
  spanBytes: { rate: 0, burst: 20 * MIB },
  grpcMaxMessageBytes: 64 * MIB,
  grpcMaxConcurrentStreams: 100,
  grpcKeepaliveMs: 60_000,
  grpcKeepaliveTimeoutMs: 20_000,
  grpcConnectionAgeMs: 600_000,
  grpcConnectionAgeGraceMs: 30_000,
}

/** What the pool keeps for the next requests, and the largest buffer in it. */
export const POOL_BYTES_MAX = 32 * MIB
export const POOL_NATIVE_MAX = 24
export const POOL_BUFFER_BYTES_MAX = 4 * MIB

/** A body of unknown length counts as this much until more of it has come. */
export const INFLIGHT_STEP_BYTES = 64 * KIB

/** Unread bytes up to which a refused request's connection stays open (the rest of the body is read and dropped). */
export const UNREAD_KEPT_BYTES_MAX = 64 * KIB

/** How long, and over how many bytes, a closing connection is read so that the client sees the answer first. */
export const LINGER_MS = 1_000
export const LINGER_BYTES_MAX = 8 * MIB

/** Tenants that have their own label value; more are counted as `other`. */
export const TENANT_LABELS_MAX = 1_000

/** Requests that the ring for the page remembers. */
export const RECENT_REQUESTS_MAX = 256

/** Tenants with a request bucket of their own; the oldest is forgotten first. */
export const RATE_TENANTS_MAX = 10_000

/** Streams that watch our health at once, and how often the state is looked at for them. */
export const HEALTH_WATCHERS_MAX = 64
export const HEALTH_POLL_MS = 250
