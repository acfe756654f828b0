/** Set: test, 6 s. What Prometheus' own page and Mimir's tools ask beside queries: search, notices, features, parts, steps. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

const NOW_MS = Math.floor(Date.now() / 1000) * 1000
const KEY = 'k'.repeat(32)
const HEADERS = { 'x-api-key': KEY }
const PREFIXES = ['', '/prometheus']
/** A job without targets: what is stored is what the test sends. */
const SCRAPE = `scrape_configs:
  - job_name: shop
    relabel_configs:
      - { source_labels: [__address__], regex: '(.*):(\\d+)', target_label: host, replacement: '$1' }
      - { source_labels: [env], regex: old, action: drop }
      - { action: labeldrop, regex: env }
`

let folder = ''
let server: TestServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantage-face-'))
  await writeFile(join(folder, 'prometheus.yml'), SCRAPE)
  server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_AUTH_ENABLED: 'true',
      API_KEY: KEY,
      VANTAGE_DRAIN_DELAY: '300ms',
      VANTAGE_SCRAPE_CONFIG: join(folder, 'prometheus.yml'),
    },
    config: 'live: { maxNotificationClients: 2 }\nlimits: { maxSeriesPerMetric: 7000 }\n',
  })
  const all = [
    series({ __name__: 'http_requests_total', job: 'api', code: '200' }, [[NOW_MS - 2_000, 1]]),
    series({ __name__: 'http_requests_total', job: 'api', code: '500' }, [[NOW_MS - 2_000, 2]]),
    series({ __name__: 'http_errors_total', job: 'web' }, [[NOW_MS - 2_000, 3]]),
    series({ __name__: 'grpc_http_calls', job: 'web' }, [[NOW_MS - 2_000, 4]]),
    series({ __name__: 'http_old', job: 'old' }, [[NOW_MS - 2 * 3_600_000, 5]]),
  ]
  expect((await remoteWrite(server.url, all, HEADERS)).status).toBe(204)
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

type Params = readonly (readonly [string, string])[]

function ask(path: string, params: Params = [], init: RequestInit = {}): Promise<Response> {
  const query = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]))
  return fetch(`${server.url}${path}?${query}`, { headers: HEADERS, ...init })
}

/** `data` of an answer, the same below both prefixes. */
async function data(path: string, params: Params = []): Promise<unknown> {
  const answers = await Promise.all(
    PREFIXES.map(async (prefix) => (await ask(`${prefix}/api/v1/${path}`, params)).json()),
  )
  expect(answers[1]).toEqual(answers[0])
  expect(answers[0]).toMatchObject({ status: 'success' })
  return (answers[0] as { data: unknown }).data
}

describe('search', () => {
  interface Line {
    readonly results?: readonly { readonly name: string; readonly score?: number }[]
    readonly status?: string
    readonly has_more?: boolean
  }

  async function lines(subject: string, params: Params = [], method = 'GET'): Promise<Line[]> {
    const path = `/api/v1/search/${subject}`
    const body = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]))
    const answer = await (method === 'GET' ? ask(path, params) : ask(path, [], { method, body }))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    return (await answer.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
  }
  const names = async (subject: string, params: Params = []) =>
    (await lines(subject, params)).flatMap(({ results }) => results?.map(({ name }) => name) ?? [])

  test('names come in order, of the last hour, as form or query', async () => {
    const all = ['grpc_http_calls', 'http_errors_total', 'http_requests_total']
    expect(await names('metric_names')).toEqual(all)
    expect(
      await names('metric_names', [
        ['sort_by', 'alpha'],
        ['sort_dir', 'dsc'],
      ]),
    ).toEqual(all.toReversed())
    expect(
      await names('metric_names', [
        ['start', '0'],
        ['search[]', 'old'],
      ]),
    ).toEqual(['http_old'])
    expect(await names('label_names', [['match[]', 'http_errors_total']])).toEqual(['__name__', 'job'])
    expect(await names('label_values', [['label', 'code']])).toEqual(['200', '500'])
    expect(
      await lines(
        'label_values',
        [
          ['label', 'job'],
          ['match[]', '{code="200"}'],
        ],
        'POST',
      ),
    ).toEqual([{ results: [{ name: 'api' }] }, { status: 'success', has_more: false }])
  })

  test('a beginning scores 1, characters in their order by their runs, and a threshold cuts', async () => {
    const scored: Params = [
      ['search[]', 'http'],
      ['sort_by', 'score'],
      ['include_score', 'true'],
    ]
    // One run of four: 16, less 5 / 15 before it and half of 6 / 15 behind it, of 16.
    const inside = (16 - 5 / 15 - 3 / 15) / 16
    expect((await lines('metric_names', scored))[0]?.results).toEqual([
      { name: 'http_errors_total', score: 1 },
      { name: 'http_requests_total', score: 1 },
      { name: 'grpc_http_calls', score: expect.closeTo(inside, 10) },
    ])
    expect(await names('metric_names', [...scored, ['fuzz_threshold', '97']])).toHaveLength(2)
    expect(await names('metric_names', [['search[]', 'hrt']])).toEqual(['http_errors_total', 'http_requests_total'])
    expect(await names('metric_names', [['search[]', 'HTTP']])).toEqual([])
    expect(
      await names('metric_names', [
        ['search[]', 'CALLS'],
        ['search[]', 'errors'],
        ['case_sensitive', 'false'],
      ]),
    ).toEqual(['grpc_http_calls', 'http_errors_total'])
  })

  test('jarowinkler finds parts, and what is alike from a threshold on', async () => {
    const typo: Params = [
      ['search[]', 'htpt_errors_total'],
      ['fuzz_alg', 'jarowinkler'],
    ]
    expect(await names('metric_names', typo)).toEqual([])
    const found = await lines('metric_names', [...typo, ['fuzz_threshold', '95'], ['include_score', 'true']])
    // All 17 characters match, 2 of them swapped: (1 + 1 + 16/17) / 3, and 2 in common at the beginning.
    const jaro = (2 + 16 / 17) / 3
    expect(found[0]?.results).toEqual([
      { name: 'http_errors_total', score: expect.closeTo(jaro + 0.2 * (1 - jaro), 10) },
    ])
    const part = await lines('metric_names', [
      ['search[]', 'http'],
      ['fuzz_alg', 'jarowinkler'],
      ['include_score', '1'],
    ])
    expect(part[0]?.results?.map(({ score }) => score)).toEqual([0.9, 1, 1])
  })

  test('limit and batch_size cut the answer into lines; the last says that there is more', async () => {
    const found = await lines('metric_names', [
      ['limit', '2'],
      ['batch_size', '1'],
    ])
    expect(found).toEqual([
      { results: [{ name: 'grpc_http_calls' }] },
      { results: [{ name: 'http_errors_total' }] },
      { status: 'success', has_more: true },
    ])
    expect(await lines('metric_names', [['search[]', 'zzz']])).toEqual([
      { results: [] },
      { status: 'success', has_more: false },
    ])
  })

  test.each([
    ['metric_names', 'fuzz_threshold', '101'],
    ['metric_names', 'fuzz_alg', 'soundex'],
    ['metric_names', 'sort_by', 'age'],
    ['metric_names', 'sort_by', 'score'],
    ['metric_names', 'sort_dir', 'asc'],
    ['metric_names', 'limit', '-1'],
    ['metric_names', 'search[]', 'x'.repeat(1_025)],
    ['label_names', 'match[]', '{'],
    ['label_names', 'case_sensitive', 'perhaps'],
    ['label_values', 'label', ''],
  ])('%s refuses a bad %s', async (subject, name, value) => {
    const answer = await ask(`/api/v1/search/${subject}`, [[name, value]])
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ status: 'error', errorType: 'bad_data' })
  })
})

test('features are what the parser takes, name by name', async () => {
  const features = (await data('features')) as Record<string, Record<string, boolean>>
  expect(features).toMatchObject({
    api: { search: true, admin: true },
    service_discovery_providers: { static: true, dns: true },
  })
  const operators = features['promql_operators'] as Record<string, boolean>
  expect(operators).toMatchObject({ '+': true, '=~': true, unless: true, topk: true, limitk: false })
  const functions = Object.entries(features['promql_functions'] as Record<string, boolean>)
  expect(functions.length).toBeGreaterThan(80)
  // So many arguments fit hardly any: the refusal tells what is wrong with the name first.
  const answers = await Promise.all(
    functions.map(async ([name]) =>
      (await ask('/api/v1/parse_query', [['query', `${name}(a, a, a, a, a, a)`]])).text(),
    ),
  )
  for (const [i, [name, isOn]] of functions.entries()) {
    expect(answers[i], name).not.toContain('unknown function')
    expect(answers[i]?.includes('is not enabled'), name).toBe(!isOn)
  }
})

test('self_metrics are our own families as ProtoJSON, by a pattern', async () => {
  const families = (await data('status/self_metrics', [['metric_name_pattern', 'vantage_pressure_.*']])) as unknown[]
  expect(families).toEqual([
    {
      name: 'vantage_pressure_level',
      help: expect.any(String),
      type: 'GAUGE',
      metric: [{ label: [], gauge: { value: 0 } }],
    },
  ])
  const all = (await (await ask('/api/v1/status/self_metrics')).json()) as {
    data: { type: string; metric: { histogram?: object }[] }[]
  }
  const histogram = all.data.find(({ type }) => type === 'HISTOGRAM')?.metric[0]?.histogram
  expect(histogram).toMatchObject({ sampleCount: expect.stringMatching(/^\d+$/), sampleSum: expect.any(Number) })
  expect((await ask('/api/v1/status/self_metrics', [['metric_name_pattern', '(']])).status).toBe(400)
})

test('/metrics answers OpenMetrics to those who prefer it, and text to others', async () => {
  const openMetrics = {
    ...HEADERS,
    accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5',
  }
  const asked = await ask('/metrics', [], { headers: openMetrics })
  expect(asked.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect(await asked.text()).toMatch(/\n# EOF\n$/)
  const plain = await ask('/metrics')
  expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await plain.text()).not.toContain('# EOF')
})

test('blocks are the sealed parts', async () => {
  expect(await data('status/tsdb/blocks')).toEqual({ blocks: [] })
  await ask('/api/vantage/v1/admin/seal', [], { method: 'POST' })
  const { blocks } = (await data('status/tsdb/blocks')) as { blocks: { ulid: string; stats: { numBytes: number } }[] }
  expect(blocks).toEqual([
    {
      ulid: expect.stringMatching(/^0[0-9A-HJKMNP-TV-Z]{25}$/),
      minTime: NOW_MS - 2 * 3_600_000,
      maxTime: NOW_MS - 2_000 + 1,
      stats: { numSamples: 5, numSeries: 5, numBytes: expect.any(Number) },
      compaction: { level: 1, sources: [blocks[0]?.ulid] },
      version: 1,
      file: expect.stringMatching(/\.part$/),
    },
  ])
  expect(blocks[0]?.stats.numBytes).toBeGreaterThan(0)
})

test('nobody is alerted yet: no rules, no alerts, no alertmanagers', async () => {
  expect(await data('rules')).toEqual({ groups: [] })
  expect(await data('alerts')).toEqual({ alerts: [] })
  expect(await data('alertmanagers')).toEqual({ activeAlertmanagers: [], droppedAlertmanagers: [] })
})

describe('what Mimir answers', () => {
  const got = async (path: string, params: Params = []) => (await ask(`/prometheus/api/v1/${path}`, params)).json()

  test('label names by their values, label values by their series', async () => {
    expect(await got('cardinality/label_names', [['limit', '1']])).toMatchObject({
      label_names_count: 3,
      cardinality: [{ label_name: '__name__', label_values_count: 4 }],
    })
    expect(await got('cardinality/label_names', [['selector', '{job="web"}']])).toEqual({
      label_values_count_total: 3,
      label_names_count: 2,
      cardinality: [
        { label_name: '__name__', label_values_count: 2 },
        { label_name: 'job', label_values_count: 1 },
      ],
    })
    const values = [
      ['label_names[]', 'code'],
      ['label_names[]', 'job'],
      ['count_method', 'active'],
      ['limit', '1'],
    ] as const
    expect(await got('cardinality/label_values', values)).toEqual({
      series_count_total: 4,
      labels: [
        {
          label_name: 'job',
          label_values_count: 2,
          series_count: 4,
          cardinality: [{ label_value: 'api', series_count: 2 }],
        },
        {
          label_name: 'code',
          label_values_count: 2,
          series_count: 2,
          cardinality: [{ label_value: '200', series_count: 1 }],
        },
      ],
    })
    expect((await ask('/api/v1/cardinality/label_values')).status).toBe(400)
    expect((await ask('/api/v1/cardinality/label_names', [['limit', '501']])).status).toBe(400)
  })

  test('active series, and the limits of the tenant', async () => {
    expect(await got('cardinality/active_series', [['selector', '{job=~"web|old"}']])).toEqual({
      data: [
        { __name__: 'grpc_http_calls', job: 'web' },
        { __name__: 'http_errors_total', job: 'web' },
      ],
    })
    expect((await ask('/api/v1/cardinality/active_series')).status).toBe(400)
    expect(await got('user_limits')).toMatchObject({
      max_global_series_per_metric: 7_000,
      ruler_max_rules_per_rule_group: 0,
    })
  })
})

test('relabel_steps tell what each rule of a job makes of labels', async () => {
  const steps = (labels: string, pool = 'shop') =>
    data('targets/relabel_steps', [
      ['scrapePool', pool],
      ['labels', labels],
    ])
  expect(await steps('{"__address__":"h:80","env":"dev"}')).toMatchObject({
    steps: [
      {
        rule: { action: 'replace', source_labels: ['__address__'] },
        output: { __address__: 'h:80', env: 'dev', host: 'h' },
        keep: true,
      },
      { rule: { action: 'drop', regex: 'old' }, output: { __address__: 'h:80', env: 'dev', host: 'h' }, keep: true },
      { rule: { action: 'labeldrop' }, output: { __address__: 'h:80', host: 'h' }, keep: true },
    ],
  })
  const dropped = (await steps('{"env":"old"}')) as { steps: { output: object; keep: boolean }[] }
  expect(dropped.steps.map(({ keep, output }) => [keep, output])).toEqual([
    [true, { env: 'old' }],
    [false, {}],
    [false, {}],
  ])
  for (const [pool, labels] of [
    ['', '{}'],
    ['none', '{}'],
    ['shop', ''],
    ['shop', '{"a":1}'],
    ['shop', 'null'],
  ] as const) {
    const answer = await ask('/api/v1/targets/relabel_steps', [
      ['scrapePool', pool],
      ['labels', labels],
    ])
    expect([answer.status, ((await answer.json()) as { errorType: string }).errorType]).toEqual([400, 'bad_data'])
  }
})

test('every path needs its credential', async () => {
  for (const path of [
    'search/label_names',
    'notifications',
    'notifications/live',
    'features',
    'status/self_metrics',
    'user_limits',
  ]) {
    expect((await fetch(`${server.url}/api/v1/${path}`)).status).toBe(401)
  }
})

interface Notice {
  readonly text: string
  readonly active: boolean
}

/** Reads events of a stream until one is as wanted, or all to its end. */
async function events(answer: Response, isLast: (notice: Notice) => boolean = () => false): Promise<Notice[]> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    text += decoder.decode(value, { stream: !done })
    const told = [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, json]) => JSON.parse(json as string) as Notice)
    if (!done && !told.some(isLast)) continue
    await reader.cancel()
    return told
  }
}

/** Last: it ends the server. */
test('notices: a file that cannot be read again, until it can; the end of the server is the last', async () => {
  const reload = async (method: string) => (await ask('/-/reload', [], { method })).status
  expect(await data('notifications')).toEqual([])
  const live = () => ask('/api/v1/notifications/live')
  const first = await live()
  expect(first.headers.get('content-type')).toBe('text/event-stream')
  await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: [{')
  expect(await reload('PUT')).toBe(422)
  const about = { text: expect.stringContaining('scrape configuration'), date: expect.any(String), active: true }
  expect(await data('notifications')).toEqual([about])
  const { data: info } = (await (await ask('/api/v1/status/runtimeinfo')).json()) as { data: object }
  expect(info).toMatchObject({ reloadConfigSuccess: false })
  const second = await live()
  // Two follow, as many as may.
  expect((await live()).status).toBe(204)
  await writeFile(join(folder, 'prometheus.yml'), SCRAPE)
  expect(await reload('POST')).toBe(200)
  const came = await events(first, ({ active }) => !active)
  expect(came.map(({ active }) => active)).toEqual([true, false])
  expect(await data('notifications')).toEqual([])
  // Nor does a connection on which nothing comes hold it up.
  const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
  await once(silent, 'connect')
  server.signal('SIGTERM')
  const all = await events(second)
  expect(all.at(-1)).toMatchObject({ text: 'The server is draining.', active: true })
  expect(await server.ended).toBe(0)
})
