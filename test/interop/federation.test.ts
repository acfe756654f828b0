/** Set: test, 5 s. Federation: a real Prometheus takes our newest samples, native histograms among them. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSync, Reader } from 'protobufjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Histogram,
  labelsFromRecord,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  RESET_HINT,
} from '../../packages/model/src/index.ts'
import { encodeMetricFamilies } from '../../packages/query/src/exposition/index.ts'
import { isAnswered } from '../../tools/ports.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
const PROTO = new URL('../../packages/decode/proto/metrics.proto', import.meta.url).pathname
const MetricFamily = loadSync(PROTO).lookupType('io.prometheus.client.MetricFamily')
const WAIT_MS = 15_000
const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0

const nowMs = Date.now()
const timeUnixNano = `${nowMs}000000`
const METRICS = {
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeMetrics: [
        {
          metrics: [
            { name: 'queue', gauge: { dataPoints: [{ timeUnixNano, asDouble: 0 }] } },
            {
              name: 'latency',
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...{ timeUnixNano, count: '9', sum: 21.5, scale: 1, zeroCount: '2' },
                    positive: { offset: -2, bucketCounts: ['1', '0', '4'] },
                    negative: { offset: 3, bucketCounts: ['2'] },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
}

const LABEL = ['job', 'service_name'].map((name) => ({ name, value: 'shop' }))

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const headers = { 'content-type': 'application/json' }
  const sent = await fetch(`${server.url}/v1/metrics`, { method: 'POST', headers, body: JSON.stringify(METRICS) })
  expect(sent.status).toBe(200)
})
afterAll(() => server.stop())

function federated(accept: string): Promise<Response> {
  const match = new URLSearchParams({ 'match[]': '{__name__=~"queue|latency"}' })
  return fetch(`${server.url}/federate?${match}`, { headers: { accept } })
}

function familiesIn(bytes: Uint8Array): unknown[] {
  const reader = Reader.create(bytes)
  const families: unknown[] = []
  const form = { longs: Number, enums: String, arrays: true }
  while (reader.pos < reader.len) families.push(MetricFamily.toObject(MetricFamily.decodeDelimited(reader), form))
  return families
}

test('protobuf by Accept, text where it is preferred', async () => {
  const answer = await federated(`${PROTOBUF};q=0.8,text/plain;q=0.4`)
  expect(answer.headers.get('content-type')).toBe(PROTOBUF.replaceAll(';', '; '))
  expect(familiesIn(Buffer.from(await answer.arrayBuffer()))).toMatchObject([
    {
      name: 'latency',
      type: 'HISTOGRAM',
      metric: [
        {
          timestampMs: nowMs,
          histogram: {
            ...{ sampleCount: 9, sampleSum: 21.5, schema: 1, zeroCount: 2 },
            positiveSpan: [
              { offset: -1, length: 1 },
              { offset: 1, length: 1 },
            ],
            positiveDelta: [1, 3],
            negativeSpan: [{ offset: 4, length: 1 }],
            negativeDelta: [2],
          },
        },
      ],
    },
    { name: 'queue', type: 'GAUGE', metric: [{ label: LABEL, timestampMs: nowMs, gauge: {} }] },
  ])
  for (const accept of [
    'text/plain',
    `text/plain;q=1,${PROTOBUF};q=0.5`,
    'application/vnd.google.protobuf;proto=x',
    '',
  ]) {
    const text = await federated(accept)
    expect(text.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await text.text()).toBe(`# TYPE queue gauge\nqueue{job="shop",service_name="shop"} 0 ${nowMs}\n`)
  }
})

test('fractions of counts are floats; gauges of histograms are a family of their own', () => {
  const histogram: Histogram = {
    ...{ schema: -1, resetHint: RESET_HINT.gauge, count: 2.5, sum: -1, zeroCount: 0.5, zeroThreshold: 0.001 },
    positive: { indexes: Int32Array.of(-4, -3), counts: Float64Array.of(1.5, 0.5) },
    negative: NO_BUCKETS,
    customValues: NO_CUSTOM_VALUES,
  }
  const labels = labelsFromRecord({ __name__: 'load', zone: 'a' })
  const bytes = encodeMetricFamilies('load', 'untyped', [
    { labels, timeMs: nowMs, value: histogram },
    { labels, timeMs: nowMs, value: Number.NEGATIVE_INFINITY },
  ])
  const label = [{ name: 'zone', value: 'a' }]
  expect(familiesIn(bytes)).toMatchObject([
    {
      name: 'load',
      type: 'GAUGE_HISTOGRAM',
      metric: [
        {
          label,
          histogram: {
            ...{ sampleCountFloat: 2.5, sampleSum: -1, schema: -1, zeroThreshold: 0.001, zeroCountFloat: 0.5 },
            positiveSpan: [{ offset: -4, length: 2 }],
            positiveCount: [1.5, 0.5],
          },
        },
      ],
    },
    { name: 'load', type: 'UNTYPED', metric: [{ label, untyped: { value: Number.NEGATIVE_INFINITY } }] },
  ])
})

test.skipIf(!hasPrometheus)('a real Prometheus federates us (skipped without the binary)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vantage-federation-'))
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const target = new URL(server.url).host
  await writeFile(
    join(folder, 'prometheus.yml'),
    `scrape_configs:
  - {job_name: vantage, scrape_interval: 500ms, scrape_timeout: 500ms, honor_labels: true, metrics_path: /federate,
     params: {'match[]': ['{__name__=~"queue|latency"}']}, static_configs: [{targets: ['${target}']}]}
`,
  )
  const child = spawn('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=native-histograms',
    '--log.level=error',
  ])
  const ask = async (query: string): Promise<string | undefined> => {
    const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query, time: String(nowMs / 1000) })}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result[0]?.value[1]
  }
  try {
    await expect.poll(() => isAnswered(`${url}/-/ready`), { timeout: WAIT_MS }).toBe(true)
    await expect.poll(() => ask('histogram_count(latency{job="shop"})'), { timeout: WAIT_MS }).toBe('9')
    expect(await ask('histogram_sum(latency)')).toBe('21.5')
    expect(await ask('queue{job="shop"}')).toBe('0')
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  }
})
