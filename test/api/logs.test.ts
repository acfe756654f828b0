import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

function atNs(seconds: number): string {
  return `${BASE_MS + seconds * 1000}000000`
}

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const values = Array.from({ length: 120 }, (_, i) => {
    const line = `level=${i % 4 === 0 ? 'error' : 'info'} msg="order ${i}" took=${i}ms`
    return i % 10 === 0 ? [atNs(i), line, { trace_id: TRACE_ID, user: 'u1' }] : [atNs(i), line]
  })
  const streams = [
    { stream: { app: 'shop', pod: 'a' }, values },
    { stream: { app: 'db', pod: 'a' }, values: [[atNs(5), '{"level":"warn","rows":7}']] },
  ]
  const pushed = await fetch(`${server.url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ streams }),
  })
  expect(pushed.status).toBe(204)
  const record = {
    timeUnixNano: atNs(30),
    severityNumber: 17,
    severityText: 'ERROR',
    body: { stringValue: 'card declined' },
    attributes: [{ key: 'user.id', value: { intValue: '42' } }],
    traceId: TRACE_ID,
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] }
  const exported = await fetch(`${server.url}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }),
  })
  expect(exported.status).toBe(200)
})
afterAll(async () => {
  await server.stop()
})

interface LokiAnswer {
  readonly data: { readonly resultType: string; readonly result: never }
}

async function ask(path: string, params: Record<string, string>): Promise<unknown> {
  const answer = await fetch(`${server.url}/loki/api/v1/${path}?${new URLSearchParams(params)}`)
  expect(answer.status).toBe(200)
  return answer.json()
}

async function rangeOf(query: string, more: Record<string, string> = {}): Promise<LokiAnswer['data']> {
  const params = { query, start: atNs(0), end: atNs(120), limit: '1000', step: '30s', ...more }
  return ((await ask('query_range', params)) as LokiAnswer).data
}

async function rowsOf(query: string): Promise<string[]> {
  const { result } = await rangeOf(query, { direction: 'forward' })
  const rows = (result as { values: [string, string][] }[]).flatMap(({ values }) => values)
  return rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line)
}

test('lines that were pushed are found by text, by parsed labels, by metadata', async () => {
  expect(await rowsOf('{app="shop"} |= "order 17"')).toEqual(['level=info msg="order 17" took=17ms'])
  expect(await rowsOf('{app="shop"} | logfmt | took > 117ms')).toHaveLength(2)
  expect(await rowsOf('{app="shop"} | user="u1" | level="error"')).toHaveLength(0)
  expect(await rowsOf('{app="shop"} | user="u1" | logfmt | level="error"')).toHaveLength(6)
  expect(await rowsOf(`{app=~".+"} | trace_id="${TRACE_ID}"`)).toHaveLength(12)
  expect(await rowsOf('{app=~".+"} | json | __error__="" | rows=7')).toEqual(['{"level":"warn","rows":7}'])
})

test('records of OpenTelemetry are rows of a stream of their service', async () => {
  const { result } = await rangeOf('{service_name="cart"} | user_id="42"')
  expect(result).toEqual([
    {
      stream: {
        service_name: 'cart',
        user_id: '42',
        severity_number: '17',
        severity_text: 'ERROR',
        trace_id: TRACE_ID,
        detected_level: 'error',
      },
      values: [[atNs(30), 'card declined']],
    },
  ])
})

test.each([
  ['count_over_time', '[30s]'],
  ['rate', '[1m]'],
  ['bytes_over_time', '[45s]'],
  ['bytes_rate', '[7s]'],
])('%s%s is the same whether rows are counted in the store or read', async (operation, range) => {
  const counted = await rangeOf(`sum by (app) (${operation}({app=~".+"} |= "order" ${range}))`)
  const read = await rangeOf(`sum by (app) (${operation}({app=~".+"} |= "order" |~ "o[r]der" ${range}))`)
  expect(counted).toEqual({ ...read, stats: expect.anything() })
  expect(counted.result).not.toEqual([])
})

test('labels, volumes, patterns and fields', async () => {
  const span = { start: atNs(0), end: atNs(120) }
  expect(await ask('label/app/values', span)).toEqual({ status: 'success', data: ['db', 'shop'] })
  expect(await ask('index/stats', { ...span, query: '{app="shop"}' })).toMatchObject({ streams: 1, entries: 120 })
  const patterns = (await ask('patterns', { ...span, query: '{app="shop"} |= "error"' })) as {
    data: { pattern: string }[]
  }
  expect(patterns.data.map(({ pattern }) => pattern)).toEqual(['level=error msg="order <_>" took=<_>'])
  expect(await rowsOf('{app="shop"} |> `level=error msg="order <_>" took=<_>`')).toHaveLength(30)
  const fields = (await ask('detected_fields', { ...span, query: '{app="shop"}' })) as {
    fields: { label: string; type: string }[]
  }
  expect(fields.fields.find(({ label }) => label === 'took')).toMatchObject({ type: 'duration', parsers: ['logfmt'] })
})

test('what Grafana asks to see whether the source works', async () => {
  const { data } = (await ask('query', { query: 'vector(1)+vector(1)' })) as LokiAnswer
  expect(data).toMatchObject({ resultType: 'vector', result: [{ metric: {}, value: [expect.any(Number), '2'] }] })
})

test('lines of JSON: members are the line, the time, the stream, and fields', async () => {
  const lines = [
    { _time: atNs(40), _msg: 'slow order', app: 'json', level: 'warn', http: { status: 503 }, trace_id: TRACE_ID },
    { _time: new Date(BASE_MS + 41_000).toISOString(), message: 'fast order', app: 'json' },
  ].map((line) => JSON.stringify(line))
  const send = (body: string, query = '') => fetch(`${server.url}/insert/jsonline${query}`, { method: 'POST', body })
  expect((await send(`${lines.join('\n')}\n`, '?_stream_fields=app')).status).toBe(204)
  expect(await rowsOf('{app="json"}')).toEqual(['slow order', 'fast order'])
  const { result } = await rangeOf('{app="json"} | http_status >= 500')
  expect(result).toMatchObject([
    {
      stream: { app: 'json', detected_level: 'warn', level: 'warn', trace_id: TRACE_ID },
      values: [[atNs(40), 'slow order']],
    },
  ])
  const refused = await send(`{"_msg":"a"\n{"_msg":"kept","service":"lines","_time":"${atNs(42)}"}`)
  expect([refused.status, await refused.text()]).toEqual([
    400,
    'some lines were refused, the others are stored: line 1: want a JSON object in each line, nested at most 64 deep (1 refused)\n',
  ])
  expect(await rowsOf('{service_name="lines"}')).toEqual(['kept'])
})

test('an array of JSON: the path names the stream, what is refused is counted', async () => {
  const send = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return [answer.status, await answer.json()]
  }
  const at = Date.now()
  const rows = [
    { log: 'array one', _timestamp: at * 1000, level: 'warn', http: { status: 500 } },
    { log: 'array two', time: 'soon' },
    { log: 'array three', service: 'cart' },
  ]
  expect(await send('/default/orders/_json', rows)).toEqual([
    200,
    {
      code: 200,
      status: [{ name: 'orders', successful: 2, failed: 1, error: expect.stringMatching(/^object 2: time: want/) }],
    },
  ])
  expect(await send('/api/default/orders/_json', { log: 'array four' })).toEqual([
    200,
    { code: 200, status: [{ name: 'orders', successful: 1, failed: 0 }] },
  ])
  const query = '{stream="orders"} |= "array"'
  const found = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams({ query })}`)
  const { data } = (await found.json()) as {
    data: { result: { stream: Record<string, string>; values: [string, string][] }[] }
  }
  const lines = data.result.flatMap(({ stream, values }) =>
    values.map(([time, line]) => [line, stream['service_name'], stream['http_status'], time]),
  )
  expect(lines.toSorted()).toEqual([
    ['array four', 'orders', undefined, expect.any(String)],
    ['array one', 'orders', '500', `${at}000000`],
    ['array three', 'cart', undefined, expect.any(String)],
  ])
})

test('deploys and other changes: posted, or seen as another service.version', async () => {
  const post = (body: unknown) =>
    fetch(`${server.url}/api/vantage/v1/events`, { method: 'POST', body: JSON.stringify(body) })
  const deploy = { service: 'till', version: '2.0', time: atNs(60), url: 'https://ci/7', attributes: { commit: 'abc' } }
  expect((await post([deploy, { title: 'flag on', time: atNs(61) }])).status).toBe(204)
  const refused = await post({ kind: 'Deploy!' })
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/event 0: kind: want a word/)])
  const spanOf = (version: string, seconds: number) => ({
    resource: {
      attributes: [
        { key: 'service.name', value: { stringValue: 'pay' } },
        { key: 'service.version', value: { stringValue: version } },
      ],
    },
    scopeSpans: [{ spans: [{ traceId: TRACE_ID, spanId: '00f067aa0ba902b7', startTimeUnixNano: atNs(seconds) }] }],
  })
  for (const resourceSpans of [[spanOf('1', 70)], [spanOf('2', 80)], [spanOf('1', 81), spanOf('2', 82)]]) {
    const body = JSON.stringify({ resourceSpans })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${server.url}/v1/traces`, { method: 'POST', headers, body })).status).toBe(200)
  }
  const events = async (params: Record<string, string>) => {
    const answer = await fetch(`${server.url}/api/vantage/v1/events?${new URLSearchParams({ since: '1h', ...params })}`)
    return ((await answer.json()) as { events: unknown[] }).events
  }
  await expect.poll(() => events({})).toHaveLength(3)
  expect(await events({})).toEqual([
    {
      time: atNs(80),
      kind: 'deploy',
      service: 'pay',
      title: 'pay 1 → 2',
      fields: { version: '2', previous_version: '1', source: 'seen' },
    },
    {
      time: atNs(61),
      kind: 'change',
      service: 'unknown_service',
      title: 'flag on',
      fields: { source: 'posted' },
    },
    {
      time: atNs(60),
      kind: 'deploy',
      service: 'till',
      title: 'deploy till 2.0',
      fields: { version: '2.0', url: 'https://ci/7', commit: 'abc', source: 'posted' },
    },
  ])
  expect(await events({ service: 'till', kind: 'deploy', limit: '1' })).toHaveLength(1)
  expect(await rowsOf('{event="deploy", service_name="pay"}')).toEqual(['pay 1 → 2'])
})

test('rows and spans too far ahead are refused one by one, in the way of their door', async () => {
  const farNs = `${Date.now() + 700_000}000000`
  const post = async (path: string, body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return [answer.status, await answer.text()]
  }
  const said = expect.stringMatching(/limits\.maxFuture: 10m/)
  const values = [
    [farNs, 'far'],
    [atNs(90), 'near'],
  ]
  expect(await post('/loki/api/v1/push', { streams: [{ stream: { app: 'clock' }, values }] })).toEqual([400, said])
  expect(await rowsOf('{app="clock"}')).toEqual(['near'])
  const logRecords = [{ timeUnixNano: farNs }, { timeUnixNano: atNs(91) }]
  expect(await post('/v1/logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })).toEqual([
    200,
    expect.stringMatching(/"rejectedLogRecords":"1".*limits\.maxFuture/),
  ])
  const ids = { traceId: TRACE_ID, spanId: '00f067aa0ba902b9' }
  const spans = [{ ...ids, startTimeUnixNano: farNs }]
  expect(await post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })).toEqual([
    200,
    expect.stringMatching(/"rejectedSpans":"1"/),
  ])
  expect(await post('/api/v2/spans', [{ ...ids, id: ids.spanId, timestamp: Number(farNs.slice(0, -3)) }])).toEqual([
    400,
    said,
  ])
})

test('the name of an event is structured metadata', async () => {
  const logRecords = [{ timeUnixNano: atNs(95), eventName: 'page.view', body: { stringValue: 'viewed' } }]
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
  expect((await fetch(`${server.url}/v1/logs`, { method: 'POST', headers, body })).status).toBe(200)
  expect(await rowsOf('{service_name="unknown_service"} | event_name="page.view"')).toEqual(['viewed'])
  const { result } = await rangeOf(
    'sum by (event_name) (count_over_time({service_name="unknown_service"} | event_name="page.view" [2m]))',
  )
  expect(result).toMatchObject([{ metric: { event_name: 'page.view' } }])
})
