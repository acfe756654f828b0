import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** A whole second, so that the answers are short to write. */
const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const BASE = BASE_MS / 1000

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const points = Array.from({ length: 11 }, (_, i) => [BASE_MS + i * 15_000, i * 10] as const)
  await remoteWrite(server.url, [
    series({ __name__: 'requests_total', code: '200', job: 'api' }, points),
    series({ __name__: 'requests_total', code: '500', job: 'api' }, points),
    series({ __name__: 'my.utf8', job: 'api' }, points),
  ])
})
afterAll(async () => {
  await server.stop()
})

async function get(path: string, params: Record<string, string | string[]> = {}, method = 'GET') {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) search.append(name, one)
  const answer =
    method === 'GET'
      ? await fetch(`${server.url}${path}?${search}`)
      : await fetch(`${server.url}${path}`, { method, body: search })
  const body = (await answer.json()) as {
    status: string
    data: never
    error: string
    errorType: string
    warnings?: string[]
  }
  return { status: answer.status, body }
}

describe('answers', () => {
  const cases: [string, string, Record<string, string | string[]>, unknown][] = [
    [
      'instant vector',
      '/api/v1/query',
      { query: 'requests_total{code="200"}', time: String(BASE + 150) },
      {
        resultType: 'vector',
        result: [{ metric: { __name__: 'requests_total', code: '200', job: 'api' }, value: [BASE + 150, '100'] }],
      },
    ],
    ['scalar', '/api/v1/query', { query: '1+1', time: String(BASE) }, { resultType: 'scalar', result: [BASE, '2'] }],
    [
      'string',
      '/api/v1/query',
      { query: '"häß"', time: String(BASE) },
      { resultType: 'string', result: [BASE, 'häß'] },
    ],
    [
      'matrix',
      '/api/v1/query_range',
      { query: 'sum(rate(requests_total[1m]))', start: String(BASE + 60), end: String(BASE + 90), step: '30' },
      {
        resultType: 'matrix',
        result: [
          {
            metric: {},
            values: [
              [BASE + 60, '1.3333333333333333'],
              [BASE + 90, '1.3333333333333333'],
            ],
          },
        ],
      },
    ],
    [
      'scalar over a range',
      '/api/v1/query_range',
      { query: '2', start: String(BASE), end: String(BASE), step: '1' },
      { resultType: 'matrix', result: [{ metric: {}, values: [[BASE, '2']] }] },
    ],
    [
      'series',
      '/api/v1/series',
      { 'match[]': ['requests_total{code="500"}', '{code="500"}'] },
      [{ __name__: 'requests_total', code: '500', job: 'api' }],
    ],
    ['labels', '/api/v1/labels', {}, ['__name__', 'code', 'job']],
    ['label values', '/api/v1/label/code/values', {}, ['200', '500']],
    ['label values of a selector', '/api/v1/label/__name__/values', { 'match[]': '{job="api",code=""}' }, ['my.utf8']],
    ['format', '/api/v1/format_query', { query: 'sum  (x)by( a)' }, 'sum by (a) (x)'],
    ['limit', '/api/v1/labels', { limit: '1' }, ['__name__']],
    [
      'RFC 3339',
      '/api/v1/query',
      { query: '1', time: new Date(BASE_MS).toISOString() },
      { resultType: 'scalar', result: [BASE, '1'] },
    ],
  ]
  test.each(cases)('%s', async (_name, path, params, data) => {
    for (const prefix of ['', '/prometheus']) {
      const { status, body } = await get(prefix + path, params)
      expect([status, body.status, body.data]).toEqual([200, 'success', data])
    }
  })

  test('a form body is read as the query string is', async () => {
    const { body } = await get('/api/v1/query', { query: '1', time: String(BASE) }, 'POST')
    expect(body.data).toEqual({ resultType: 'scalar', result: [BASE, '1'] })
  })

  test('trace=1 explains', async () => {
    const { body } = await get('/api/v1/query', { query: 'sum(requests_total)', time: String(BASE + 150), trace: '1' })
    const { explain } = body.data as { explain: { node: string; samples: number; children: unknown[] } }
    expect([explain.node, explain.samples > 0, explain.children.length]).toEqual(['sum(requests_total)', true, 1])
  })

  test('status pages', async () => {
    expect((await get('/api/v1/status/buildinfo')).body.data).toMatchObject({ version: '0.1.0' })
    expect((await get('/api/v1/status/tsdb')).body.data).toMatchObject({ headStats: { numSeries: 3 } })
    expect((await get('/api/v1/status/runtimeinfo')).status).toBe(200)
    expect((await get('/api/v1/parse_query', { query: 'up' })).body.data).toMatchObject({
      type: 'vectorSelector',
      name: 'up',
    })
  })
})

describe('faults', () => {
  const cases: [string, string, Record<string, string>, number, string, RegExp][] = [
    ['parse error', '/api/v1/query', { query: 'sum(' }, 400, 'bad_data', /1:\d+: parse error/],
    ['no query', '/api/v1/query', {}, 400, 'bad_data', /parse error/],
    ['bad time', '/api/v1/query', { query: '1', time: 'yesterday' }, 400, 'bad_data', /"time".*"yesterday"/],
    ['bad step', '/api/v1/query_range', { query: '1', start: '1', end: '2', step: '0' }, 400, 'bad_data', /step/],
    [
      'end before start',
      '/api/v1/query_range',
      { query: '1', start: '2', end: '1', step: '1' },
      400,
      'bad_data',
      /end timestamp/,
    ],
    [
      'more than 11,000 points',
      '/api/v1/query_range',
      { query: '1', start: '0', end: '11000', step: '1' },
      400,
      'bad_data',
      /11000 points.*got 11001/,
    ],
    [
      'matching clash',
      '/api/v1/query',
      { query: 'requests_total + on(job) requests_total', time: String(BASE + 150) },
      422,
      'execution',
      /many-to-many|duplicate/,
    ],
    ['series without match', '/api/v1/series', {}, 400, 'bad_data', /match/],
    ['bad selector', '/api/v1/series', { 'match[]': 'sum(x)' }, 400, 'bad_data', /series selector/],
    ['bad limit', '/api/v1/labels', { limit: '-1' }, 400, 'bad_data', /limit/],
    [
      'deadline',
      '/api/v1/query_range',
      { query: 'requests_total', start: String(BASE), end: String(BASE + 60), step: '15', timeout: '0s' },
      503,
      'timeout',
      /query\.timeout/,
    ],
    ['regular expression', '/api/v1/query', { query: '{a=~"("}' }, 400, 'bad_data', /./],
    ['text over 64 KiB', '/api/v1/format_query', { query: `x${' '.repeat(7000)}` }, 200, '', /./],
  ]
  test.each(cases)('%s', async (_name, path, params, status, errorType, message) => {
    const { status: got, body } = await get(path, params)
    expect(got).toBe(status)
    if (status === 200) return
    expect([body.status, body.errorType]).toEqual(['error', errorType])
    expect(body.error).toMatch(message)
  })

  test('unknown paths are 404 in JSON', async () => {
    const answer = await fetch(`${server.url}/api/v1/nothing`)
    expect(answer.status).toBe(404)
  })
})

describe('plain API', () => {
  test('timeseries, aggregated, services after a JSON batch', async () => {
    const timestamp = Date.now()
    const metrics = [1, 2, 6].map((value, i) => ({
      timestamp: timestamp + i,
      service_name: 'shop',
      metric_name: 'http.request.duration',
      value,
      endpoint: '/pay',
      method: 'POST',
      status_code: 200,
    }))
    const sent = await fetch(`${server.url}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metrics }),
    })
    expect([sent.status, await sent.json()]).toEqual([200, { accepted: 3 }])
    const timeseries = await (await fetch(`${server.url}/api/metrics/timeseries?service=shop&range=60`)).json()
    expect(timeseries).toMatchObject({
      series: [
        {
          metric_name: 'http.request.duration',
          service_name: 'shop',
          labels: { endpoint: '/pay', method: 'POST', status_code: '200' },
          points: metrics.map(({ timestamp: at, value }) => ({ timestamp: at, value })),
        },
      ],
    })
    const aggregated = await (await fetch(`${server.url}/api/metrics/aggregated?service=shop&range=60`)).json()
    expect(aggregated).toMatchObject({ metrics: [{ count: 3, sum: 9, avg: 3, min: 1, max: 6, last: 6 }] })
    expect(await (await fetch(`${server.url}/api/services`)).json()).toEqual({ services: ['shop'] })
  })

  test('a bad range says what it wants', async () => {
    const answer = await fetch(`${server.url}/api/metrics/timeseries?range=-5`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      error: { code: 'bad_request', message: expect.stringMatching(/seconds/) },
    })
  })

  test('health, readiness, own metrics, documents', async () => {
    for (const path of [
      '/-/healthy',
      '/-/ready',
      '/health',
      '/metrics',
      '/docs',
      '/docs.css',
      '/openapi.json',
      '/v1/stats',
    ]) {
      expect([path, (await fetch(`${server.url}${path}`)).status]).toEqual([path, 200])
    }
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^vantage_store_series \d+$/m)
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, unknown> }
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/api/v1/query', '/api/v1/label/{name}/values', '/api/services']),
    )
  })
})
