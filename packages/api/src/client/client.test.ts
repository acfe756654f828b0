import { describe, expect, test } from 'vitest'
import { VantageClient } from './client.ts'
import { readLiveMessage } from './live-messages.ts'
import { readTailMessage } from './records.ts'

interface Seen {
  url: string
  method: string
  body: string
}

/** A client whose server gives one answer and writes down what was asked. */
function clientOf(status: number, body: string, headers: Record<string, string> = {}) {
  const seen: Seen = { url: '', method: '', body: '' }
  const client = new VantageClient({
    baseUrl: 'http://server',
    fetch: async (url, init) => {
      Object.assign(seen, { url: String(url), method: init?.method, body: String(init?.body ?? '') })
      return new Response(body, { status, headers })
    },
  })
  return { client, seen }
}

const RANGE = { query: 'up', startMs: 1_000, endMs: 61_000, stepMs: 500 }

describe('a range query', () => {
  test('asks in seconds and reads a matrix', async () => {
    const body = {
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'up', __proto__x: 'y' },
            values: [
              [1, '1'],
              [1.5, 'NaN'],
              [2, '+Inf'],
              [2.5, '-Inf'],
            ],
          },
          { metric: { __name__: 'h' }, histograms: [[1, {}]] },
        ],
        explain: {
          node: 'up',
          kind: 'scan',
          series: 1,
          samples: 4,
          points: 4,
          elapsedMs: 0.5,
          children: [{ node: 'x' }],
        },
      },
      warnings: ['careful', 7],
    }
    const { client, seen } = clientOf(200, JSON.stringify(body))
    const answer = await client.queryRange({ ...RANGE, trace: true })
    expect(seen).toMatchObject({
      url: 'http://server/api/v1/query_range?query=up&start=1&end=61&step=0.5&trace=1',
      method: 'GET',
    })
    if (!answer.ok || answer.value.data.kind !== 'matrix') throw new Error('want a matrix')
    expect([...(answer.value.data.series[0]?.values ?? [])]).toEqual([1, Number.NaN, Infinity, -Infinity])
    expect(answer.value.data.histogramSeries).toBe(1)
    expect(answer.value.warnings).toEqual(['careful'])
    expect(answer.value.explain).toMatchObject({ kind: 'scan', isFused: false, children: [{ node: 'x', series: 0 }] })
  })

  test('goes as a form where it is long', async () => {
    const { client, seen } = clientOf(200, '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}')
    const answer = await client.queryRange({ ...RANGE, query: 'a'.repeat(5_000) })
    expect(seen.method).toBe('POST')
    expect(seen.url).toBe('http://server/api/v1/query_range')
    expect(seen.body).toContain('query=aaa')
    expect(answer).toMatchObject({ ok: true, value: { data: { kind: 'scalar', value: 2 } } })
  })
})

describe('failures are values', () => {
  const check = (name: string, status: number, body: string, error: object, type = 'application/json') =>
    test(name, async () => {
      const { client } = clientOf(status, body, { 'x-request-id': 'r1', 'content-type': type })
      expect(await client.queryInstant('up', 0)).toMatchObject({ ok: false, error })
    })
  check('prometheus', 400, '{"status":"error","errorType":"bad_data","error":"1:2: parse error"}', {
    code: 'bad_request',
    errorType: 'bad_data',
    message: '1:2: parse error',
    requestId: 'r1',
  })
  check('ours', 422, '{"error":{"code":"unprocessable","message":"no","requestId":"r2"}}', {
    code: 'unprocessable',
    message: 'no',
  })
  check('not JSON', 502, '<html>', { code: 'internal', message: 'HTTP 502', status: 502 }, 'text/html')
  check(
    'plain text',
    400,
    '1:8: parse error\n',
    { code: 'bad_request', message: '1:8: parse error' },
    'text/plain; charset=utf-8',
  )
  check('not JSON but fine', 200, 'hello', { message: 'the answer is not a JSON object' })
  check('a type of result that nobody knows', 200, '{"status":"success","data":{"resultType":"streams"}}', {
    code: 'internal',
  })

  test('no answer at all', async () => {
    const client = new VantageClient({ baseUrl: '', fetch: () => Promise.reject(new TypeError('refused')) })
    expect(await client.stats()).toMatchObject({ ok: false, error: { code: 'unavailable', status: 0 } })
  })

  test('an abort', async () => {
    const client = new VantageClient({ baseUrl: '', fetch: () => Promise.reject(new DOMException('x', 'AbortError')) })
    expect(await client.stats()).toMatchObject({ ok: false, error: { code: 'cancelled' } })
  })
})

describe('how long what is kept comes from the flags of the server', () => {
  const DAY_MS = 86_400_000
  const check = (name: string, storage: Readonly<Record<string, string>>, kept: object) =>
    test(name, async () => {
      const flags = Object.entries(storage).map(([key, value]) => [`storage.${key}`, value])
      const { client, seen } = clientOf(200, JSON.stringify({ status: 'success', data: Object.fromEntries(flags) }))
      const answer = await client.keptPeriods()
      expect(seen.url).toBe('http://server/api/v1/status/flags')
      expect(answer).toMatchObject({ ok: true, value: kept })
    })
  const usual = { retention: String(15 * DAY_MS), retention5m: String(90 * DAY_MS), retention1h: 'undefined' }
  const raw = { ms: 15 * DAY_MS, key: 'storage.retention' }
  check('rows as samples, samples as their longest tier', usual, {
    metrics: { ms: 90 * DAY_MS, key: 'storage.retention5m' },
    logs: raw,
    traces: raw,
  })
  check(
    'rows by periods of their own',
    { ...usual, retentionLogs: String(DAY_MS), retentionTraces: 'Infinity' },
    {
      logs: { ms: DAY_MS, key: 'storage.retentionLogs' },
      traces: { ms: Infinity, key: 'storage.retentionTraces' },
    },
  )
  const filters = [
    { rows: { signal: 'logs', matchers: [], keepMs: 99 * DAY_MS } },
    { rows: { signal: 'spans', matchers: [], keepMs: DAY_MS } },
    { metrics: { matchers: [], keep: { rawMs: null, tierMs: [0, 0] } } },
  ]
  check(
    'a filter may keep some for longer',
    { ...usual, retentionFilters: filters.map((one) => JSON.stringify(one)).join() },
    {
      metrics: { ms: Infinity, key: 'storage.retentionFilters' },
      logs: { ms: 99 * DAY_MS, key: 'storage.retentionFilters' },
      traces: raw,
    },
  )
  check(
    'off is for ever',
    { retention: 'undefined', retentionFilters: '{' },
    {
      metrics: { ms: Infinity },
      logs: { ms: Infinity },
      traces: { ms: Infinity },
    },
  )
})

describe('messages of the live socket', () => {
  const check = (text: string, message: object | undefined) =>
    test(text.slice(0, 40), () => {
      const read = readLiveMessage(text)
      if (message === undefined) expect(read).toBeUndefined()
      else expect(read).toMatchObject(message)
    })
  check('{"type":"error","message":"busy","retry":true}', { type: 'error', message: 'busy', canRetry: true })
  check('{"type":"error","message":"no"}', { type: 'error', message: 'no', canRetry: false })
  check(
    '{"type":"subscribed","id":1,"series":[{"ref":7,"labels":{"a":"b","c":3}}],"backfill":[{"ref":7,"times":[1,2,3],"values":[1,null]}],"truncated":true,"total":9,"nowMs":5}',
    {
      type: 'subscribed',
      series: [{ ref: 7, labels: { a: 'b' } }],
      backfill: [{ ref: 7, timesMs: [1, 2], values: [1, Number.NaN] }],
      total: 9,
      nowMs: 5,
    },
  )
  check('{"type":"gap","dropped":3,"fromMs":1,"toMs":2}', { type: 'gap', dropped: 3 })
  check('{"type":"error","message":"no"}', { type: 'error', message: 'no' })
  check('{"type":"later"}', undefined)
  check('[1]', undefined)
  check('{', undefined)
})

test('changes are asked for in nanoseconds and read without trust', async () => {
  const events = [
    { time: '1700000000500000000', kind: 'deploy', service: 'shop', title: 'shop 2', fields: { version: '2', n: 7 } },
    'nonsense',
  ]
  const { client, seen } = clientOf(200, JSON.stringify({ events }))
  const answer = await client.events({ startMs: 1_000, endMs: 2_000 }, 'shop', 20)
  expect(seen.url).toBe('http://server/api/vantage/v1/events?start=1000000000&end=2000000000&limit=20&service=shop')
  expect(answer).toEqual({
    ok: true,
    value: [{ timeMs: 1_700_000_000_500, kind: 'deploy', service: 'shop', title: 'shop 2', fields: { version: '2' } }],
  })
  await client.events({ startMs: 0, endMs: 1 }, undefined, 1)
  expect(seen.url).not.toContain('service')
})

test('what is different comes as values, ranges and shares', async () => {
  const shares = { selection: { share: 0.9 }, baseline: { share: 0.1 } }
  const differences = [
    { attribute: 'span.region', value: 'b', ...shares },
    { attribute: 'span.size', from: 10, to: 20, ...shares },
    { attribute: 'span.ok', value: false, selection: {}, baseline: {} },
  ]
  const counts = { selection: { count: 7 }, baseline: { count: 9 }, cuts: [{ message: 'some of more' }] }
  const { client, seen } = clientOf(200, JSON.stringify({ differences, ...counts }))
  const question = { signal: 'spans', query: '{ status = error }', scope: '{ }', startMs: 1, endMs: 2 } as const
  const answer = await client.difference({ ...question, baseline: { startMs: 5, endMs: 9 } }, 3)
  const asked = new URL(seen.url).searchParams
  expect(['scope', 'baseline', 'aroundStart', 'aroundEnd'].map((name) => asked.get(name))).toEqual([
    '{ }',
    'around',
    '5000000',
    '9000000',
  ])
  expect(answer).toMatchObject({ ok: true, value: { selected: 7, others: 9, cuts: ['some of more'] } })
  expect(
    answer.ok && answer.value.rows.map(({ attribute, value, ...rest }) => [attribute, value, ...Object.values(rest)]),
  ).toEqual([
    ['span.region', 'b', 0.9, 0.1],
    ['span.size', '10 … 20', 0.9, 0.1],
    ['span.ok', 'false', 0, 0],
  ])
})

test('the structure of a trace becomes columns; what is missing counts as nothing', async () => {
  const body = {
    traceId: 'ab',
    startNs: '1700000000000000001',
    count: 2,
    names: ['a', 7],
    services: ['s'],
    spanIds: `${'1'.repeat(16)}${'2'.repeat(16)}`,
    parents: [-1, -2],
    missing: { 1: 'f'.repeat(16) },
    starts: [0, 1_500_000],
    durations: [2_000_000],
    errors: [1],
    events: [1, 500_000],
  }
  const { client, seen } = clientOf(200, JSON.stringify(body))
  const answer = await client.traceColumns('a/b')
  expect(seen.url).toBe('http://server/api/vantage/v1/traces/a%2Fb/structure')
  expect(answer.ok && answer.value).toMatchObject({
    startNs: 1_700_000_000_000_000_001n,
    count: 2,
    names: ['a'],
    parents: Int32Array.of(-1, -2),
    missing: new Map([[1, 'f'.repeat(16)]]),
    nameOf: new Int32Array(2),
    startMs: Float64Array.of(0, 1.5),
    durationMs: Float64Array.of(2, 0),
    isError: Uint8Array.of(0, 1),
    eventPlaces: Int32Array.of(1),
    eventMs: Float64Array.of(0.5),
    isEventsCut: false,
  })
})

test('dashboards are listed without trust, and come as they are', async () => {
  const entry = { id: 'host', title: 'Host', description: 'd', tags: ['a'], panels: 3, isBuiltIn: true }
  const list = clientOf(
    200,
    JSON.stringify({ dashboards: [entry, { id: 7 }], refused: [{ file: 'x', message: 'y' }, 1] }),
  )
  expect(await list.client.dashboards()).toEqual({
    ok: true,
    value: { dashboards: [entry], refused: [{ file: 'x', message: 'y' }] },
  })
  const one = clientOf(200, '{"version":1}')
  expect(await one.client.dashboard('a b')).toEqual({ ok: true, value: { version: 1 } })
  expect(one.seen).toMatchObject({ method: 'GET', url: 'http://server/api/vantage/v1/dashboards/a%20b' })
})

test('views are listed, saved, replaced and deleted', async () => {
  const view = { id: 'v 1', name: 'mine', path: '/map', search: 'a=1', createdMs: 1, updatedMs: 2 }
  const list = clientOf(200, JSON.stringify({ views: [view, 'nonsense', { id: 7 }] }))
  expect(await list.client.savedViews()).toEqual({
    ok: true,
    value: [view],
  })
  expect(list.seen).toMatchObject({ method: 'GET', url: 'http://server/api/vantage/v1/views' })
  const draft = { name: 'mine', path: '/map', search: 'a=1' }
  const one = clientOf(201, JSON.stringify(view))
  expect(await one.client.saveView(draft, undefined)).toEqual({ ok: true, value: view })
  expect(one.seen).toMatchObject({
    method: 'POST',
    url: 'http://server/api/vantage/v1/views',
    body: JSON.stringify(draft),
  })
  await one.client.saveView(draft, 'v 1')
  expect(one.seen).toMatchObject({ method: 'PUT', url: 'http://server/api/vantage/v1/views/v%201' })
  expect(await one.client.deleteView('v 1')).toEqual({ ok: true, value: true })
  expect(one.seen).toMatchObject({ method: 'DELETE', url: 'http://server/api/vantage/v1/views/v%201', body: '' })
  const refused = clientOf(409, '{"error":{"code":"conflict","message":"name: there is one"}}')
  expect(await refused.client.saveView(draft, undefined)).toMatchObject({
    ok: false,
    error: { code: 'conflict', message: 'name: there is one' },
  })
})

describe('logs and traces', () => {
  test('patterns, fields and figures; what is missing is left out', async () => {
    const range = { query: '{a="b"}', startMs: 0, endMs: 60_000 }
    const patterns = { data: [{ pattern: 'pay <_>', level: 'warn', samples: [[5, 2], 'x'] }, 7] }
    const one = clientOf(200, JSON.stringify(patterns))
    expect((await one.client.logPatterns(range, 5_000)).ok && one.seen.url).toContain('/loki/api/v1/patterns?query=')
    expect(await one.client.logPatterns(range, 5_000)).toEqual({
      ok: true,
      value: [{ pattern: 'pay <_>', level: 'warn', samples: [{ timeMs: 5_000, count: 2 }] }],
    })
    const fields = clientOf(200, '{"fields":[{"label":"items","type":"int","cardinality":3,"parsers":["json"]}]}')
    expect(await fields.client.logFields(range, 10)).toEqual({
      ok: true,
      value: [{ label: 'items', type: 'int', cardinality: 3, parsers: ['json'] }],
    })
    const figures = clientOf(200, '{"series":[{"labels":[{"key":"p","value":{"doubleValue":0.5}}],"value":2}]}')
    expect(await figures.client.traceMetric('{} | rate()', range)).toEqual({
      ok: true,
      value: [{ labels: { p: '0.5' }, value: 2 }],
    })
    const tags = clientOf(200, '{"scopes":[{"name":"span","tags":["b","a"]},{"name":"event","tags":["x"]}]}')
    expect(await tags.client.traceFields(range)).toEqual({ ok: true, value: ['span.a', 'span.b'] })
  })

  test('a message of a followed query; what is no JSON has no lines', () => {
    const message = '{"streams":[{"stream":{"a":"b"},"values":[["1","x"],["3","y"]]}],"dropped_entries":[{}]}'
    expect(readTailMessage(message)).toEqual({
      lines: [
        { timeNs: 3n, line: 'y', labels: { a: 'b' } },
        { timeNs: 1n, line: 'x', labels: { a: 'b' } },
      ],
      dropped: 1,
    })
    expect(readTailMessage('<html>')).toEqual({ lines: [], dropped: 0 })
  })

  test('groups of exceptions', async () => {
    const group = {
      fingerprint: 'f',
      type: 'T',
      count: 2,
      firstNs: '1500000000',
      lastNs: '2500000000',
      services: [{ service: 's', count: 2 }],
      from: { spans: 1, logs: 1 },
      trend: [0, 2],
      newest: { message: 'm', traceId: 't' },
    }
    const { client } = clientOf(200, JSON.stringify({ exceptions: [group], found: 9, cuts: [{ message: 'cut' }] }))
    const answer = await client.exceptions({ startMs: 0, endMs: 1 }, 's', 5)
    expect(answer.ok && answer.value).toMatchObject({
      groups: [{ fingerprint: 'f', firstMs: 1_500, lastMs: 2_500, ofSpans: 1, trend: [0, 2], stacktrace: '' }],
      found: 9,
      cuts: ['cut'],
    })
  })
})
