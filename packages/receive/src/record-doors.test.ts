import { request as httpRequest } from 'node:http'
import { ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from '@vantage/model'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { registerDoors } from './doors.ts'
import { ONE_SAMPLE, type TestReception, testReception } from './testing/reception.ts'
import { openTextDoors } from './text-doors.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const THRIFT = { 'content-type': 'application/x-thrift' }
const BINARY = { 'content-type': 'application/vnd.apache.thrift.binary; charset=x' }
const METRICS_KEY = 'm'.repeat(32)
const RECORDS_KEY = 'r'.repeat(32)
const KEYS = [
  { key: METRICS_KEY, tenant: 'default', scopes: ['metrics:write' as const] },
  { key: RECORDS_KEY, tenant: 'default', scopes: ['logs:write' as const, 'traces:write' as const] },
]

let apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  apps = []
})

const NO_TEXT = {
  read: () => Promise.reject(new Error('no text comes here')),
  encode: () => new Uint8Array(0),
  readEvents: (body: Uint8Array, length: number) => ok({ pushes: [body.subarray(0, length)], refused: [] }),
  readExecutions: async (body: Uint8Array, length: number) => ok({ pushes: [body.subarray(0, length)], refused: [] }),
  sampleExecutions: () => Buffer.from('sample'),
  readJsonLines: async (body: Uint8Array, length: number, names: object) =>
    ok({ pushes: [body.subarray(0, length), Buffer.from(JSON.stringify(names))], refused: [] }),
}

async function open(keys: typeof KEYS = []): Promise<TestReception & { port: number }> {
  const test = testReception({ keys })
  const app = Fastify({ forceCloseConnections: true })
  registerDoors(app, test.reception)
  openTextDoors(test.reception, NO_TEXT).register(app)
  apps.push(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(test, { port: Number(new URL(url).port) })
}

function send(port: number, path: string, headers: Record<string, string>, body: string | Uint8Array) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    request.end(body)
  })
}

const taken: [string, Record<string, string>, number, number, string, string][] = [
  ['/v1/logs', PROTOBUF, 200, PAYLOAD_FORMATS.otlpLogsProtobuf, 'otlp-http', ''],
  ['/otlp/v1/logs', JSON_TYPE, 200, PAYLOAD_FORMATS.otlpLogsJson, 'otlp-http', '{}'],
  ['/v1/traces', PROTOBUF, 200, PAYLOAD_FORMATS.otlpTracesProtobuf, 'otlp-http', ''],
  ['/otlp/v1/traces', JSON_TYPE, 200, PAYLOAD_FORMATS.otlpTracesJson, 'otlp-http', '{}'],
  ['/loki/api/v1/push', PROTOBUF, 204, PAYLOAD_FORMATS.lokiPushSnappy, 'loki-push', ''],
  ['/loki/api/v1/push', {}, 204, PAYLOAD_FORMATS.lokiPushSnappy, 'loki-push', ''],
  ['/loki/api/v1/push', JSON_TYPE, 204, PAYLOAD_FORMATS.lokiPushJson, 'loki-push', ''],
  ['/api/vantage/v1/events', JSON_TYPE, 204, PAYLOAD_FORMATS.lokiPushJson, 'events', ''],
  ['/api/v2/spans', JSON_TYPE, 202, PAYLOAD_FORMATS.zipkinJson, 'zipkin', ''],
  ['/api/v1/spans', JSON_TYPE, 202, PAYLOAD_FORMATS.zipkinJson, 'zipkin', ''],
  ['/api/v2/spans', PROTOBUF, 202, PAYLOAD_FORMATS.zipkinProtobuf, 'zipkin', ''],
  ['/api/traces', THRIFT, 202, PAYLOAD_FORMATS.jaegerThrift, 'jaeger-thrift', ''],
  ['/jaeger/api/traces?format=jaeger.thrift', BINARY, 202, PAYLOAD_FORMATS.jaegerThrift, 'jaeger-thrift', ''],
  ['/zipkin/api/v2/spans', JSON_TYPE, 202, PAYLOAD_FORMATS.zipkinJson, 'zipkin', ''],
]
test.each(taken)('%s %j is taken', async (path, headers, status, format, receiver, text) => {
  const { port, submitted } = await open()
  expect(await send(port, path, headers, 'body')).toEqual({ status, text })
  const encoding =
    format === PAYLOAD_FORMATS.lokiPushSnappy ? PAYLOAD_ENCODINGS.snappyBlock : PAYLOAD_ENCODINGS.identity
  expect(submitted[0]).toMatchObject({ format, receiver, encoding })
})

const unsupported: [string, Record<string, string>][] = [
  ['/v1/logs', { 'content-type': 'text/plain' }],
  ['/loki/api/v1/push', { 'content-type': 'text/plain' }],
  ['/loki/api/v1/push', { ...PROTOBUF, 'content-encoding': 'gzip' }],
  ['/loki/api/v1/push', { ...JSON_TYPE, 'content-encoding': 'br' }],
  ['/api/v2/spans', THRIFT],
  ['/api/traces', JSON_TYPE],
  ['/api/traces', { 'content-type': 'application/vnd.apache.thrift.compact' }],
  ['/api/traces', {}],
  ['/api/v2/spans', { ...PROTOBUF, 'content-encoding': 'br' }],
]
test.each(unsupported)('%s %j is 415', async (path, headers) => {
  const { port, submitted } = await open()
  expect((await send(port, path, headers, 'body')).status).toBe(415)
  expect(submitted).toEqual([])
})

describe('some items refused', () => {
  const partial: [string, Record<string, string>, number, RegExp][] = [
    ['/v1/logs', JSON_TYPE, 200, /"rejectedLogRecords":"2"/],
    ['/v1/traces', JSON_TYPE, 200, /"rejectedSpans":"2"/],
    ['/insert/jsonline', JSON_TYPE, 400, /the others are stored: bad ids; bad ids \(4 refused\)/],
    ['/loki/api/v1/push', JSON_TYPE, 400, /the others are stored: bad ids \(2 refused\)/],
    ['/api/traces', THRIFT, 400, /the others are stored: bad ids \(2 refused\)/],
    ['/api/v2/spans', JSON_TYPE, 400, /the others are stored: bad ids \(2 refused\)/],
  ]
  test.each(partial)('%s', async (path, headers, status, text) => {
    const doors = await open()
    doors.submit = async () =>
      ok({ ...ONE_SAMPLE, refused: [{ reason: 'invalid_id' as const, count: 2, message: 'bad ids' }] })
    const answer = await send(doors.port, path, headers, '[]')
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(text)
  })
})

test('/insert/jsonline: lines become pushes; members are named in the query', async () => {
  const { port, submitted } = await open()
  const path = '/insert/jsonline?_msg_field=m,%20text&_stream_fields=app,pod'
  expect(await send(port, path, { 'content-type': 'application/stream+json' }, 'lines')).toEqual({
    status: 204,
    text: '',
  })
  expect(submitted.map(({ body, format, receiver }) => [body.toString(), format, receiver])).toEqual([
    ['lines', PAYLOAD_FORMATS.lokiPushJson, 'json-lines'],
    ['{"message":["m","text"],"time":[],"stream":["app","pod"]}', PAYLOAD_FORMATS.lokiPushJson, 'json-lines'],
  ])
})

test('/ORG/STREAM/_json: the path names the stream, the answer tells how many were taken', async () => {
  const doors = await open()
  const type = { 'content-type': 'application/json' }
  for (const path of ['/default/web%2F1/_json', '/api/default/web%2F1/_json?x=y']) {
    const { status, text } = await send(doors.port, path, type, '[]')
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { code: 200, status: [{ name: 'web/1', successful: 2, failed: 0 }] },
    ])
  }
  expect(doors.submitted[1]?.body.toString()).toContain('"streamName":"web/1"')
  expect((await send(doors.port, '/default/%ff/_json', type, '[]')).status).toBe(400)
  expect((await send(doors.port, '/default//_json', type, '[]')).status).toBe(400)
})

test.each([
  ['/default/web/_json', JSON_TYPE],
  ['/insert/jsonline', JSON_TYPE],
  ['/api/vantage/v1/events', JSON_TYPE],
  ['/v1/logs', JSON_TYPE],
  ['/v1/traces', JSON_TYPE],
  ['/loki/api/v1/push', JSON_TYPE],
  ['/api/v2/spans', JSON_TYPE],
  ['/api/traces', THRIFT],
])('%s needs the scope of its signal', async (path, type) => {
  const { port } = await open(KEYS)
  const status = async (key: string) =>
    (await send(port, path, { ...type, authorization: `Bearer ${key}` }, '[]')).status
  expect(await status(METRICS_KEY)).toBe(403)
  expect(await status(RECORDS_KEY)).toBeLessThan(300)
})
