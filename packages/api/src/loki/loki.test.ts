import { DEFAULT_TENANT, NO_ORIGIN, ok, systemClock } from '@vantage/model'
import { MemoryLogs, unlimitedBudget } from '@vantage/model/testing'
import { followLogql } from '@vantage/query/logql'
import { expect, test } from 'vitest'
import type { ApiAnswer, Route } from '../route.ts'
import { runLogsJob } from './logs-job.ts'
import { LokiApi } from './routes.ts'
import { tailMessage } from './tail.ts'

const NOW_MS = 1_700_000_000_000
const SECOND_NS = 1_000_000_000n
const nowNs = BigInt(NOW_MS) * 1_000_000n

function store(): MemoryLogs {
  const logs = new MemoryLogs()
  const at = (seconds: number): bigint => nowNs - BigInt(seconds) * SECOND_NS
  logs.appendLine(DEFAULT_TENANT, { app: 'web', env: 'prod' }, at(50), 'level=info msg="hello 1" took=20ms', {
    pod: 'a',
  })
  logs.appendLine(DEFAULT_TENANT, { app: 'web', env: 'prod' }, at(40), 'level=error msg="hello 2" took=3s', {
    pod: 'b',
  })
  logs.appendLine(DEFAULT_TENANT, { app: 'db', env: 'prod' }, at(30), '{"level":"warn","rows":7}')
  logs.append(DEFAULT_TENANT, {
    timeNs: at(20),
    origin: {
      ...NO_ORIGIN,
      resource: [
        { key: 'service.name', value: { kind: 'string', value: 'cart' } },
        { key: 'host.name', value: { kind: 'string', value: 'h1' } },
      ],
    },
    body: 'checked out',
    severity: 17,
    severityText: 'ERROR',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    attributes: [{ key: 'user.id', value: { kind: 'int', value: 42n } }],
  })
  return logs
}

const logs = store()
const clock = { ...systemClock, nowMs: () => NOW_MS, monotonicMs: () => 0 }
const api = new LokiApi({
  queries: { ask: async (tenant, job) => runLogsJob(job, tenant, logs, unlimitedBudget, clock) },
  facts: { buildInfo: () => ({ version: '1.2.3' }), flags: () => ({ 'query.maxLogRows': '5000' }) },
  clock,
})

interface Extra {
  readonly encodingFlags?: string
}

/** Asks a path as a server would: finds its route and reads the path's named parts. */
async function ask(pathAndQuery: string, extra: Extra = {}): Promise<unknown> {
  const [path = '', search = ''] = pathAndQuery.split('?')
  for (const route of api.routes()) {
    const named = pathOf(route, `/loki/api/v1/${path}`)
    if (named === undefined) continue
    const request = {
      tenant: DEFAULT_TENANT,
      params: new URLSearchParams(search),
      path: named,
      signal: new AbortController().signal,
      ...extra,
    }
    const answer = await route.handle(request)
    return answer.ok ? bodyOf(answer.value) : `${answer.error.code}: ${answer.error.message}`
  }
  throw new Error(`no route for ${path}`)
}

function pathOf(route: Route, path: string): Record<string, string> | undefined {
  const pattern = new RegExp(`^${route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
  const match = pattern.exec(path)
  return match === null ? undefined : { ...match.groups }
}

function bodyOf({ body }: ApiAnswer): unknown {
  return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body))
}

async function resultOf(pathAndQuery: string, extra: Extra = {}): Promise<unknown> {
  const answer = (await ask(pathAndQuery, extra)) as { data: { resultType: string; result: unknown } }
  return [answer.data.resultType, answer.data.result]
}

function q(query: string): string {
  return encodeURIComponent(query)
}

const T50 = `${(NOW_MS - 50_000) / 1000}000000000`
const T40 = `${(NOW_MS - 40_000) / 1000}000000000`

test('rows are grouped by all their labels, newest first', async () => {
  expect(await resultOf(`query_range?query=${q('{app="web"}')}`)).toEqual([
    'streams',
    [
      {
        stream: { app: 'web', detected_level: 'error', env: 'prod', pod: 'b' },
        values: [[T40, 'level=error msg="hello 2" took=3s']],
      },
      {
        stream: { app: 'web', detected_level: 'info', env: 'prod', pod: 'a' },
        values: [[T50, 'level=info msg="hello 1" took=20ms']],
      },
    ],
  ])
})

test.each([
  ['interval=0s', 2],
  ['interval=5s', 2],
  ['limit=1', 1],
])('%s', async (more, want) => {
  const [, result] = (await resultOf(`query_range?query=${q('{app="web"}')}&${more}`)) as [string, unknown[]]
  expect(result).toHaveLength(want)
})

test('categorized, rows say where their labels come from', async () => {
  const flags = { encodingFlags: 'categorize-labels' }
  const answer = (await ask(`query_range?query=${q('{app="web"} | logfmt took | pod="b"')}`, flags)) as {
    data: { encodingFlags: string[]; result: unknown }
  }
  expect(answer.data.encodingFlags).toEqual(['categorize-labels'])
  expect(answer.data.result).toEqual([
    {
      stream: { app: 'web', detected_level: 'error', env: 'prod', pod: 'b', took: '3s' },
      values: [
        [
          T40,
          'level=error msg="hello 2" took=3s',
          { structuredMetadata: { detected_level: 'error', pod: 'b' }, parsed: { took: '3s' } },
        ],
      ],
    },
  ])
})

test('records of OpenTelemetry have the labels and metadata of Loki', async () => {
  const [, result] = (await resultOf(`query_range?query=${q('{service_name="cart"}')}`)) as [
    string,
    { stream: unknown }[],
  ]
  expect(result[0]?.stream).toEqual({
    service_name: 'cart',
    host_name: 'h1',
    user_id: '42',
    severity_number: '17',
    severity_text: 'ERROR',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    detected_level: 'error',
  })
})

test.each([
  ['vector(1)+vector(1)', 'vector', [{ metric: {}, value: [NOW_MS / 1000, '2'] }]],
  ['2 * 3', 'scalar', [NOW_MS / 1000, '6']],
  ['sum(count_over_time({env="prod"}[1m]))', 'vector', [{ metric: {}, value: [NOW_MS / 1000, '3'] }]],
  [
    'sum by (app) (count_over_time({env="prod"}[1m]))',
    'vector',
    [
      { metric: { app: 'db' }, value: [NOW_MS / 1000, '1'] },
      { metric: { app: 'web' }, value: [NOW_MS / 1000, '2'] },
    ],
  ],
  [
    'sum by (detected_level) (count_over_time({env="prod"} |= "level" [1m]))',
    'vector',
    [
      { metric: { detected_level: 'error' }, value: [NOW_MS / 1000, '1'] },
      { metric: { detected_level: 'info' }, value: [NOW_MS / 1000, '1'] },
      { metric: { detected_level: 'warn' }, value: [NOW_MS / 1000, '1'] },
    ],
  ],
  [
    'max_over_time({app="web"} | logfmt | unwrap duration(took) [1m]) by (env)',
    'vector',
    [{ metric: { env: 'prod' }, value: [NOW_MS / 1000, '3'] }],
  ],
])('instant: %s', async (query, kind, want) => {
  expect(await resultOf(`query?query=${q(query)}`)).toEqual([kind, want])
})

test('a range has a point for each step that has one', async () => {
  const range = `start=${NOW_MS / 1000 - 60}&end=${NOW_MS / 1000}&step=20`
  const times = [60, 40, 20, 0].map((seconds) => NOW_MS / 1000 - seconds)
  expect(await resultOf(`query_range?query=${q('sum(bytes_rate({app="web"}[20s]))')}&${range}`)).toEqual([
    'matrix',
    [{ metric: {}, values: [[times[1], String((34 + 33) / 20)]] }],
  ])
})

test.each([
  ['labels', { status: 'success', data: ['app', 'env', 'service_name'] }],
  [`labels?query=${q('{app="db"}')}`, { status: 'success', data: ['app', 'env'] }],
  ['label/app/values', { status: 'success', data: ['db', 'web'] }],
  [`label/app/values?query=${q('{app=~"w.*"}')}`, { status: 'success', data: ['web'] }],
  ['label/none/values', { status: 'success', data: [] }],
  [
    `series?match[]=${q('{app="db"}')}&match[]=${q('{service_name="cart"}')}`,
    { status: 'success', data: [{ app: 'db', env: 'prod' }, { service_name: 'cart' }] },
  ],
  [`index/stats?query=${q('{env="prod"}')}`, { streams: 2, chunks: 2, bytes: 92, entries: 3 }],
  [
    `index/volume?query=${q('{env="prod"}')}&targetLabels=app`,
    {
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: { app: 'web' }, value: [NOW_MS / 1000, '67'] },
          { metric: { app: 'db' }, value: [NOW_MS / 1000, '25'] },
        ],
      },
    },
  ],
  [
    `index/volume?query=${q('{env="prod"}')}&aggregateBy=labels`,
    {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: { env: '' }, value: [NOW_MS / 1000, '92'] }] },
    },
  ],
  [
    `index/volume_range?query=${q('{app="db"}')}&start=${NOW_MS / 1000 - 60}&end=${NOW_MS / 1000}&step=30`,
    {
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [{ metric: { app: 'db' }, values: [[NOW_MS / 1000 - 30, '25']] }],
      },
    },
  ],
  [
    `patterns?query=${q('{app="web"} |= "info"')}&step=1m`,
    {
      status: 'success',
      data: [{ pattern: 'level=info msg="hello <_>" took=<_>', level: 'info', samples: [[NOW_MS / 1000 - 80, 1]] }],
    },
  ],
  [
    `detected_fields?query=${q('{app="db"}')}`,
    {
      fields: [
        { label: 'detected_level', type: 'string', cardinality: 1, parsers: null },
        { label: 'level', type: 'string', cardinality: 1, parsers: ['json'] },
        { label: 'rows', type: 'int', cardinality: 1, parsers: ['json'] },
      ],
      limit: 1000,
    },
  ],
  [`detected_field/took/values?query=${q('{app="web"}')}`, { values: ['3s', '20ms'], limit: 1000 }],
  [
    'detected_labels',
    {
      detectedLabels: [
        { label: 'app', cardinality: 2 },
        { label: 'env', cardinality: 1 },
        { label: 'service_name', cardinality: 1 },
      ],
    },
  ],
  [`format_query?query=${q('{a="b"}|json')}`, { status: 'success', data: '{a="b"} | json' }],
])('%s', async (path, want) => {
  expect(await ask(path)).toEqual(want)
})

test.each([
  [`query?query=${q('{app="web"}')}`, 'log queries are not supported as an instant query type'],
  [`query_range?query=${q('{app="web"')}`, 'syntax error: unexpected $end'],
  [`query_range?query=${q('{app=~".*"}')}`, 'at least one regexp or equality matcher'],
  ['query_range?query=1&start=yesterday', 'invalid parameter "start"'],
  ['query_range?query=1&start=20&end=10', 'invalid parameter "end"'],
  ['query_range?query=1&limit=0', 'invalid parameter "limit"'],
  ['query_range?query=1&limit=6000', 'invalid parameter "limit"'],
  ['query_range?query=1&direction=up', 'invalid parameter "direction"'],
  ['query_range?query=1&start=0&end=1000000&step=1', 'exceeded maximum resolution'],
  [`labels?query=${q('{')}`, 'syntax error'],
])('refused: %s', async (path, want) => {
  expect(await ask(path)).toContain(want)
})

test('a followed query gives the rows that it wants, as messages', () => {
  const tail = followLogql('{app="web"} | logfmt | level="error"', nowNs)
  if (!tail.ok) throw new Error(tail.error.message)
  const scan = { startNs: 0n, endNs: nowNs, matchers: [], lineFilters: [], direction: 'forward' } as const
  const streams = [...logs.scan(DEFAULT_TENANT, scan, unlimitedBudget)].flatMap((block) => tail.value(block))
  const dropped = [{ timeNs: 5n, labels: ['app', 'web'] }]
  expect(JSON.parse(new TextDecoder().decode(tailMessage(streams, dropped, false)))).toEqual({
    streams: [
      {
        stream: {
          app: 'web',
          env: 'prod',
          pod: 'b',
          detected_level: 'error',
          level: 'error',
          msg: 'hello 2',
          took: '3s',
        },
        values: [[T40, 'level=error msg="hello 2" took=3s']],
      },
    ],
    dropped_entries: [{ timestamp: '5', labels: { app: 'web' } }],
  })
  expect(ok(followLogql('rate({a="b"}[1m])', nowNs).ok)).toEqual(ok(false))
})
