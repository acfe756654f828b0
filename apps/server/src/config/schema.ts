import { STATSD_SERIES_MAX } from '@vantage/decode/statsd'
import { LOGQL_LIMITS } from '@vantage/query/logql'
import { PROMQL_LIMITS } from '@vantage/query/promql'
import { TRACEQL_LIMITS } from '@vantage/query/traceql'
import { z } from 'zod'
import { duration } from './duration.ts'
import { processorsSchema } from './processors.ts'
import { RETENTION_KEYS } from './retention.ts'
import { samplingSchema } from './sampling.ts'

/** The evaluator's stack holds this with room to spare. */
const NESTING_MAX = 512

const KIB = 1024
const MIB = 1024 * KIB

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: KIB, MiB: MIB, GiB: 1024 * MIB }

/** Bytes as a number or with a unit (`64MiB`). */
const size = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)?$/.exec(String(value))
  if (match === null) {
    context.addIssue(`want bytes such as 1048576 or 64MiB, got ${JSON.stringify(value)}`)
    return z.NEVER
  }
  return Math.round(Number(match[1]) * (SIZE_UNITS[match[2] ?? ''] as number))
})

const port = z.coerce.number().int().min(0).max(65_535)
const count = z.coerce.number().int().min(0)
const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0', ''])])
  .transform((value) => value === true || value === 'true' || value === '1')
const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (Array.isArray(value) ? value : value.split(',')).map((one) => one.trim()).filter((one) => one !== ''),
  )

/** Given keys are `openssl rand -hex 16` or longer: shorter ones can be guessed. */
const KEY_CHARS_MIN = 32
const keys = list.refine((all) => all.every((key) => key.length >= KEY_CHARS_MIN), {
  message: `want keys of at least ${KEY_CHARS_MIN} characters (openssl rand -hex 32), got a shorter one`,
})

/** Every key of the configuration file; the environment sets the same keys by the names of ENVIRONMENT. */
export const configSchema = z.strictObject({
  data: z.string().default('data'),
  host: z.string().default('127.0.0.1'),
  port: port.default(3000),
  otlp: z.strictObject({ grpcPort: port.default(4317), httpPort: port.default(4318) }).prefault({}),
  jaeger: z
    .strictObject({
      grpcPort: port.default(0),
      httpPort: port.default(0),
      grpcQueryPort: port.optional(),
      compactPort: port.default(0),
      binaryPort: port.default(0),
      samplingPort: port.optional(),
      sampling: samplingSchema,
    })
    .prefault({}),
  stream: z.strictObject({ port: port.default(9000) }).prefault({}),
  compat: flag.default(false),
  dashboard: z.string().optional(),
  dashboards: z.strictObject({ directory: z.string().min(1).optional() }).prefault({}),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
  auth: z
    .strictObject({ enabled: flag.default(false), keys: keys.default([]), allowedHosts: list.default([]) })
    .prefault({}),
  http: z
    .strictObject({
      maxBodyBytes: size.default(64 * MIB),
      maxDecompressedBytes: size.default(64 * MIB),
      maxHeaderBytes: size.default(16 * KIB),
      maxUrlBytes: size.default(8 * KIB),
      headersTimeout: duration(10_000),
      requestTimeout: duration(60_000),
      maxConnections: count.default(10_000),
      corsOrigins: list.default([]),
    })
    .prefault({}),
  grpc: z
    .strictObject({ maxMessageBytes: size.default(64 * MIB), maxConcurrentStreams: count.default(100) })
    .prefault({}),
  ingest: z.strictObject({ maxInflightBytes: size.optional(), queueBytes: size.default(64 * MIB) }).prefault({}),
  limits: z
    .strictObject({
      maxSeries: count.default(0),
      maxSeriesPerMetric: count.default(0),
      requestRate: count.default(0),
      requestBurst: count.min(1).default(2_000),
      logBytesRate: size.default(0),
      logBytesBurst: size.default(20 * MIB),
      streamBytesRate: size.default(0),
      streamBytesBurst: size.default(15 * MIB),
      spanBytesRate: size.default(0),
      spanBytesBurst: size.default(20 * MIB),
      maxLabels: count.default(40),
      maxStreams: count.default(10_000),
      maxStreamLabels: count.default(15),
      maxLabelNameBytes: size.default(1024),
      maxLabelValueBytes: size.default(2048),
      maxLineBytes: size.default(256 * KIB),
      maxAttributes: count.default(128),
      maxAttributeBytes: size.default(64 * KIB),
      maxTraceBytes: size.default(50_000_000),
      outOfOrderWindow: duration(undefined),
      maxFuture: duration(600_000),
      maxPast: duration(undefined),
    })
    .prefault({}),
  processors: processorsSchema,
  query: z
    .strictObject({
      timeout: duration(60_000),
      maxConcurrent: count.optional(),
      queue: count.default(64),
      maxSamples: count.default(20_000_000),
      maxBytes: size.default(512 * MIB),
      maxSeries: count.default(100_000),
      maxPoints: count.default(PROMQL_LIMITS.pointsMax),
      maxTextBytes: size.default(PROMQL_LIMITS.textBytesMax),
      maxNesting: count.max(NESTING_MAX).default(PROMQL_LIMITS.nestingMax),
      maxRegexBytes: size.default(PROMQL_LIMITS.regexCharsMax),
      cacheBytes: size.default(64 * MIB),
      maxNodes: count.optional(),
      maxGroupBys: count.default(TRACEQL_LIMITS.groupBysMax),
      maxTraceBytes: size.default(TRACEQL_LIMITS.traceBytesMax),
      maxTraceSpans: count.default(TRACEQL_LIMITS.traceSpansMax),
      maxTraces: count.default(TRACEQL_LIMITS.tracesMax),
      maxLogSeries: count.default(LOGQL_LIMITS.seriesMax),
      maxLogRows: count.default(LOGQL_LIMITS.rowsMax),
      experimental: flag.default(false),
      warmUp: flag.default(true),
    })
    .prefault({}),
  statsd: z
    .strictObject({
      port: port.default(0),
      socket: z.string().min(1).optional(),
      mapping: z.string().optional(),
      flushInterval: duration(10_000),
      maxSeries: count.default(STATSD_SERIES_MAX),
    })
    .prefault({}),
  influx: z.strictObject({ udpPort: port.default(0) }).prefault({}),
  scrape: z
    .strictObject({
      config: z.string().optional(),
      maxBodyBytes: size.default(64 * MIB),
      maxSamples: count.default(100_000),
    })
    .prefault({}),
  live: z
    .strictObject({
      maxSubscriptions: count.default(1_000),
      maxBacklogBytes: size.default(4 * MIB),
      maxFrameBytes: size.default(64 * KIB),
      maxNotificationClients: count.default(16),
    })
    .prefault({}),
  memory: z
    .strictObject({ softPercent: count.max(100).default(75), hardPercent: count.max(100).default(90) })
    .prefault({}),
  storage: z
    .strictObject({
      minFree: size.optional(),
      ...RETENTION_KEYS,
      sealAfter: duration(2 * 3_600_000),
      sealLogBytes: size.default(1024 * MIB),
      hotBytes: size.default(256 * MIB),
    })
    .prefault({}),
  wal: z
    .strictObject({
      sync: z.enum(['group', 'interval']).default('group'),
      syncInterval: duration(1_000),
      segmentBytes: size.default(64 * MIB),
      groupMaxBytes: size.default(4 * MIB),
    })
    .prefault({}),
  drain: z.strictObject({ delay: duration(5_000) }).prefault({}),
  self: z.strictObject({ enabled: flag.default(true), interval: duration(1_000) }).prefault({}),
})

export type Config = z.output<typeof configSchema>

/** Environment variables and the key that each one sets. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  VANTAGE_DATA: 'data',
  VANTAGE_HOST: 'host',
  VANTAGE_PORT: 'port',
  VANTAGE_OTLP_GRPC_PORT: 'otlp.grpcPort',
  VANTAGE_OTLP_HTTP_PORT: 'otlp.httpPort',
  COLLECTOR_OTLP_GRPC_PORT: 'otlp.grpcPort',
  COLLECTOR_OTLP_HTTP_PORT: 'otlp.httpPort',
  VANTAGE_JAEGER_GRPC_PORT: 'jaeger.grpcPort',
  VANTAGE_JAEGER_HTTP_PORT: 'jaeger.httpPort',
  VANTAGE_JAEGER_GRPC_QUERY_PORT: 'jaeger.grpcQueryPort',
  VANTAGE_JAEGER_COMPACT_PORT: 'jaeger.compactPort',
  VANTAGE_JAEGER_BINARY_PORT: 'jaeger.binaryPort',
  VANTAGE_JAEGER_SAMPLING_PORT: 'jaeger.samplingPort',
  VANTAGE_STREAM_PORT: 'stream.port',
  VANTAGE_COMPAT: 'compat',
  VANTAGE_DASHBOARD: 'dashboard',
  VANTAGE_DASHBOARDS_DIRECTORY: 'dashboards.directory',
  VANTAGE_LOG_LEVEL: 'log.level',
  VANTAGE_AUTH_ENABLED: 'auth.enabled',
  API_AUTH_ENABLED: 'auth.enabled',
  VANTAGE_ALLOWED_HOSTS: 'auth.allowedHosts',
  VANTAGE_SELF_ENABLED: 'self.enabled',
  VANTAGE_SELF_INTERVAL: 'self.interval',
  VANTAGE_RETENTION: 'storage.retention',
  VANTAGE_RETENTION_5M: 'storage.retention5m',
  VANTAGE_RETENTION_1H: 'storage.retention1h',
  VANTAGE_RETENTION_LOGS: 'storage.retentionLogs',
  VANTAGE_RETENTION_TRACES: 'storage.retentionTraces',
  VANTAGE_SEAL_AFTER: 'storage.sealAfter',
  VANTAGE_STORAGE_MIN_FREE: 'storage.minFree',
  VANTAGE_DRAIN_DELAY: 'drain.delay',
  VANTAGE_WAL_SYNC: 'wal.sync',
  VANTAGE_MAX_SERIES: 'limits.maxSeries',
  VANTAGE_SCRAPE_CONFIG: 'scrape.config',
  VANTAGE_STATSD_PORT: 'statsd.port',
  VANTAGE_STATSD_SOCKET: 'statsd.socket',
  VANTAGE_STATSD_MAPPING: 'statsd.mapping',
  VANTAGE_STATSD_FLUSH_INTERVAL: 'statsd.flushInterval',
  VANTAGE_INFLUX_UDP_PORT: 'influx.udpPort',
  VANTAGE_QUERY_TIMEOUT: 'query.timeout',
  VANTAGE_QUERY_WARM_UP: 'query.warmUp',
  VANTAGE_PROMQL_EXPERIMENTAL: 'query.experimental',
  API_CORS_ORIGINS: 'http.corsOrigins',
}
