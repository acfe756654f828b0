/** Set: test, 15 s. Every route, door and socket × who asks, with authentication on and off. */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const KEY = 'a'.repeat(64)
const DOORS = [
  '/api/v1/write',
  '/api/v1/push',
  '/api/prom/push',
  '/v1/metrics',
  '/otlp/v1/metrics',
  '/api/v1/otlp/v1/metrics',
  '/opentelemetry/v1/metrics',
  '/v1/logs',
  '/otlp/v1/logs',
  '/loki/otlp/v1/logs',
  '/opentelemetry/v1/logs',
  '/v1/traces',
  '/otlp/v1/traces',
  '/opentelemetry/v1/traces',
  '/loki/api/v1/push',
  '/insert/jsonline',
  '/ingest/single',
  '/ingest/file',
  '/ingest/trigger',
  '/api/vantage/v1/events',
  '/api/v2/spans',
  '/zipkin/api/v2/spans',
  '/api/traces',
  '/jaeger/api/traces',
]
const SOCKETS = ['/ws', '/ws/metrics', '/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D']
/** Answers without a credential: liveness for probes, and the documents, which hold no data. */
const PUBLIC = new Set(['/-/healthy', '/-/ready', '/health'])

interface Caller {
  readonly who: string
  readonly headers: Readonly<Record<string, string>>
  readonly whenOn: number | 'let in'
  readonly whenOff: number | 'let in'
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`
}

const CALLERS: readonly Caller[] = [
  { who: 'no key', headers: {}, whenOn: 401, whenOff: 'let in' },
  { who: 'a wrong key', headers: { 'x-api-key': 'b'.repeat(64) }, whenOn: 401, whenOff: 'let in' },
  { who: 'a part of the key', headers: { 'x-api-key': KEY.slice(1) }, whenOn: 401, whenOff: 'let in' },
  { who: 'the key', headers: { 'x-api-key': KEY }, whenOn: 'let in', whenOff: 'let in' },
  { who: 'the key as bearer', headers: { authorization: `Bearer ${KEY}` }, whenOn: 'let in', whenOff: 'let in' },
  { who: 'the key as password', headers: { authorization: basic(`shop:${KEY}`) }, whenOn: 'let in', whenOff: 'let in' },
  { who: 'the key as user', headers: { authorization: basic(`${KEY}:shop`) }, whenOn: 401, whenOff: 'let in' },
  { who: 'a foreign host', headers: { host: 'evil.example' }, whenOn: 401, whenOff: 403 },
  {
    who: 'the key by a foreign host',
    headers: { host: 'metrics.example', 'x-api-key': KEY },
    whenOn: 'let in',
    whenOff: 403,
  },
  { who: 'a foreign tenant', headers: { 'x-scope-orgid': 'other', 'x-api-key': KEY }, whenOn: 403, whenOff: 403 },
  { who: 'no tenant id', headers: { 'x-scope-orgid': '../x', 'x-api-key': KEY }, whenOn: 400, whenOff: 400 },
]

interface Target {
  readonly method: string
  readonly path: string
  readonly kind: 'route' | 'door' | 'socket'
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-version': '13',
}

/** @returns the status; 'unknown thing' for a handler's own 404, which only a caller that was let in sees */
function statusOf(
  server: TestServer,
  target: Target,
  headers: Readonly<Record<string, string>>,
): Promise<number | 'unknown thing'> {
  const upgrade = target.kind === 'socket' ? UPGRADE : {}
  return new Promise((resolve, reject) => {
    const asked = request(`${server.url}${target.path}`, {
      method: target.method,
      headers: { ...upgrade, ...(target.method === 'POST' ? { 'content-length': '0' } : {}), ...headers },
    })
    asked.on('response', (answer) => {
      const status = answer.statusCode ?? 0
      // A stream of events has no end.
      if (answer.headers['content-type']?.startsWith('text/event-stream') === true) {
        asked.destroy()
        resolve(status)
        return
      }
      text(answer).then(
        (body) => resolve(status === 404 && !body.includes('no route') ? 'unknown thing' : status),
        reject,
      )
    })
    asked.on('upgrade', (_answer, socket) => {
      socket.destroy()
      resolve(101)
    })
    asked.on('error', reject)
    asked.end()
  })
}

async function targets(server: TestServer): Promise<Target[]> {
  const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown }>>
  }
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path.replace('{name}', 'job').replace('{id}', 'none'),
      kind: 'route' as const,
    })),
  )
  expect(routes.length).toBeGreaterThan(25)
  return [
    ...routes,
    ...DOORS.map((path) => ({ method: 'POST', path, kind: 'door' as const })),
    ...SOCKETS.map((path) => ({ method: 'GET', path, kind: 'socket' as const })),
  ]
}

describe.each([
  ['on', { VANTAGE_AUTH_ENABLED: 'true', API_KEY: KEY }],
  ['off', { VANTAGE_AUTH_ENABLED: 'false' }],
] as const)('authentication %s', (state, env) => {
  let server: TestServer
  let all: Target[]
  beforeAll(async () => {
    server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false', ...env } })
    all = await targets(server)
  })
  afterAll(async () => {
    await server.stop()
  })

  test.each(CALLERS)('$who', async ({ headers, whenOn, whenOff }) => {
    const want = state === 'on' ? whenOn : whenOff
    const wrong: string[] = []
    for (const target of all) {
      const status = await statusOf(server, target, headers)
      const isIn = PUBLIC.has(target.path) || want === 'let in'
      // Let in: whatever comes then (an empty body, a missing parameter), it is no refusal of the caller.
      const isServed = status === 'unknown thing' || (![401, 403, 404, 405].includes(status) && status < 500)
      const isRight = isIn ? isServed : status === want
      if (!isRight) wrong.push(`${target.method} ${target.path}: ${status}`)
    }
    expect(wrong).toEqual([])
  })

  test('a known path with another method is 405 and says which it has', async () => {
    for (const target of all.filter((one) => one.kind !== 'socket')) {
      const answer = await fetch(`${server.url}${target.path}`, { method: 'PATCH', headers: { 'x-api-key': KEY } })
      await answer.arrayBuffer()
      expect([target.path, answer.status]).toEqual([target.path, 405])
      expect(answer.headers.get('allow')?.split(', ')).toContain(target.method)
    }
    const unknown = await fetch(`${server.url}/api/v1/nothing`)
    expect([unknown.status, ((await unknown.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'not_found',
    ])
  })

  test('401 says how to come in; nothing repeats the key', async () => {
    const answer = await fetch(`${server.url}/api/v1/query?query=1`, { headers: { 'x-api-key': 'c'.repeat(64) } })
    expect(await answer.text()).not.toContain('ccc')
    if (state === 'on') expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(server.output()).not.toContain(KEY)
  })
})
