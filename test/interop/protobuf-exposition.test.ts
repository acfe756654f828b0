/**
 * Set: test, 15 s. The protobuf exposition: scraped from a target that answers in it, and pushed. The bytes of the fake
 * target are written by protobufjs; those of the real one by Debian's node-exporter, which is skipped where it is not
 * installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSync } from 'protobufjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAnswered } from '../../tools/ports.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const CONTENT_TYPE = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
const PROTO = new URL('../../packages/decode/proto/metrics.proto', import.meta.url).pathname
const MetricFamily = loadSync(PROTO).lookupType('io.prometheus.client.MetricFamily')

function encode(families: readonly object[]): Buffer {
  return Buffer.concat(families.map((family) => MetricFamily.encodeDelimited(MetricFamily.fromObject(family)).finish()))
}

const startedSeconds = Math.floor(Date.now() / 1_000) - 3_600
const exemplar = (value: number) => ({
  label: [{ name: 'trace_id', value: `t${value}` }],
  value,
  timestamp: { seconds: startedSeconds + 3_600 },
})
const NATIVE = {
  ...{ sampleCount: 12, sampleSum: 18.4, schema: 1, zeroThreshold: 0.001, zeroCount: 2 },
  positiveSpan: [{ length: 2 }, { offset: 1, length: 2 }],
  positiveDelta: [1, 1, -1, 0],
  negativeSpan: [{ offset: -3, length: 2 }],
  negativeDelta: [2, 1],
}
const FAMILIES = [
  {
    ...{ name: 'orders_total', help: 'Orders taken.', type: 0 },
    metric: [
      {
        label: [{ name: 'shop', value: 'a' }],
        counter: { value: 5, exemplar: exemplar(1), createdTimestamp: { seconds: startedSeconds } },
      },
    ],
  },
  { name: 'queue', type: 1, metric: [{ gauge: { value: -0.5 } }] },
  {
    ...{ name: 'pause_seconds', type: 2, unit: 'seconds' },
    metric: [{ summary: { sampleCount: 4, sampleSum: 2, quantile: [{ quantile: 0.5, value: 0.4 }] } }],
  },
  {
    ...{ name: 'latency', type: 4 },
    metric: [
      {
        histogram: {
          ...NATIVE,
          bucket: [{ upperBound: 1, cumulativeCount: 9, exemplar: exemplar(0.5) }],
          createdTimestamp: { seconds: startedSeconds },
        },
      },
    ],
  },
  {
    name: 'rooms',
    type: 5,
    metric: [{ histogram: { sampleCountFloat: 1.5, positiveSpan: [{ length: 1 }], positiveCount: [1.5] } }],
  },
]

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly histogram?: readonly [number, { readonly count: string; readonly sum: string }]
}

async function ask(server: TestServer, query: string): Promise<Series[]> {
  const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query })}`)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { data: { result: Series[] } }).data.result
}

async function until(look: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 15_000
  while (!(await look())) {
    if (performance.now() > deadlineMs) throw new Error('not reached within 15 s')
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

const first = (found: readonly Series[]) => found[0]?.value?.[1]

describe('scraped', () => {
  let server: TestServer
  let folder = ''
  let target: Server
  let accept = ''
  const address = () => `127.0.0.1:${(target.address() as AddressInfo).port}`

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantage-protobuf-'))
    target = createServer((request, response) => {
      if (request.url === '/metrics') accept = request.headers.accept ?? ''
      response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(encode(FAMILIES))
    }).listen(0, '127.0.0.1')
    await once(target, 'listening')
    const job = (name: string, more: string) =>
      `  - {job_name: ${name}, ${more}, static_configs: [{targets: ['${address()}']}]}\n`
    await writeFile(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n${[
        job('native', 'scrape_native_histograms: true'),
        job('both', 'metrics_path: /both, scrape_native_histograms: true, always_scrape_classic_histograms: true'),
        job('classic', 'metrics_path: /classic'),
      ].join('')}`,
    )
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SCRAPE_CONFIG: join(folder, 'prometheus.yml') },
    })
    await until(async () => (await ask(server, 'up == 1')).length === 3)
  })
  afterAll(async () => {
    await server.stop()
    target.closeAllConnections()
    target.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('is asked for first where native histograms are wanted', () => {
    expect(accept).toMatch(
      /^application\/vnd\.google\.protobuf;proto=io\.prometheus\.client\.MetricFamily;encoding=delimited;q=0\.6,/,
    )
  })

  test('counters, gauges and summaries', async () => {
    expect(first(await ask(server, 'orders_total{job="native",shop="a"}'))).toBe('5')
    expect(first(await ask(server, 'queue{job="native"}'))).toBe('-0.5')
    expect(first(await ask(server, 'pause_seconds_count{job="native"}'))).toBe('4')
    expect(first(await ask(server, 'pause_seconds{job="native",quantile="0.5"}'))).toBe('0.4')
    const metadata = (await (await fetch(`${server.url}/api/v1/metadata?metric=pause_seconds`)).json()) as object
    expect(metadata).toMatchObject({ data: { pause_seconds: [{ type: 'summary', unit: 'seconds' }] } })
  })

  test('native histograms are histograms, gauges among them', async () => {
    const [latency] = await ask(server, 'latency{job="native"}')
    expect(latency?.histogram?.[1]).toMatchObject({ count: '12', sum: '18.4' })
    expect(first(await ask(server, 'histogram_count(rooms{job="native"})'))).toBe('1.5')
    expect(await ask(server, 'latency_bucket{job="native"}')).toEqual([])
    expect(first(await ask(server, 'scrape_samples_scraped{job="native"}'))).toBe('7')
  })

  test('classic series come beside them, or alone where nobody asked', async () => {
    expect(first(await ask(server, 'latency_bucket{job="both",le="1.0"}'))).toBe('9')
    expect((await ask(server, 'latency{job="both"}')).length).toBe(1)
    expect(first(await ask(server, 'latency_bucket{job="classic",le="+Inf"}'))).toBe('12')
    expect(await ask(server, 'latency{job="classic"}')).toEqual([])
  })

  test('exemplars', async () => {
    const range = new URLSearchParams({
      query: '{job="native"}',
      start: String(startedSeconds),
      end: String(startedSeconds + 7_200),
    })
    const answer = await fetch(`${server.url}/api/v1/query_exemplars?${range}`)
    const { data } = (await answer.json()) as { data: { exemplars: { labels: object; value: string }[] }[] }
    const found = data.flatMap(({ exemplars }) => exemplars.map(({ labels, value }) => [labels, value]))
    expect(found).toContainEqual([{ trace_id: 't1' }, '1'])
    expect(found).toContainEqual([{ trace_id: 't0.5' }, '0.5'])
  })
})

const EXPORTER = 'prometheus-node-exporter'
const hasExporter = spawnSync('which', [EXPORTER]).status === 0

describe.skipIf(!hasExporter)('node-exporter (skipped where prometheus-node-exporter is not installed)', () => {
  let exporter: ChildProcess
  let server: TestServer
  let folder = ''

  beforeAll(async () => {
    const [port] = (await freePorts(1)) as [number]
    const flags = ['--collector.disable-defaults', '--collector.cpu', '--collector.meminfo', '--collector.loadavg']
    exporter = spawn(EXPORTER, [...flags, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: 'ignore',
    })
    await until(() => isAnswered(`http://127.0.0.1:${port}/metrics`, false))
    folder = await mkdtemp(join(tmpdir(), 'vantage-protobuf-'))
    await writeFile(
      join(folder, 'prometheus.yml'),
      `global: {scrape_interval: 300ms, scrape_timeout: 300ms}
scrape_configs:
  - {job_name: protobuf, scrape_protocols: [PrometheusProto], static_configs: [{targets: ['127.0.0.1:${port}']}]}
  - {job_name: text, scrape_protocols: [PrometheusText0.0.4], static_configs: [{targets: ['127.0.0.1:${port}']}]}
`,
    )
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SCRAPE_CONFIG: join(folder, 'prometheus.yml') },
    })
    await until(async () => (await ask(server, 'up == 1')).length === 2)
  })
  afterAll(async () => {
    await server.stop()
    const ended = once(exporter, 'exit')
    exporter.kill()
    await ended
    await rm(folder, { recursive: true, force: true })
  })

  test('says the same in protobuf and in text', async () => {
    const names = async (job: string) =>
      (await ask(server, `count by (__name__, cpu, mode, quantile) ({job="${job}",__name__!~"scrape_.*|up"})`)).map(
        ({ metric }) => JSON.stringify(metric).replace(/("quantile":"[01])\.0"/, '$1"'),
      )
    const protobufNames = await names('protobuf')
    expect(protobufNames.length).toBeGreaterThan(80)
    expect(protobufNames.sort()).toEqual((await names('text')).sort())
    const totals = await ask(server, 'node_memory_MemTotal_bytes')
    expect([totals.length, totals[0]?.value?.[1]]).toEqual([2, totals[1]?.value?.[1]])
  })
})

describe('pushed', () => {
  let server: TestServer
  const push = (body: Buffer, contentType = CONTENT_TYPE, method = 'PUT') =>
    fetch(`${server.url}/metrics/job/backup`, {
      method,
      headers: { 'content-type': contentType },
      ...(method === 'DELETE' ? {} : { body: new Uint8Array(body) }),
    })

  beforeAll(async () => {
    server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('is stored, native histograms beside their classic series', async () => {
    expect((await push(encode(FAMILIES))).status).toBe(200)
    expect(first(await ask(server, 'orders_total{job="backup",shop="a"}'))).toBe('5')
    expect((await ask(server, 'latency{job="backup"}'))[0]?.histogram?.[1]).toMatchObject({ count: '12' })
    expect(first(await ask(server, 'latency_bucket{job="backup",le="1.0"}'))).toBe('9')
  })

  test('a deletion ends it, histograms too', async () => {
    await push(encode(FAMILIES))
    expect((await push(Buffer.alloc(0), CONTENT_TYPE, 'DELETE')).status).toBe(202)
    expect(await ask(server, '{job="backup"}')).toEqual([])
  })

  test.each<readonly [string, Buffer, string, number, string]>([
    ['bytes that are none', Buffer.from('up 1\n'), CONTENT_TYPE, 400, 'metric family 1: want a whole message'],
    [
      'another message',
      encode([]),
      'application/vnd.google.protobuf; proto=io.prometheus.client.Sample; encoding=delimited',
      415,
      'MetricFamily',
    ],
    [
      'another encoding',
      encode([]),
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text',
      415,
      'delimited',
    ],
    [
      'a time of its own',
      encode([{ name: 'a', type: 1, metric: [{ gauge: { value: 1 }, timestampMs: 5 }] }]),
      CONTENT_TYPE,
      400,
      'want samples without a timestamp',
    ],
  ])('refuses %s', async (_name, body, contentType, status, message) => {
    const answer = await push(body, contentType)
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(message)])
  })
})
