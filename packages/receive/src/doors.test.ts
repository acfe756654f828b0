import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { err, fault, ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from '@vantage/model'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import type { IntakeAccepted } from './intake.ts'
import {
  figure,
  listenHttp,
  ONE_SAMPLE,
  type TestOptions,
  type TestReception,
  testReception,
} from './testing/reception.ts'

const KIB = 1_024
const KEY = 'k'.repeat(32)
const READ_ONLY_KEY = 'r'.repeat(32)
const KEYS = [
  { key: KEY, tenant: 'default', scopes: ['metrics:write' as const] },
  { key: READ_ONLY_KEY, tenant: 'default', scopes: ['metrics:read' as const] },
]
const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }
const REMOTE_WRITE = { ...PROTOBUF, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }

let apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  apps = []
})

async function open(options: TestOptions = {}): Promise<TestReception & { port: number }> {
  const reception = testReception(options)
  const { app, port } = await listenHttp(reception)
  apps.push(app)
  return Object.assign(reception, { port })
}

interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

interface Sent {
  method?: string
  headers?: Record<string, string>
  /** Sent in one piece; an array is sent chunked. */
  body?: string | Uint8Array | readonly (string | Uint8Array)[]
}

function send(port: number, path: string, { method = 'POST', headers = {}, body = '' }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    if (Array.isArray(body)) {
      for (const part of body) request.write(part)
      request.end()
    } else request.end(body as string | Uint8Array)
  })
}

/** Writes bytes to a socket of its own. @returns all that comes back until the server closes */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  // A reset is an end without an answer too.
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(bytes)
  await closed
  return text
}

const PARTIAL: IntakeAccepted = {
  items: 7,
  histograms: 2,
  exemplars: 2,
  refused: [{ reason: 'out_of_order', count: 3, message: 'too late\nby far' }],
  warnings: [],
}

describe('each face: all good, some refused, undecodable', () => {
  const faces = [
    { path: '/api/v1/write', headers: REMOTE_WRITE, body: 'snappy' },
    { path: '/v1/metrics', headers: PROTOBUF, body: 'otlp' },
    { path: '/v1/metrics', headers: JSON_TYPE, body: '{"resourceMetrics":[]}' },
    { path: '/v1/metrics', headers: JSON_TYPE, body: '{"metrics":[]}' },
  ]
  const good = [
    { status: 204, type: undefined, text: '' },
    { status: 200, type: 'application/x-protobuf', text: '' },
    { status: 200, type: 'application/json', text: '{}' },
    { status: 200, type: 'application/json', text: '{"accepted":1}' },
  ]
  const partial = [
    { status: 400, type: 'text/plain; charset=utf-8', text: '3 samples refused: out_of_order: too late by far\n' },
    {
      status: 200,
      type: 'application/x-protobuf',
      text: 'PARTIAL {"rejected":3,"message":"out_of_order: too late\\nby far"}',
    },
    {
      status: 200,
      type: 'application/json',
      text: '{"partialSuccess":{"rejectedDataPoints":"3","message":"out_of_order: too late\\nby far"}}',
    },
    {
      status: 200,
      type: 'application/json',
      text: '{"accepted":7,"refused":[{"reason":"out_of_order","count":3,"message":"too late\\nby far"}]}',
    },
  ]
  const bad = [
    { status: 400, type: 'text/plain; charset=utf-8', text: 'want x, got y\n' },
    { status: 400, type: 'application/x-protobuf', text: 'STATUS 3 want x, got y' },
    { status: 400, type: 'application/json', text: '{"code":3,"message":"want x, got y"}' },
    {
      status: 400,
      type: 'application/json',
      text: '{"error":{"code":"bad_request","message":"want x, got y","requestId":"req-1"}}',
    },
  ]
  test.each(faces.map((face, i) => ({ ...face, good: good[i], partial: partial[i], bad: bad[i] })))(
    '$path $body',
    async ({ path, headers, body, good, partial, bad }) => {
      const cases = [
        [async () => ok(ONE_SAMPLE), good],
        [async () => ok(PARTIAL), partial],
        [async () => err(fault('bad_request', 'want x, got y')), bad],
      ] as const
      for (const [submit, want] of cases) {
        const doors = await open()
        doors.submit = submit
        const { status, headers: got, text } = await send(doors.port, path, { headers, body })
        expect({ status, type: got['content-type'], text }).toEqual(want)
        expect(doors.submitted[0]?.body.toString()).toBe(body)
      }
    },
  )
})

test('remote write says how much is stored', async () => {
  const doors = await open()
  const written = async () => {
    const { headers } = await send(doors.port, '/api/v1/write', { headers: REMOTE_WRITE, body: 'x' })
    return ['samples', 'histograms', 'exemplars'].map((what) => headers[`x-prometheus-remote-write-${what}-written`])
  }
  doors.submit = async () => ok({ ...ONE_SAMPLE, items: 5, exemplars: 4 })
  expect(await written()).toEqual(['5', '0', '4'])
  doors.submit = async () => ok(PARTIAL)
  expect(await written()).toEqual(['5', '2', '2'])
  doors.submit = async () => err(fault('bad_request', 'x'))
  expect(await written()).toEqual(['0', '0', '0'])
})

test('remote write 2.0 is named in the media type and reaches the intake as its own format', async () => {
  const doors = await open()
  const version2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'
  for (const contentType of [version2, 'application/x-protobuf; proto=prometheus.WriteRequest', version2]) {
    const headers = { ...REMOTE_WRITE, 'content-type': contentType }
    expect((await send(doors.port, '/api/v1/write', { headers, body: 'x' })).status).toBe(204)
  }
  const { remoteWriteV1Snappy, remoteWriteV2Snappy } = PAYLOAD_FORMATS
  expect(doors.submitted.map(({ format }) => format)).toEqual([
    remoteWriteV2Snappy,
    remoteWriteV1Snappy,
    remoteWriteV2Snappy,
  ])
})

test('a JSON batch with bad items answers 422 and lists them; one that is too long 413', async () => {
  const doors = await open()
  const problems = [{ index: 2, reason: 'missing_name' as const, message: 'metric_name: want text' }]
  doors.submit = async () => err({ ...fault('unprocessable', '1 of 3 items is bad'), problems })
  const batch = { headers: JSON_TYPE, body: '{"metrics":[1,2,3]}' }
  const listed = await send(doors.port, '/v1/metrics', batch)
  expect(listed.status).toBe(422)
  expect(JSON.parse(listed.text)).toEqual({
    error: { code: 'unprocessable', message: '1 of 3 items is bad', requestId: 'req-1' },
    rejected: problems,
  })
  doors.submit = async () => err(fault('too_large', 'want at most 1000 items', { limit: 'items' }))
  expect((await send(doors.port, '/v1/metrics', batch)).status).toBe(413)
})

describe('what reaches the intake', () => {
  const json = '{"resourceMetrics":[]}'
  const { identity, gzip, zstd, snappyBlock } = PAYLOAD_ENCODINGS
  const { remoteWriteV1Snappy, otlpMetricsProtobuf, otlpMetricsJson, jsonBatch } = PAYLOAD_FORMATS
  const packed = (text: string, pack: (bytes: Buffer) => Buffer) => pack(Buffer.from(text))
  test.each([
    ['/api/v1/write', REMOTE_WRITE, 'rw', 'rw', 'remote-write', remoteWriteV1Snappy, snappyBlock, 'rw'],
    ['/api/v1/push', {}, 'rw', 'rw', 'remote-write', remoteWriteV1Snappy, snappyBlock, 'rw'],
    ['/api/prom/push', REMOTE_WRITE, 'rw', 'rw', 'remote-write', remoteWriteV1Snappy, snappyBlock, 'rw'],
    ['/v1/metrics', PROTOBUF, 'pb', 'pb', 'otlp-http', otlpMetricsProtobuf, identity, 'pb'],
    ['/otlp/v1/metrics', PROTOBUF, '', '', 'otlp-http', otlpMetricsProtobuf, identity, ''],
    ['/api/v1/otlp/v1/metrics', JSON_TYPE, json, json, 'otlp-http', otlpMetricsJson, identity, json],
    [
      '/opentelemetry/v1/metrics',
      { 'content-type': 'Application/JSON; charset=utf-8' },
      json,
      json,
      'otlp-http',
      otlpMetricsJson,
      identity,
      json,
    ],
    ['/v1/metrics', JSON_TYPE, '{"metrics":[]}', '{"metrics":[]}', 'json-batch', jsonBatch, identity, '{"metrics":[]}'],
    [
      '/v1/metrics',
      { ...PROTOBUF, 'content-encoding': 'gzip' },
      packed('pb', gzipSync),
      'pb',
      'otlp-http',
      otlpMetricsProtobuf,
      gzip,
      packed('pb', gzipSync),
    ],
    [
      '/v1/metrics',
      { ...PROTOBUF, 'content-encoding': 'ZSTD' },
      packed('pb', zstdCompressSync),
      'pb',
      'otlp-http',
      otlpMetricsProtobuf,
      zstd,
      packed('pb', zstdCompressSync),
    ],
    [
      '/v1/metrics',
      { ...PROTOBUF, 'content-encoding': 'deflate' },
      packed('pb', deflateSync),
      'pb',
      'otlp-http',
      otlpMetricsProtobuf,
      identity,
      'pb',
    ],
    [
      '/v1/metrics',
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      packed('{"metrics":[]}', gzipSync),
      '{"metrics":[]}',
      'json-batch',
      jsonBatch,
      gzip,
      packed('{"metrics":[]}', gzipSync),
    ],
  ] as const)('%s %j', async (path, headers, sent, body, receiver, format, encoding, logged) => {
    const doors = await open()
    const { status } = await send(doors.port, path, { headers, body: sent })
    expect(status).toBeLessThan(300)
    const [got] = doors.submitted
    expect(got).toMatchObject({ tenant: 'default', receiver, format, encoding })
    expect(got?.body.toString()).toBe(body)
    expect(got?.raw).toEqual(Buffer.from(logged))
    expect(doors.reception.inflight.usedBytes).toBe(0)
  })
})

describe('refused before the body is read', () => {
  const bearer = { authorization: `Bearer ${KEY}` }
  test.each<[string, string, Sent, number, string]>([
    [
      'an unknown message',
      '/api/v1/write',
      {
        headers: {
          ...bearer,
          ...REMOTE_WRITE,
          'content-type': 'application/x-protobuf;proto=io.prometheus.write.v3.Request',
        },
      },
      415,
      'io.prometheus.write.v3.Request',
    ],
    [
      'remote write as JSON',
      '/api/v1/write',
      { headers: { ...bearer, ...JSON_TYPE, 'content-encoding': 'snappy' } },
      415,
      'application/x-protobuf',
    ],
    [
      'remote write in gzip',
      '/api/v1/write',
      { headers: { ...bearer, ...PROTOBUF, 'content-encoding': 'gzip' } },
      415,
      'snappy',
    ],
    [
      'OTLP in snappy',
      '/v1/metrics',
      { headers: { ...bearer, ...PROTOBUF, 'content-encoding': 'snappy' } },
      415,
      'gzip, zstd',
    ],
    [
      'OTLP packed twice',
      '/v1/metrics',
      { headers: { ...bearer, ...PROTOBUF, 'content-encoding': 'gzip, gzip' } },
      415,
      'gzip',
    ],
    ['no media type', '/v1/metrics', { headers: bearer, body: 'x' }, 415, 'content type'],
    [
      'a media type that is none',
      '/v1/metrics',
      { headers: { ...bearer, 'content-type': ';;' }, body: 'x' },
      415,
      'content type',
    ],
    ['GET', '/v1/metrics', { method: 'GET', headers: bearer }, 405, 'want POST'],
    ['DELETE', '/api/v1/write', { method: 'DELETE', headers: bearer }, 405, 'want POST'],
    ['no key', '/v1/metrics', { headers: JSON_TYPE, body: '{}' }, 401, 'got none'],
    ['unknown key', '/v1/metrics', { headers: { ...JSON_TYPE, 'x-api-key': 'x' }, body: '{}' }, 401, 'not known'],
    [
      'key without the scope',
      '/v1/metrics',
      { headers: { ...JSON_TYPE, 'x-api-key': READ_ONLY_KEY }, body: '{}' },
      403,
      'metrics:write',
    ],
    [
      'another tenant',
      '/v1/metrics',
      { headers: { ...JSON_TYPE, ...bearer, 'x-scope-orgid': 'other' }, body: '{}' },
      403,
      'other',
    ],
    [
      'a tenant id that is none',
      '/v1/metrics',
      { headers: { ...JSON_TYPE, ...bearer, 'x-scope-orgid': 'a/b' }, body: '{}' },
      400,
      'X-Scope-OrgID',
    ],
    ['a key in the URL', `/v1/metrics?key=${KEY}`, { headers: JSON_TYPE, body: '{}' }, 401, 'got none'],
    [
      'a long URL',
      `/v1/metrics?${'x'.repeat(9_000)}`,
      { headers: { ...JSON_TYPE, ...bearer }, body: '{}' },
      400,
      'url',
    ],
  ])('%s', async (_name, path, sent, status, hint) => {
    const doors = await open({ keys: KEYS })
    const reply = await send(doors.port, path, sent)
    expect(reply.status).toBe(status)
    expect(reply.text).toContain(hint)
    if (status === 405) expect(reply.headers.allow).toBe('POST')
    if (status === 401) expect(reply.headers['www-authenticate']).toBe('Bearer realm="vantage"')
    expect(doors.submitted).toEqual([])
    expect(doors.reception.inflight.usedBytes).toBe(0)
  })

  test('a key opens the door, as header and as bearer, with the tenant named or not', async () => {
    const doors = await open({ keys: KEYS })
    for (const headers of [{ 'x-api-key': KEY }, bearer, { ...bearer, 'x-scope-orgid': 'default' }]) {
      expect((await send(doors.port, '/v1/metrics', { headers: { ...PROTOBUF, ...headers } })).status).toBe(200)
    }
  })

  test.each([
    ['127.0.0.1:9090', 200],
    ['localhost', 200],
    ['LOCALHOST.:1', 200],
    ['app.localhost:80', 200],
    ['[::1]:4318', 200],
    ['metrics.internal:4318', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:9090', 403],
  ])('without auth the host %s answers %i', async (host, status) => {
    const doors = await open({ allowedHosts: ['metrics.internal'] })
    expect((await send(doors.port, '/v1/metrics', { headers: { ...PROTOBUF, host } })).status).toBe(status)
  })
})

test('the checks come in their order: each case fails all later ones too', async () => {
  const doors = await open({
    keys: KEYS,
    limits: { maxBodyBytes: 10, maxInflightBytes: 5, requestRate: 1, requestBurst: 1 },
  })
  const everythingWrong = { 'content-type': 'text/plain', 'content-encoding': 'br' }
  const big = 'x'.repeat(11)
  const answer = async (sent: Sent) => (await send(doors.port, '/v1/metrics', sent)).status
  doors.phase = 'starting'
  expect(await answer({ method: 'GET', headers: everythingWrong })).toBe(503)
  doors.phase = 'ready'
  expect(await answer({ method: 'PUT', headers: everythingWrong, body: big })).toBe(405)
  expect(await answer({ headers: everythingWrong, body: big })).toBe(401)
  const key = { 'x-api-key': KEY }
  expect(await answer({ headers: { ...everythingWrong, ...key }, body: big })).toBe(415)
  expect(await answer({ headers: { ...PROTOBUF, ...key }, body: big })).toBe(413)
  // The first takes the tenant's only token and holds the in-flight bytes.
  const { promise, resolve } = Promise.withResolvers<void>()
  doors.submit = async () => {
    await promise
    return ok(ONE_SAMPLE)
  }
  const held = answer({ headers: { ...PROTOBUF, ...key }, body: 'x'.repeat(5) })
  await expect.poll(() => doors.submitted.length).toBe(1)
  expect(await answer({ headers: { ...PROTOBUF, ...key }, body: 'x' })).toBe(429)
  resolve()
  expect(await held).toBe(200)
})

describe('our own state', () => {
  test.each([
    ['starting', 0, '5'],
    ['draining', 0, '1'],
    ['failed', 0, '5'],
    ['ready', 1, '5'],
    ['ready', 2, '5'],
  ] as const)('%s, pressure %i: 503, come again after %s s', async (phase, pressure, after) => {
    const doors = await open()
    Object.assign(doors, { phase, pressure })
    const { status, headers } = await send(doors.port, '/api/v1/write', { headers: REMOTE_WRITE, body: 'x' })
    expect([status, headers['retry-after']]).toEqual([503, after])
  })

  test('a full account of in-flight bytes refuses with 503 and is free again after the answer', async () => {
    const doors = await open({ limits: { maxInflightBytes: 100 } })
    const { promise, resolve } = Promise.withResolvers<void>()
    doors.submit = async () => {
      await promise
      return ok(ONE_SAMPLE)
    }
    const first = send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'x'.repeat(60) })
    await expect.poll(() => doors.submitted.length).toBe(1)
    expect(figure(doors.reception.registry, 'vantage_inflight_bytes')).toBe(60)
    const second = await send(doors.port, '/v1/metrics', { headers: JSON_TYPE, body: 'x'.repeat(41) })
    expect(second.status).toBe(503)
    expect(second.headers['retry-after']).toBe('5')
    const fits = send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'x'.repeat(40) })
    await expect.poll(() => doors.submitted.length).toBe(2)
    resolve()
    expect([(await first).status, (await fits).status]).toEqual([200, 200])
    expect(doors.reception.inflight.usedBytes).toBe(0)
  })

  test('a bug of ours answers 500 with the request id, and the log has it', async () => {
    const doors = await open()
    doors.submit = () => Promise.reject(new Error('broken inside'))
    const { status, text } = await send(doors.port, '/v1/metrics', { headers: JSON_TYPE, body: '{}' })
    expect([status, text]).toEqual([500, '{"code":13,"message":"internal error, request req-1"}'])
    expect(doors.lines.join()).toContain('broken inside')
    expect(doors.reception.inflight.usedBytes).toBe(0)
  })
})

describe('sizes', () => {
  const limits = { maxBodyBytes: 1_000, maxDecompressedBytes: 2_000 }
  const gzip = { ...PROTOBUF, 'content-encoding': 'gzip' }
  const zstd = { ...PROTOBUF, 'content-encoding': 'zstd' }
  test.each<[string, Record<string, string>, Sent['body'], number]>([
    ['wire n', PROTOBUF, 'x'.repeat(1_000), 200],
    ['wire n + 1', PROTOBUF, 'x'.repeat(1_001), 413],
    ['wire n, chunked', PROTOBUF, ['x'.repeat(999), 'x'], 200],
    ['wire n + 1, chunked', PROTOBUF, ['x'.repeat(1_000), 'x'], 413],
    ['inflated n', gzip, gzipSync('x'.repeat(2_000)), 200],
    ['inflated n + 1', gzip, gzipSync('x'.repeat(2_001)), 413],
    ['zstd n', zstd, zstdCompressSync(Buffer.alloc(2_000)), 200],
    ['zstd n + 1', zstd, zstdCompressSync(Buffer.alloc(2_001)), 413],
    ['a bomb', gzip, gzipSync(Buffer.alloc(900_000)), 413],
    ['gzip cut short', gzip, gzipSync('x'.repeat(500)).subarray(0, 20), 400],
    ['no gzip at all', gzip, 'plain text', 400],
    ['zstd that is none', zstd, 'plain text', 400],
    ['deflate that is none', { ...PROTOBUF, 'content-encoding': 'deflate' }, 'plain text', 400],
  ])('%s', async (_name, headers, body, status) => {
    const doors = await open({ limits })
    expect((await send(doors.port, '/v1/metrics', { headers, body: body ?? '' })).status).toBe(status)
    expect(doors.reception.inflight.usedBytes).toBe(0)
    expect(doors.submitted.length).toBe(status === 200 ? 1 : 0)
  })

  test('a packed body that is cut anywhere is refused, and nothing stays behind', async () => {
    const doors = await open()
    for (const [encoding, pack] of [
      ['gzip', gzipSync],
      ['zstd', zstdCompressSync],
      ['deflate', deflateSync],
    ] as const) {
      const whole = pack(Buffer.from('some body '.repeat(20)))
      for (let length = 1; length < whole.length; length++) {
        const headers = { ...PROTOBUF, 'content-encoding': encoding }
        const { status } = await send(doors.port, '/v1/metrics', { headers, body: whole.subarray(0, length) })
        expect([encoding, length, status]).toEqual([encoding, length, 400])
      }
    }
    expect(doors.submitted).toEqual([])
    expect(doors.reception.inflight.usedBytes).toBe(0)
    expect(doors.reception.buffers.freeCount).toBe(2)
  })

  test('buffers of one body never show in the next one', async () => {
    const doors = await open()
    for (const body of ['long '.repeat(1_000), 'short', gzipSync('in gzip')]) {
      const headers = typeof body === 'string' ? PROTOBUF : gzip
      await send(doors.port, '/v1/metrics', { headers, body })
    }
    expect(doors.submitted.map(({ body }) => body.length)).toEqual([5_000, 5, 7])
    expect(doors.reception.buffers.freeCount).toBe(2)
  })
})

describe('connections', () => {
  const head = (length: number, more = '') =>
    `POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`

  test('a refusal with much unread closes the connection, one with little keeps it', async () => {
    const doors = await open()
    doors.phase = 'draining'
    const much = await send(doors.port, '/v1/metrics', { headers: JSON_TYPE, body: 'x'.repeat(64 * KIB + 1_000_000) })
    expect([much.status, much.headers.connection]).toEqual([503, 'close'])
    const chunked = await send(doors.port, '/v1/metrics', { headers: JSON_TYPE, body: ['x'] })
    expect([chunked.status, chunked.headers.connection]).toEqual([503, 'close'])
    const headers = { ...JSON_TYPE, connection: 'keep-alive' }
    const little = await send(doors.port, '/v1/metrics', { headers, body: 'x'.repeat(64 * KIB) })
    expect([little.status, little.headers.connection]).toEqual([503, 'keep-alive'])
  })

  test('Expect: 100-continue is granted after the checks and not before', async () => {
    const doors = await open({ keys: KEYS })
    const expecting = `Expect: 100-continue\r\nConnection: close\r\n`
    const refused = await raw(doors.port, head(70_000, expecting))
    expect(refused).toMatch(/^HTTP\/1\.1 401 /)
    const socket = connect(doors.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.write(head(2, `${expecting}X-API-Key: ${KEY}\r\n`))
    await expect.poll(() => text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    socket.write('{}')
    await once(socket, 'close')
    expect(text).toContain('HTTP/1.1 200 OK')
  })

  test('a body that comes too slowly ends without an answer', async () => {
    const doors = await open({ limits: { requestTimeoutMs: 500, headersTimeoutMs: 500 } })
    expect(await raw(doors.port, `${head(100)}half`)).toBe('')
    await expect.poll(() => doors.reception.inflight.usedBytes).toBe(0)
    expect(await raw(doors.port, 'POST /v1/metrics HTTP/1.1\r\nHost')).toBe('')
  })

  test('a client that goes away leaves nothing behind', async () => {
    const doors = await open()
    const socket = connect(doors.port, '127.0.0.1')
    socket.write(`${head(1_000)}half`)
    await expect.poll(() => doors.reception.inflight.usedBytes).toBe(1_000)
    socket.destroy()
    await expect.poll(() => doors.reception.inflight.usedBytes).toBe(0)
    const labels = { receiver: 'otlp-http', code: 'cancelled' }
    await expect.poll(() => figure(doors.reception.registry, 'vantage_ingest_requests_total', labels)).toBe(1)
    expect(doors.submitted).toEqual([])
  })

  test.each([
    ['broken request line', 'BLAH\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      'POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'length and chunks',
      'POST /v1/metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'headers over 16 KiB',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17 * KIB)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
  ])('%s', async (_name, bytes, want) => {
    const doors = await open()
    expect(await raw(doors.port, bytes)).toMatch(want)
  })

  test('connections of one address are capped at n', async () => {
    const doors = await open({ limits: { maxConnectionsPerAddress: 2 } })
    const sockets = [connect(doors.port, '127.0.0.1'), connect(doors.port, '127.0.0.1')]
    for (const socket of sockets) socket.on('error', () => {})
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    expect(await raw(doors.port, head(0))).toBe('')
    const connected = () => figure(doors.reception.registry, 'vantage_connections', { protocol: 'http' })
    expect(connected()).toBe(2)
    for (const socket of sockets) socket.destroy()
    const answered = async () => {
      try {
        return (await send(doors.port, '/v1/metrics', { headers: PROTOBUF })).status
      } catch {
        // Closed unanswered: the server has not seen both ends yet.
        return 0
      }
    }
    await expect.poll(answered).toBe(200)
    await expect.poll(connected).toBeLessThan(2)
  })
})

describe('figures', () => {
  test('what was acknowledged has its duration, what was refused has none', async () => {
    const doors = await open()
    await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'abc' })
    doors.submit = async () => err(fault('unprocessable', 'x'))
    await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'abc' })
    const labels = { receiver: 'otlp-http' }
    expect(figure(doors.reception.registry, 'vantage_ingest_duration_seconds_count', labels)).toBe(1)
  })

  test('received = acknowledged + discarded', async () => {
    const doors = await open()
    const { registry } = doors.reception
    doors.submit = async () => ok(PARTIAL)
    await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'abc' })
    doors.submit = async () => ok({ ...ONE_SAMPLE, items: 4 })
    await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'abc' })
    const problems = [{ index: 0, reason: 'invalid_value' as const, message: 'x' }]
    doors.submit = async () => err({ ...fault('unprocessable', 'x'), problems })
    await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'abc' })
    const of = (signal: Record<string, string>) => ({ signal: 'metrics', ...signal, tenant: 'default' })
    expect(figure(registry, 'vantage_ingest_items_total', of({ receiver: 'otlp-http' }))).toBe(15)
    expect(figure(registry, 'vantage_acked_items_total', of({ receiver: 'otlp-http' }))).toBe(11)
    expect(figure(registry, 'vantage_discarded_items_total', of({ reason: 'out_of_order' }))).toBe(3)
    expect(figure(registry, 'vantage_discarded_items_total', of({ reason: 'invalid_value' }))).toBe(1)
    expect(figure(registry, 'vantage_discarded_bytes_total', of({ reason: 'unprocessable' }))).toBe(3)
    for (const code of ['ok', 'partial', 'unprocessable']) {
      expect(figure(registry, 'vantage_ingest_requests_total', { receiver: 'otlp-http', code })).toBe(1)
    }
  })

  test('the ring and the log say what happened, the log once per reason', async () => {
    const doors = await open()
    doors.submit = async () => err(fault('bad_request', 'want x, got y'))
    for (let i = 0; i < 3; i++) await send(doors.port, '/v1/metrics', { headers: PROTOBUF, body: 'secret payload' })
    expect(doors.reception.recent.list().map(({ code, message, wireBytes }) => [code, message, wireBytes])).toEqual(
      Array(3).fill(['bad_request', 'want x, got y', 14]),
    )
    expect(doors.lines.length).toBe(1)
    expect(doors.lines[0]).toContain('"reason":"bad_request"')
    expect(doors.lines[0]).not.toContain('secret')
  })
})
