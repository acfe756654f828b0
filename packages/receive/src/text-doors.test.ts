import { request as httpRequest } from 'node:http'
import { gzipSync } from 'node:zlib'
import {
  type Clock,
  err,
  fault,
  labelsFromRecord,
  METRIC_NAME,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
} from '@vantage/model'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import type { IntakeAccepted } from './intake.ts'
import { figure, ONE_SAMPLE, type TestOptions, type TestReception, testReception } from './testing/reception.ts'
import { openTextDoors } from './text-doors.ts'
import type { TextCodec, TextSeries } from './text-doors-codec.ts'
import { REWRITTEN_SAMPLES_MAX } from './text-doors-import.ts'
import { PUSH_SAMPLES_MAX } from './text-doors-push.ts'

const KEY = 'k'.repeat(32)
const KEYS = [
  { key: KEY, tenant: 'default', scopes: ['metrics:write' as const] },
  { key: 'r'.repeat(32), tenant: 'default', scopes: ['metrics:read' as const] },
]

/** A text of `name value` lines, so that a test reads what a push passes on; `=` is a time of its own. */
const LINE_CODEC: TextCodec = {
  read: async (body, length, { labels, samplesMax, timeMs, takesTimes }) => {
    const lines = Buffer.from(body.subarray(0, length))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
    if (lines.length > samplesMax) return err(fault('too_large', `want at most ${samplesMax} samples`))
    const series: TextSeries[] = []
    for (const line of lines) {
      const [name = '', value = '', time] = line.split(' ')
      if (value === '' || (time !== undefined && !takesTimes)) return err(fault('bad_request', `bad ${line}`))
      const record = { ...Object.fromEntries(labels), [METRIC_NAME]: name }
      series.push({
        labels: labelsFromRecord(record),
        times: [time === undefined ? timeMs : Number(time)],
        values: Float64Array.of(Number(value)),
      })
    }
    return ok({ series, metadata: [], refused: [], warnings: [] })
  },
  readJsonLines: () => Promise.reject(new Error('no JSON lines come here')),
  readEvents: () => err(fault('bad_request', 'no events come here')),
  readExecutions: () => Promise.reject(new Error('no executions come here')),
  sampleExecutions: () => new Uint8Array(0),
  encode: (series) =>
    Buffer.from(series.map(({ labels, times, values }) => `${labels.join()} ${values[0]} ${times[0]}`).join('\n')),
}

let apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  apps = []
})

async function open(options: TestOptions = {}): Promise<TestReception & { port: number }> {
  const test = testReception(options)
  const app = Fastify({ forceCloseConnections: true, routerOptions: { ignoreTrailingSlash: true } })
  openTextDoors(test.reception, LINE_CODEC).register(app)
  apps.push(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(test, { port: Number(new URL(url).port) })
}

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

function send(port: number, path: string, { method = 'POST', headers = {}, body = '' }: Sent = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.end(body)
  })
}

const PATHS = ['/write', '/api/v2/write', '/influx/write', '/api/v1/import/prometheus', '/metrics/job/j']

describe('every text door', () => {
  test.each(PATHS)('%s: the checks come in order, and say what is wrong', async (path) => {
    const door = await open({ keys: KEYS, limits: { maxBodyBytes: 10, maxUrlBytes: 100 } })
    const key = { 'x-api-key': KEY }
    expect((await send(door.port, path)).status).toBe(401)
    expect((await send(door.port, path, { headers: { 'x-api-key': 'r'.repeat(32) } })).status).toBe(403)
    expect(
      (await send(door.port, `${path}${path.includes('job') ? '/x/' : '?'}${'x'.repeat(100)}`, { headers: key }))
        .status,
    ).toBe(400)
    expect((await send(door.port, path, { method: 'PATCH', headers: key })).headers['allow']).toContain('POST')
    expect((await send(door.port, path, { headers: { ...key, 'content-encoding': 'br' }, body: 'a' })).status).toBe(415)
    expect(
      (await send(door.port, path, { headers: { ...key, 'content-type': 'application/x-protobuf' } })).status,
    ).toBe(415)
    expect((await send(door.port, path, { headers: key, body: 'x'.repeat(11) })).status).toBe(413)
    expect(door.submitted).toEqual([])
    expect((await send(door.port, path, { headers: key, body: 'metric 123' })).status).toBeLessThan(300)
    expect(door.submitted).toHaveLength(1)
    expect(door.submitted[0]?.sender).toMatch(/^key [0-9a-f]{8}$/)
    for (const [phase, pressure] of [
      ['starting', 0],
      ['draining', 0],
      ['ready', 1],
    ] as const) {
      Object.assign(door, { phase, pressure })
      const refused = await send(door.port, path, { headers: key, body: 'a 1' })
      expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true])
    }
    expect(figure(door.reception.registry, 'vantage_inflight_bytes')).toBe(0)
  })

  test.each(PATHS)('%s: a bug answers 500 and gives everything back', async (path) => {
    const door = await open()
    door.submit = async () => {
      throw new Error('broken')
    }
    expect((await send(door.port, path, { body: 'a 1' })).status).toBe(500)
    expect(figure(door.reception.registry, 'vantage_inflight_bytes')).toBe(0)
  })

  test('credentials in the forms of these clients', async () => {
    const door = await open({ keys: KEYS })
    const basic = `Basic ${Buffer.from(`user:${KEY}`).toString('base64')}`
    for (const authorization of [`Token ${KEY}`, `Bearer ${KEY}`, basic]) {
      expect((await send(door.port, '/write', { headers: { authorization }, body: 'a v=1' })).status).toBe(204)
    }
    expect((await send(door.port, '/write', { headers: { authorization: 'Token wrong' } })).status).toBe(401)
  })
})

describe('InfluxDB', () => {
  const precisions: readonly (readonly [string, number])[] = [
    ['', PAYLOAD_FORMATS.influxNs],
    ['?precision=n', PAYLOAD_FORMATS.influxNs],
    ['?precision=ns', PAYLOAD_FORMATS.influxNs],
    ['?precision=u', PAYLOAD_FORMATS.influxUs],
    ['?precision=us', PAYLOAD_FORMATS.influxUs],
    ['?db=x&precision=ms', PAYLOAD_FORMATS.influxMs],
    ['?precision=s&org=o', PAYLOAD_FORMATS.influxS],
    ['?precision=m', PAYLOAD_FORMATS.influxM],
    ['?precision=h', PAYLOAD_FORMATS.influxH],
  ]
  test.each(precisions)('/write%s is format %i, kept as sent', async (query, format) => {
    const door = await open()
    const packed = gzipSync('m v=1')
    const answer = await send(door.port, `/write${query}`, { headers: { 'content-encoding': 'gzip' }, body: packed })
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(door.submitted).toMatchObject([{ receiver: 'influx', format, encoding: PAYLOAD_ENCODINGS.gzip }])
    expect(door.submitted[0]?.raw.equals(packed)).toBe(true)
    expect(door.submitted[0]?.body.toString()).toBe('m v=1')
  })

  test('an unknown precision and a partial write', async () => {
    const door = await open()
    expect((await send(door.port, '/write?precision=day')).status).toBe(400)
    const refused = [{ reason: 'invalid_value' as const, count: 2, message: 'line 3: want a field' }]
    door.submit = async () => ok({ ...ONE_SAMPLE, refused } satisfies IntakeAccepted)
    const answer = await send(door.port, '/write', { body: 'x' })
    const message = 'partial write: line 3: want a field (2 refused)'
    expect([answer.status, JSON.parse(answer.text)]).toEqual([400, { code: 'invalid', message, error: message }])
    expect(
      figure(door.reception.registry, 'vantage_discarded_items_total', {
        signal: 'metrics',
        reason: 'invalid_value',
        tenant: 'default',
      }),
    ).toBe(2)
  })

  test('what clients ask before they write', async () => {
    const door = await open({ keys: KEYS })
    expect((await send(door.port, '/ping', { method: 'GET' })).status).toBe(204)
    expect((await send(door.port, '/ping', { method: 'HEAD' })).headers['x-influxdb-version']).toBe('1.8.10')
    const headers = { authorization: `Token ${KEY}`, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await send(door.port, '/query', { body: 'q=CREATE+DATABASE+x' })).status).toBe(401)
    expect((await send(door.port, '/query', { headers, body: 'q=CREATE+DATABASE+x' })).text).toBe(
      '{"results":[{"statement_id":0}]}',
    )
    expect((await send(door.port, '/query?q=create%20database%20x', { headers })).status).toBe(200)
    expect((await send(door.port, '/query', { headers, body: 'q=DROP+DATABASE+x' })).status).toBe(400)
    expect((await send(door.port, '/query', { headers, body: `q=${'x'.repeat(70_000)}` })).status).toBe(400)
  })
})

describe('import', () => {
  test('without parameters the text goes on as it came', async () => {
    const door = await open()
    await send(door.port, '/api/v1/import/prometheus', { body: 'a 1' })
    await send(door.port, '/api/v1/import/prometheus', {
      headers: { 'content-type': 'application/openmetrics-text' },
      body: 'a 1',
    })
    expect(door.submitted.map(({ format }) => format)).toEqual([
      PAYLOAD_FORMATS.prometheusText,
      PAYLOAD_FORMATS.openMetricsText,
    ])
  })

  test('with parameters it is rewritten, in records of 5 000 samples', async () => {
    const door = await open()
    const body = 'a 1\n'.repeat(5_001)
    expect((await send(door.port, '/api/v1/import/prometheus?timestamp=7&extra_label=x=y', { body })).status).toBe(204)
    expect(door.submitted.map((one) => one.body.toString().split('\n').length)).toEqual([5_000, 1])
    expect(door.submitted[1]?.body.toString()).toBe('__name__,a,x,y 1 7')
  })

  test('samples that must be rewritten are bounded', async () => {
    const door = await open()
    const path = '/api/v1/import/prometheus?extra_label=x=y'
    expect((await send(door.port, path, { body: 'a 1\n'.repeat(REWRITTEN_SAMPLES_MAX) })).status).toBe(204)
    expect((await send(door.port, path, { body: 'a 1\n'.repeat(REWRITTEN_SAMPLES_MAX + 1) })).status).toBe(413)
  })

  const bad = ['timestamp=now', 'timestamp=1.5', 'extra_label=x', 'extra_label==y', `${'extra_label=x=y&'.repeat(33)}`]
  test.each(bad)('refuses ?%.40s', async (query) => {
    const door = await open()
    expect((await send(door.port, `/api/v1/import/prometheus?${query}`, { body: 'a 1' })).status).toBe(400)
    expect(door.submitted).toEqual([])
  })
})

describe('Pushgateway', () => {
  let nowMs = 1_000
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() }
  const last = (door: TestReception) => door.submitted.at(-1)?.body.toString().split('\n')

  test('what a replacement or deletion ends gets a stale marker; times of a group ascend', async () => {
    nowMs = 1_000
    const door = await open({ clock })
    const path = '/metrics/job/j'
    await send(door.port, path, { method: 'PUT', body: 'a 1\nb 2' })
    expect(last(door)).toEqual([
      '__name__,a,job,j 1 1000',
      '__name__,b,job,j 2 1000',
      '__name__,push_time_seconds,job,j 1 1000',
      '__name__,push_failure_time_seconds,job,j 0 1000',
    ])
    await send(door.port, path, { method: 'PUT', body: 'a 3' })
    expect(last(door)?.filter((line) => !line.includes('push_'))).toEqual([
      '__name__,a,job,j 3 1001',
      '__name__,b,job,j NaN 1001',
    ])
    await send(door.port, path, { method: 'POST', body: 'c 4' })
    expect(last(door)?.filter((line) => !line.includes('push_'))).toEqual(['__name__,c,job,j 4 1002'])
    nowMs = 5_000
    expect((await send(door.port, path, { method: 'DELETE' })).status).toBe(202)
    expect(last(door)?.sort()).toEqual([
      '__name__,a,job,j NaN 5000',
      '__name__,c,job,j NaN 5000',
      '__name__,push_failure_time_seconds,job,j NaN 5000',
      '__name__,push_time_seconds,job,j NaN 5000',
    ])
    const count = door.submitted.length
    expect((await send(door.port, path, { method: 'DELETE' })).status).toBe(202)
    expect(door.submitted).toHaveLength(count)
  })

  test('a push that the store refused leaves the group as it was', async () => {
    const door = await open({ clock })
    await send(door.port, '/metrics/job/j', { method: 'PUT', body: 'a 1' })
    door.submit = async () => err(fault('unavailable', 'disk', { retryAfterSeconds: 30 }))
    expect((await send(door.port, '/metrics/job/j', { method: 'PUT', body: 'b 1' })).status).toBe(503)
    door.submit = async () => ok(ONE_SAMPLE)
    await send(door.port, '/metrics/job/j', { method: 'DELETE' })
    expect(last(door)?.some((line) => line.startsWith('__name__,a,'))).toBe(true)
  })

  test('the number of samples is bounded', async () => {
    const door = await open({ clock })
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `m${i} 1`).join('\n')
    expect((await send(door.port, '/metrics/job/j', { body: lines(PUSH_SAMPLES_MAX) })).status).toBe(200)
    expect((await send(door.port, '/metrics/job/j', { body: lines(PUSH_SAMPLES_MAX + 1) })).status).toBe(413)
  })

  const paths: readonly (readonly [string, number])[] = [
    ['/metrics/job/j/', 200],
    ['/metrics/job/j/a/b/c/d', 200],
    ['/metrics/job/j/a/', 400],
    ['/metrics/job/j/a', 400],
    ['/metrics/job//a/b', 400],
    ['/metrics/job/j/job/x', 400],
    ['/metrics/job/j/a/b/a/c', 400],
    ['/metrics/job/j/a%20b/c', 400],
    ['/metrics/job/%ff', 400],
    ['/metrics/job@base64/!!', 400],
    ['/metrics/job@base64/_w', 400],
    ['/metrics/job@base64/=', 400],
    ['/metrics/job@base64/ag/x@base64/=', 200],
    [`/metrics/job/${'j'.repeat(2_000)}`, 200],
    [`/metrics/job/j${Array.from({ length: 31 }, (_, i) => `/l${i}/v`).join('')}`, 200],
    [`/metrics/job/j${Array.from({ length: 32 }, (_, i) => `/l${i}/v`).join('')}`, 400],
  ]
  test.each(paths)('%s answers %i', async (path, status) => {
    const door = await open({ clock })
    expect((await send(door.port, path, { body: 'a 1' })).status).toBe(status)
  })
})
