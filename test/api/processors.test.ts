import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NodeFileSystem } from '../../packages/bytes/src/index.ts'
import { SegmentLog } from '../../packages/log/src/index.ts'
import { systemClock } from '../../packages/model/src/index.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Processors as the configuration declares them, asked of a real server before and after a kill. */

const CONFIG = `
processors:
  - {name: health, kind: drop, signals: [logs], where: {match: 'GET /health', maxSeverity: info}}
  - {name: few, kind: sample, signals: [spans], percent: 0, where: {attributes: {http.route: /health}}}
  - {name: secrets, kind: mask, fields: [password], patterns: ['K-\\d+']}
  - {name: fields, kind: parse, signals: [logs], format: logfmt, where: {service: shop}}
  - {name: team, kind: enrich, set: {team: checkout}, where: {service: shop}}
  - {name: orders, kind: derive, signals: [logs], metric: orders_cents_total, value: cents, labels: [currency], where: {match: 'order paid'}}
`
const BASE_MS = Math.floor(Date.now() / 1_000) * 1_000 - 60_000
const atNs = (ms: number) => `${BASE_MS + ms}000000`

let server: TestServer
let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-processors-'))
  server = await start()
  const lines = [
    'level=info msg="GET /health 200"',
    'level=error msg="GET /health 500"',
    'msg="order paid" cents=1250 currency=EUR card=4111111111111111 order=K-77',
    'msg="order paid" cents=750 currency=EUR to=a.b@example.org',
    'msg="order paid" cents=100 currency=USD',
  ]
  const values = lines.map((line, i) => [atNs(i), line, { password: 'hunter2' }])
  const pushed = await post('/loki/api/v1/push', { streams: [{ stream: { app: 'shop' }, values }] })
  expect(pushed.status).toBe(204)
  const spans = ['/health', '/pay'].map((route, i) => ({
    traceId: `0af7651916cd43dd8448eb211c80319${i}`,
    spanId: 'b7ad6b7169203331',
    name: 'GET',
    startTimeUnixNano: atNs(i),
    endTimeUnixNano: atNs(i + 1),
    attributes: [{ key: 'http.route', value: { stringValue: route } }],
  }))
  const exported = await post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })
  expect([exported.status, await exported.text()]).toEqual([200, '{}'])
})
afterAll(async () => {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
})

function start(): Promise<TestServer> {
  return startServer({ env: { VANTAGE_SELF_ENABLED: 'false' }, config: CONFIG, dataDir })
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function rows(): Promise<{ line: string; stream: Record<string, string> }[]> {
  const params = { query: '{app="shop"}', start: atNs(-1_000), end: atNs(60_000), direction: 'forward' }
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams(params)}`)
  const { data } = (await answer.json()) as {
    data: { result: { stream: Record<string, string>; values: [string, string][] }[] }
  }
  return data.result
    .flatMap(({ stream, values }) => values.map(([at, line]) => ({ at, line, stream })))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ line, stream }) => ({ line, stream }))
}

/** Everything that lies in the log's segments. */
/** What the killed server's log holds, as a replay reads it. */
async function logBytes(): Promise<Buffer> {
  const log = await SegmentLog.open({
    directory: join(dataDir, 'log'),
    files: new NodeFileSystem(),
    clock: systemClock,
    newSalt: () => 1,
    freeBytes: () => Number.MAX_SAFE_INTEGER,
    minFreeBytes: 0,
    onFatal: (error) => {
      throw error
    },
  })
  const payloads: Buffer[] = []
  for (const topic of ['raw-logs', 'spans-raw', 'metrics-raw'] as const) {
    await log.read(topic, 0, ({ payload }) => void payloads.push(Buffer.from(payload)))
  }
  await log.close()
  return Buffer.concat(payloads)
}

async function isTraceThere(last: number): Promise<boolean> {
  return (await fetch(`${server.url}/tempo/api/traces/0af7651916cd43dd8448eb211c80319${last}`)).status === 200
}

async function checkRows(): Promise<void> {
  const found = await rows()
  expect(found.map(({ line }) => line)).toEqual([
    'level=error msg="GET /health 500"',
    'msg="order paid" cents=1250 currency=EUR card=[masked] order=[masked]',
    'msg="order paid" cents=750 currency=EUR to=[masked]',
    'msg="order paid" cents=100 currency=USD',
  ])
  expect(found[0]?.stream).toMatchObject({ password: '[masked]', level: 'error', team: 'checkout' })
  expect(found[2]?.stream).toMatchObject({ cents: '750', currency: 'EUR', to: '[masked]', team: 'checkout' })
  expect([await isTraceThere(0), await isTraceThere(1)]).toEqual([false, true])
}

test('rows are dropped, masked, parsed and enriched; what was dropped was acknowledged', async () => {
  await checkRows()
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  for (const [processor, signal, effect, count] of [
    ['health', 'logs', 'dropped', 1],
    ['few', 'spans', 'dropped', 1],
    ['secrets', 'logs', 'masked', 4],
  ]) {
    const labels = `processor="${processor}",signal="${signal}",effect="${effect}"`
    expect(metrics).toContain(`vantage_processor_rows_total{${labels}} ${count}`)
  }
})

test('metrics are derived from rows', async () => {
  const sums = async () => {
    const answer = await fetch(`${server.url}/api/v1/query?query=orders_cents_total`)
    const { data } = (await answer.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }
    return data.result.map(({ metric, value }) => [metric['service'], metric['currency'], value[1]]).sort()
  }
  await expect.poll(sums, { timeout: 20_000, interval: 250 }).toEqual([
    ['shop', 'EUR', '2000'],
    ['shop', 'USD', '100'],
  ])
})

test('after a kill the log says the same, and holds nothing of what was masked', async () => {
  await server.kill()
  const logged = await logBytes()
  expect(
    ['order paid', 'hunter2', '4111111111111111', 'a.b@example.org', 'health 200'].map((text) => logged.includes(text)),
  ).toEqual([true, false, false, false, false])
  server = await start()
  await checkRows()
})

test('processors are tried on a sample before they are configured', async () => {
  const processors = [
    { name: 'noise', kind: 'drop', where: { match: 'DEBUG' } },
    { name: 'pii', kind: 'mask' },
    { name: 'fields', kind: 'parse', format: 'regex', pattern: 'paid (?P<cents>\\d+)' },
    { name: 'sum', kind: 'derive', metric: 'paid_total', value: 'cents' },
  ]
  const attempt = async (sample: object, all: unknown = processors) => {
    const answer = await post('/api/vantage/v1/processors/try', { processors: all, sample })
    return [answer.status, await answer.json()]
  }
  expect(await attempt({ line: 'paid 25 by a@b.cd', service: 'shop' })).toEqual([
    200,
    {
      isKept: true,
      line: 'paid 25 by [masked]',
      severity: 0,
      attributes: { cents: '25' },
      metrics: [{ labels: { __name__: 'paid_total', service: 'shop' }, value: 25 }],
      steps: [
        { name: 'noise', did: 'nothing: `where` does not hold' },
        { name: 'pii', did: 'masked' },
        { name: 'fields', did: '1 attributes added' },
        { name: 'sum', did: 'counted' },
      ],
    },
  ])
  expect(await attempt({ line: 'DEBUG x' })).toMatchObject([200, { isKept: false, droppedBy: 'noise' }])
  expect(await attempt({ name: 'GET', attributes: { to: 'a@b.cd' } })).toMatchObject([
    200,
    { isKept: true, name: 'GET', attributes: { to: '[masked]' } },
  ])
  const bad = async (one: object) => JSON.stringify(await attempt({ line: 'x' }, [one]))
  expect(await bad({ name: 'a', kind: 'mask', patterns: ['('] })).toMatch(
    /^\[400,.*processors\.0\.patterns\.0: regular expression/,
  )
  expect(await bad({ name: 'a', kind: 'sample' })).toMatch(/processors\.0\.percent/)
  expect(await bad({ name: 'a', kind: 'parse', format: 'regex', pattern: 'x' })).toMatch(/named groups/)
  expect(JSON.stringify(await attempt({}))).toMatch(/want a line \(of a log\) or a name \(of a span\)/)
})
