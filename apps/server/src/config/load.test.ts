import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Keep, RetentionFilter } from '@vantage/store/metrics'
import { afterAll, describe, expect, test } from 'vitest'
import { isLoopback, loadConfig } from './load.ts'
import { retentionOf, rowRetentionOf } from './retention.ts'
import { type Config, ENVIRONMENT } from './schema.ts'

const KEY = 'k'.repeat(32)
const directory = mkdtempSync(join(tmpdir(), 'vantage-config-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let files = 0

function fileOf(text: string): string {
  const path = join(directory, `${++files}.yaml`)
  writeFileSync(path, text)
  return path
}

function load(args: string[], env: Record<string, string> = {}): Config {
  const loaded = loadConfig(args, env)
  if (!loaded.ok) throw new Error(loaded.error)
  return loaded.value.config
}

function problem(args: string[], env: Record<string, string> = {}): string {
  const loaded = loadConfig(args, env)
  return loaded.ok ? '' : loaded.error
}

const at = (config: Config, key: string): unknown =>
  key.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], config)

/** Each variable with a value, what its key becomes. */
const VARIABLES: Readonly<Record<string, readonly [string, unknown]>> = {
  VANTAGE_DATA: ['/srv', '/srv'],
  VANTAGE_HOST: ['::1', '::1'],
  VANTAGE_PORT: ['0', 0],
  VANTAGE_OTLP_GRPC_PORT: ['1', 1],
  VANTAGE_OTLP_HTTP_PORT: ['65535', 65_535],
  COLLECTOR_OTLP_GRPC_PORT: ['2', 2],
  COLLECTOR_OTLP_HTTP_PORT: ['3', 3],
  VANTAGE_COMPAT: ['1', true],
  VANTAGE_DASHBOARD: ['/page', '/page'],
  VANTAGE_DASHBOARDS_DIRECTORY: ['/boards', '/boards'],
  VANTAGE_LOG_LEVEL: ['debug', 'debug'],
  VANTAGE_AUTH_ENABLED: ['true', true],
  API_AUTH_ENABLED: ['true', true],
  VANTAGE_ALLOWED_HOSTS: ['a.example, b.example', ['a.example', 'b.example']],
  VANTAGE_SELF_ENABLED: ['false', false],
  VANTAGE_SELF_INTERVAL: ['250ms', 250],
  VANTAGE_RETENTION: ['off', undefined],
  VANTAGE_RETENTION_5M: ['30d', 2_592_000_000],
  VANTAGE_RETENTION_1H: ['off', undefined],
  VANTAGE_RETENTION_LOGS: ['7d', 604_800_000],
  VANTAGE_RETENTION_TRACES: ['off', Number.POSITIVE_INFINITY],
  VANTAGE_SEAL_AFTER: ['1.5h', 5_400_000],
  VANTAGE_STORAGE_MIN_FREE: ['1.5KiB', 1_536],
  VANTAGE_DRAIN_DELAY: ['0s', 0],
  VANTAGE_WAL_SYNC: ['interval', 'interval'],
  VANTAGE_MAX_SERIES: ['7', 7],
  VANTAGE_SCRAPE_CONFIG: ['/prometheus.yml', '/prometheus.yml'],
  VANTAGE_STREAM_PORT: ['9001', 9_001],
  VANTAGE_JAEGER_GRPC_PORT: ['14250', 14_250],
  VANTAGE_JAEGER_HTTP_PORT: ['14268', 14_268],
  VANTAGE_JAEGER_SAMPLING_PORT: ['5778', 5_778],
  VANTAGE_JAEGER_COMPACT_PORT: ['6831', 6_831],
  VANTAGE_JAEGER_BINARY_PORT: ['6832', 6_832],
  VANTAGE_JAEGER_GRPC_QUERY_PORT: ['16685', 16_685],
  VANTAGE_STATSD_PORT: ['8125', 8_125],
  VANTAGE_STATSD_SOCKET: ['/run/statsd.sock', '/run/statsd.sock'],
  VANTAGE_STATSD_MAPPING: ['/mapping.yml', '/mapping.yml'],
  VANTAGE_STATSD_FLUSH_INTERVAL: ['1s', 1_000],
  VANTAGE_INFLUX_UDP_PORT: ['8089', 8_089],
  VANTAGE_QUERY_TIMEOUT: ['2m', 120_000],
  VANTAGE_QUERY_WARM_UP: ['false', false],
  VANTAGE_PROMQL_EXPERIMENTAL: ['true', true],
  API_CORS_ORIGINS: ['http://a', ['http://a']],
}

describe('environment', () => {
  test('the table below knows every variable', () => {
    expect(Object.keys(VARIABLES).sort()).toEqual(Object.keys(ENVIRONMENT).sort())
  })

  test.each(Object.entries(VARIABLES))('%s sets its key', (name, [text, want]) => {
    const config = load([], { API_KEY: KEY, [name]: text })
    expect(at(config, ENVIRONMENT[name] as string)).toEqual(want)
  })

  test('keys come from both variables; an empty variable is an absent one', () => {
    const env = { API_KEY: KEY, TELEMETRY_API_KEYS: `${KEY}1,${KEY}2`, VANTAGE_AUTH_ENABLED: 'true', VANTAGE_PORT: '' }
    expect(load([], env)).toMatchObject({ port: 3000, auth: { enabled: true, keys: [KEY, `${KEY}1`, `${KEY}2`] } })
  })
})

test('without anything: loopback, the known ports, no authentication', () => {
  expect(load([])).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    otlp: { grpcPort: 4317, httpPort: 4318 },
    stream: { port: 9000 },
    auth: { enabled: false, keys: [] },
    http: { maxBodyBytes: 67_108_864 },
    storage: {
      retention: 1_296_000_000,
      retention5m: 7_776_000_000,
      retention1h: 34_560_000_000,
      retentionFilters: [],
    },
    query: { timeout: 60_000, maxSamples: 20_000_000 },
  })
})

test('file, then environment, then arguments; what was named is remembered', () => {
  const file = fileOf('port: 1\notlp: {grpcPort: 1, httpPort: 1}\nquery:\n  maxSamples: 5\n')
  const loaded = loadConfig(['--config', file, '--listen', '[::1]:3'], {
    VANTAGE_PORT: '2',
    VANTAGE_OTLP_GRPC_PORT: '2',
  })
  if (!loaded.ok) throw new Error(loaded.error)
  expect(loaded.value.config).toMatchObject({
    host: '::1',
    port: 3,
    otlp: { grpcPort: 2, httpPort: 1 },
    query: { maxSamples: 5 },
  })
  expect([...loaded.value.given].sort()).toEqual(['host', 'otlp.grpcPort', 'otlp.httpPort', 'port', 'query.maxSamples'])
  expect(load([], { VANTAGE_CONFIG: fileOf('') }).port).toBe(3000)
})

test.each<[string, string[], Record<string, string>, RegExp]>([
  ['unknown key of a file', ['--config', fileOf('nothing: 1')], {}, /^unknown key nothing$/],
  ['bad number', [], { VANTAGE_PORT: 'x' }, /^port \(from VANTAGE_PORT\): /],
  [
    'bad size',
    [],
    { VANTAGE_STORAGE_MIN_FREE: '5 MB' },
    /storage\.minFree \(from VANTAGE_STORAGE_MIN_FREE\): want bytes/,
  ],
  [
    'filter without period',
    ['--config', fileOf('storage: {retentionFilters: [{tenant: a}]}')],
    {},
    /^storage\.retentionFilters\.0\.keep: /,
  ],
  [
    'filter of everything',
    ['--config', fileOf('storage: {retentionFilters: [{keep: 3d}]}')],
    {},
    /^storage\.retentionFilters\.0: want a tenant or a matcher/,
  ],
  [
    'bad matcher',
    ['--config', fileOf('storage: {retentionFilters: [{matcher: "rate(x[5m])", keep: 3d}]}')],
    {},
    /^storage\.retentionFilters\.0: want a series selector such as .*got "rate/,
  ],
  ['bad duration', [], { VANTAGE_RETENTION: '15' }, /storage\.retention.*want a duration.*got "15"/],
  ['bad choice', [], { VANTAGE_WAL_SYNC: 'never' }, /wal\.sync/],
  ['bad switch', [], { VANTAGE_COMPAT: 'yes' }, /compat/],
  ['listen without a port', ['--listen', 'localhost'], {}, /--listen: want HOST:PORT/],
  ['open bind', [], { VANTAGE_HOST: '192.168.1.2' }, /^host 192\.168\.1\.2: only loopback/],
  [
    'short key',
    [],
    { API_KEY: 'k'.repeat(31) },
    /auth\.keys \(from API_KEY, TELEMETRY_API_KEYS\): want keys of at least 32/,
  ],
  ['no key', [], { API_AUTH_ENABLED: 'true' }, /no key is given/],
])('%s is named', (_name, args, env, message) => {
  expect(problem(args, env)).toMatch(message)
})

test.each([
  ['storage', 'retention'],
  ['query', 'timeout'],
  ['limits', 'maxFuture'],
  ['limits', 'maxPast'],
] as const)('%s.%s: off is off', (group, key) => {
  const config = load(['--config', fileOf(`${group}: {${key}: off}`)])
  expect(at(config, `${group}.${key}`)).toBeUndefined()
})

test.each([
  ['{}', 15, 15],
  ['{retention: 30d}', 30, 30],
  ['{retentionLogs: 7d}', 7, 15],
  ['{retention: off, retentionTraces: 3d}', Number.POSITIVE_INFINITY, 3],
  ['{retention: 1d, retentionLogs: off}', Number.POSITIVE_INFINITY, 1],
])('retention of logs and of traces: %s', (storage, logsDays, tracesDays) => {
  const { keepMs } = rowRetentionOf(load(['--config', fileOf(`storage: ${storage}`)]).storage)
  expect(keepMs).toEqual({ logs: logsDays * 86_400_000, spans: tracesDays * 86_400_000 })
})

test('retention by tenant and matcher', () => {
  const DAY_MS = 86_400_000
  const check = (filter: string, want: RetentionFilter): void => {
    const config = load(['--config', fileOf(`storage: {retentionFilters: [${filter}]}`)])
    expect([filter, retentionOf(config.storage).filters]).toEqual([filter, [want]])
  }
  const dev = [{ name: 'env', op: '=', value: 'dev' }] as const
  const keep = (days: number, fine = days, coarse = days): Keep => ({
    rawMs: days * DAY_MS,
    tierMs: [fine * DAY_MS, coarse * DAY_MS],
  })
  check(`{matcher: '{env="dev"}', keep: 3d}`, { matchers: dev, keep: keep(3) })
  check(`{tenant: a, keep: 30d, keep1h: 90d}`, { tenant: 'a', matchers: [], keep: keep(30, 30, 90) })
  check(`{tenant: a, matcher: '{env="dev"}', keep: 1d, keep5m: off}`, {
    tenant: 'a',
    matchers: dev,
    keep: keep(1, 0, 1),
  })
  check(`{tenant: a, keep: off}`, { tenant: 'a', matchers: [], keep: keep(Number.POSITIVE_INFINITY) })
  const off = load(['--config', fileOf('storage: {retention: off, retention5m: off}')])
  expect(retentionOf(off.storage).keep).toEqual({ rawMs: Number.POSITIVE_INFINITY, tierMs: [0, 400 * DAY_MS] })
})

test('retention of rows by tenant and matcher, beside that of samples', () => {
  const filters = [
    '{signal: logs, matcher: \'{env="dev"}\', keep: 3d}',
    '{signal: traces, tenant: a, keep: off}',
    '{signal: metrics, tenant: a, keep: 9d}',
  ]
  const { storage } = load(['--config', fileOf(`storage: {retentionFilters: [${filters.join(', ')}]}`)])
  expect(rowRetentionOf(storage).filters).toEqual([
    { signal: 'logs', matchers: [{ name: 'env', op: '=', value: 'dev' }], keepMs: 3 * 86_400_000 },
    { signal: 'spans', tenant: 'a', matchers: [], keepMs: Number.POSITIVE_INFINITY },
  ])
  expect(retentionOf(storage).filters).toHaveLength(1)
})

test.each([
  ['{signal: logs, keep: 3d}', /want a tenant or a matcher/],
  ['{signal: logs, matcher: \'{a="b"} |= "x"\', keep: 3d}', /want a stream selector/],
  ["{signal: traces, matcher: 'up', keep: 3d}", /want a stream selector/],
  ['{signal: logs, tenant: a, keep: 3d, keep5m: 4d}', /want keep alone/],
  ['{signal: spans, tenant: a, keep: 3d}', /signal/],
])('retention of rows: %s is refused', (filter, message) => {
  const found = problem(['--config', fileOf(`storage: {retentionFilters: [${filter}]}`)])
  expect(found).toMatch(/^storage\.retentionFilters\.0/)
  expect(found).toMatch(message)
})

test('files that are none', () => {
  expect(problem(['--config', fileOf('- 1\n- 2\n')])).toMatch(/want keys and values/)
  expect(problem(['--config', fileOf('a: [1')])).toMatch(/configuration file/)
  expect(problem(['--config', fileOf('nothing: 1')])).toBe('unknown key nothing')
})

test('an open bind with a key may start', () => {
  expect(load([], { VANTAGE_HOST: '0.0.0.0', VANTAGE_AUTH_ENABLED: '1', API_KEY: KEY }).host).toBe('0.0.0.0')
})

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['127.0.0.1.example', false],
  ['::', false],
])('loopback %s: %s', (host, want) => {
  expect(isLoopback(host)).toBe(want)
})
