/** What a tenant may have of streams and of a trace: at the limit and one more, at the doors and in our own figures. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { grpcClient } from '../../bench/load/door-clients.ts'
import {
  jaegerProtobufBody,
  jaegerThriftBody,
  type SentSpan,
  zipkinJsonBody,
} from '../../packages/decode/src/testing/span-bodies.ts'
import { startServer, type TestServer } from '../support/server.ts'

const env = { VANTAGE_SELF_ENABLED: 'false' }
/** Room for spans with a name of 904 bytes: three of one trace. */
const config = 'limits:\n  maxStreams: 3\n  maxTraceBytes: 3000\n'
const NAME = 'n'.repeat(904)
const MESSAGE = /trace 0{31}\d: want at most 3000 bytes of spans \(limits\.maxTraceBytes\), got more/

let dataDir = ''
let server: TestServer
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-record-limits-'))
  server = await startServer({ env, config, dataDir })
})
afterAll(async () => {
  await server.stop()
  await rm(dataDir, { recursive: true, force: true })
})

async function post(path: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<[number, string]> {
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body })
  return [answer.status, await answer.text()]
}

const nowNs = () => `${Date.now()}000000`

function push(...apps: readonly string[]) {
  const streams = apps.map((app) => ({ stream: { app }, values: [[nowNs(), `line of ${app}`]] }))
  return post('/loki/api/v1/push', 'application/json', JSON.stringify({ streams }))
}

async function linesOf(selector: string): Promise<string[]> {
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams({ query: selector })}`)
  const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } }
  return data.result.flatMap(({ values }) => values.map(([, line]) => line)).toSorted()
}

async function figure(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(pattern.exec(text)?.[1] ?? 0)
}

const STREAMS_REFUSED = /vantage_discarded_items_total\{signal="logs",reason="stream_limit",tenant="default"\} (\d+)/
const SPANS_REFUSED = /vantage_discarded_items_total\{signal="traces",reason="trace_too_large",tenant="default"\} (\d+)/

test('limits.maxStreams: new streams are refused at every door, old ones are not; also after a restart', async () => {
  expect(await push('a', 'b', 'c')).toEqual([204, ''])
  const [status, text] = await push('a', 'd', 'e')
  expect(status).toBe(400)
  expect(text).toMatch(
    /others are stored: stream \{app="d", service_name="d"\}: want at most 3 streams \(limits\.maxStreams\).*\(2 refused\)/,
  )
  const line = (app: string) => `${JSON.stringify({ _msg: `json of ${app}`, _time: nowNs(), app })}\n`
  const lines = await post('/insert/jsonline?_stream_fields=app', '', line('b') + line('f'))
  expect(lines).toEqual([400, expect.stringMatching(/stream \{app="f".*\(1 refused\)/)])
  const otlp = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: nowNs(), body: { stringValue: 'otlp' } }] }] }],
  }
  expect(await post('/v1/logs', 'application/json', JSON.stringify(otlp))).toEqual([
    200,
    expect.stringMatching(/"rejectedLogRecords":"1".*unknown_service/),
  ])
  expect(await linesOf('{app=~".+"}')).toEqual(['json of b', 'line of a', 'line of a', 'line of b', 'line of c'])
  expect(await linesOf('{service_name="unknown_service"}')).toEqual([])
  expect(await figure(STREAMS_REFUSED)).toBe(4)
  expect(await figure(/^vantage_log_streams (\d+)/m)).toBe(3)
  await server.kill()
  server = await startServer({ env, config, dataDir })
  expect((await push('g'))[0]).toBe(400)
  expect((await push('c'))[0]).toBe(204)
})

function span(trace: number, spanId: number): SentSpan {
  return {
    traceId: String(trace).padStart(32, '0'),
    spanId: String(spanId).padStart(16, '0'),
    name: NAME,
    startUs: Date.now() * 1_000,
    durationUs: 1,
    tags: [],
  }
}

async function spanCount(trace: number): Promise<number> {
  const answer = await fetch(`${server.url}/jaeger/api/traces/${String(trace).padStart(32, '0')}`)
  const { data } = (await answer.json()) as { data: { spans: unknown[] }[] }
  return data[0]?.spans.length ?? 0
}

test('limits.maxTraceBytes: a trace is taken up to its limit at every door, and other traces beside it', async () => {
  const three = [1, 2, 3].map((id) => span(1, id))
  expect(await post('/api/v2/spans', 'application/json', zipkinJsonBody('shop', three))).toEqual([202, ''])
  const zipkin = await post('/api/v2/spans', 'application/json', zipkinJsonBody('shop', [span(1, 4), span(2, 1)]))
  expect(zipkin).toEqual([400, expect.stringMatching(MESSAGE)])
  const thrift = await post('/api/traces', 'application/x-thrift', jaegerThriftBody('shop', [span(1, 5), span(2, 2)]))
  expect(thrift).toEqual([400, expect.stringMatching(MESSAGE)])
  const client = grpcClient(server.otlpGrpcTarget, '/jaeger.api_v2.CollectorService/PostSpans')
  await expect(client.send(Buffer.from(jaegerProtobufBody('shop', [span(1, 6), span(2, 3)])))).rejects.toThrow(
    /answered 3: .*limits\.maxTraceBytes/,
  )
  client.close()
  const spans = [1, 3].map((trace) => ({
    traceId: String(trace).padStart(32, '0'),
    spanId: '00000000000000a1',
    name: NAME,
    startTimeUnixNano: nowNs(),
  }))
  const otlp = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
  expect(await post('/v1/traces', 'application/json', otlp)).toEqual([
    200,
    expect.stringMatching(/"rejectedSpans":"1".*limits\.maxTraceBytes/),
  ])
  expect([await spanCount(1), await spanCount(2), await spanCount(3)]).toEqual([3, 3, 1])
  expect(await figure(SPANS_REFUSED)).toBe(4)
})
