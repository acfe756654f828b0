import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pointText, rawPoints } from '../support/query.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** The unmodified OpenTelemetry SDK for Node exports to the real server; every point must come back. */

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => {
  await server.stop()
})

/** Records one of each instrument. */
function recordAll(provider: MeterProvider): void {
  const meter = provider.getMeter('shop.meter', '1.2.0')
  const requests = meter.createCounter('http.server.requests', { unit: '{request}', description: 'Requests served.' })
  requests.add(3, { route: '/pay', status: 200 })
  requests.add(2, { route: '/cart', cached: true })
  requests.add(4, { route: '/pay', status: 200 })
  const queue = meter.createUpDownCounter('queue.length')
  queue.add(5)
  queue.add(-7)
  meter.createGauge('room.temperature', { unit: 'Cel' }).record(0.1 + 0.2, { room: 'küche' })
  meter.createCounter('bytes.sent', { unit: 'By' }).add(Number.MAX_SAFE_INTEGER)
  const duration = meter.createHistogram('http.server.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.1, 1] },
  })
  for (const seconds of [0.0625, 0.5, 4]) duration.record(seconds, { route: '/pay' })
  const memory = meter.createObservableGauge('process.memory', { unit: 'By' })
  memory.addCallback((result) => result.observe(1_048_576, { kind: 'heap' }))
}

/** What must be found, in the order of the text; `JOB` names the sender. */
const EXPECTED = [
  ['bytes.sent', 'bytes_sent_total{SCOPE} 9007199254740991'],
  ['http.server.duration', 'http_server_duration_seconds_bucket{le="+Inf",route="/pay",SCOPE} 3'],
  ['http.server.duration', 'http_server_duration_seconds_bucket{le="0.1",route="/pay",SCOPE} 1'],
  ['http.server.duration', 'http_server_duration_seconds_bucket{le="1",route="/pay",SCOPE} 2'],
  ['http.server.duration', 'http_server_duration_seconds_count{route="/pay",SCOPE} 3'],
  ['http.server.duration', 'http_server_duration_seconds_sum{route="/pay",SCOPE} 4.5625'],
  ['http.server.requests', 'http_server_requests_total{cached="true",route="/cart",SCOPE} 2'],
  ['http.server.requests', 'http_server_requests_total{route="/pay",status="200",SCOPE} 7'],
  ['process.memory', 'process_memory_bytes{kind="heap",SCOPE} 1048576'],
  ['queue.length', 'queue_length{SCOPE} -2'],
  ['room.temperature', 'room_temperature_celsius{room="küche",SCOPE} 0.30000000000000004'],
  ['target_info', 'target_info{host_name="web-1",instance="i-7",job="shop/JOB"} 1'],
] as const

const SCOPE_LABELS: Readonly<Record<string, string>> = {
  instance: 'i-7',
  otel_scope_name: 'shop.meter',
  otel_scope_version: '1.2.0',
  service_namespace: 'shop',
}

/** The expectation as `pointText` writes it: labels by name. */
function expectedText(pattern: string, job: string, timeMs: number): string {
  const [, name = '', pairs = '', value = ''] = /^(\w+)\{(.*)\} (.*)$/.exec(pattern) ?? []
  const labels: Record<string, string> = { __name__: name }
  for (const pair of pairs.split(',')) {
    if (pair === 'SCOPE') Object.assign(labels, SCOPE_LABELS, { job: `shop/${job}`, service_name: job })
    else labels[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 2, -1).replace('JOB', job)
  }
  return pointText({ labels, value, timeMs })
}

/** The same exporter, which also notes the time of each metric's points as the SDK sent them, unix ms. */
function noting(exporter: PushMetricExporter): { exporter: PushMetricExporter; times: Map<string, number> } {
  const times = new Map<string, number>()
  const inner = exporter.export.bind(exporter)
  exporter.export = (resourceMetrics, done) => {
    for (const { metrics } of resourceMetrics.scopeMetrics) {
      for (const { descriptor, dataPoints } of metrics) {
        const [seconds = 0, ns = 0] = dataPoints[0]?.endTime ?? []
        times.set(descriptor.name, seconds * 1_000 + Math.floor(ns / 1e6))
      }
    }
    inner(resourceMetrics, done)
  }
  return { exporter, times }
}

const EXPORTERS: readonly [string, () => PushMetricExporter][] = [
  ['grpc', () => new GrpcExporter({ url: `http://${server.otlpGrpcTarget}` })],
  ['grpc-gzip', () => new GrpcExporter({ url: `http://${server.otlpGrpcTarget}`, compression: 'gzip' as never })],
  ['protobuf', () => new ProtobufExporter({ url: `${server.otlpHttpUrl}/v1/metrics` })],
  [
    'protobuf-gzip',
    () => new ProtobufExporter({ url: `${server.otlpHttpUrl}/v1/metrics`, compression: 'gzip' as never }),
  ],
  ['json', () => new JsonExporter({ url: `${server.otlpHttpUrl}/v1/metrics` })],
  ['json-main-port', () => new JsonExporter({ url: `${server.url}/otlp/v1/metrics` })],
]

describe('OpenTelemetry SDK for Node', () => {
  test.each(EXPORTERS)('%s: every point comes back with its labels, value and time', async (job, make) => {
    const { exporter, times } = noting(make())
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    const resource = resourceFromAttributes({
      'service.name': job,
      'service.namespace': 'shop',
      'service.instance.id': 'i-7',
      'host.name': 'web-1',
    })
    const provider = new MeterProvider({ resource, readers: [reader] })
    recordAll(provider)
    await provider.forceFlush()
    const first = new Map(times)
    const found = await rawPoints(server.url, `{job="shop/${job}"}`, Date.now() + 1_000)
    const newest = Math.max(...first.values())
    const want = EXPECTED.map(([metric, pattern]) => expectedText(pattern, job, first.get(metric) ?? newest))
    expect(found.map(pointText).sort()).toEqual([...want].sort())
    await provider.shutdown()
  })
})
