/** Set: test, 60 s. Queries at their limits, query bombs, callers that leave, a full queue. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000
const BASE = BASE_MS / 1000
const SERIES = 400
const POINTS = 120

interface Answer {
  readonly status: number
  readonly body: { status: string; errorType: string; error: string; data: { result: unknown[] } }
  readonly elapsedMs: number
}

async function ask(server: TestServer, path: string, params: Record<string, string>): Promise<Answer> {
  const startedMs = performance.now()
  const answer = await fetch(`${server.url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(params) })
  const text = await answer.text()
  return { status: answer.status, body: JSON.parse(text), elapsedMs: performance.now() - startedMs }
}

async function fill(server: TestServer): Promise<void> {
  for (let point = 0; point < POINTS; point++) {
    const timeMs = BASE_MS + point * 15_000
    const rows = Array.from({ length: SERIES }, (_, i) =>
      series({ __name__: 'm', i: String(i), group: String(i % 7) }, [[timeMs, i + point]]),
    )
    expect((await remoteWrite(server.url, rows)).status).toBe(204)
  }
}

async function figure(server: TestServer, line: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return Number(found?.slice(line.length + 1) ?? 0)
}

describe('limits at n and one beyond', () => {
  const MAX = { samples: 2 * POINTS, series: 57 }
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false' },
      config: `query:\n  maxSamples: ${MAX.samples}\n  maxSeries: ${MAX.series}\n  maxBytes: 2MiB\n`,
    })
    await fill(server)
  })
  afterAll(async () => {
    await server.stop()
  })

  const range = (points: number) => ({ start: String(BASE), end: String(BASE + points - 1), step: '1' })
  const at = { time: String(BASE + POINTS * 15) }
  const cases: [string, string, Record<string, string>, Record<string, string>, number, RegExp][] = [
    [
      'samples',
      'query',
      { query: `m{i=~"1|2"}[1h]`, ...at },
      { query: `m{i=~"1|2|3"}[1h]`, ...at },
      422,
      /too many samples.*240 \(query\.maxSamples\)/,
    ],
    [
      'series',
      'series',
      { 'match[]': 'm{group="1"}' },
      { 'match[]': 'm{i=~"[0-9]|[1-4][0-9]|5[0-7]"}' },
      422,
      /too many series.*57 \(query\.maxSeries\)/,
    ],
    ['points', 'query_range', { query: '1', ...range(11_000) }, { query: '1', ...range(11_001) }, 400, /11,?000/],
    [
      'text',
      'query',
      { query: `"${'x'.repeat(65_534)}"` },
      { query: `"${'x'.repeat(65_535)}"` },
      400,
      /65536 bytes, got 65537/,
    ],
    [
      'nesting',
      'query',
      { query: `${'('.repeat(128)}1${')'.repeat(128)}` },
      { query: `${'('.repeat(129)}1${')'.repeat(129)}` },
      400,
      /nesting/,
    ],
    [
      'regular expression',
      'query',
      { query: `m{i=~"${'x?'.repeat(2_047)}.y"}`, ...at },
      { query: `m{i=~"${'x?'.repeat(2_048)}.y"}`, ...at },
      400,
      /4096 characters/,
    ],
  ]
  test.each(cases)('%s', async (_name, path, fits, beyond, status, message) => {
    expect((await ask(server, path, fits)).status).toBe(200)
    const answer = await ask(server, path, beyond)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toMatch(message)
  })

  test('bytes of the answer', async () => {
    const wide = { query: `vector(1)`, start: String(BASE), end: String(BASE + 10_999), step: '1' }
    expect((await ask(server, 'query_range', wide)).status).toBe(200)
    const beyond = {
      ...wide,
      query: Array.from({ length: 24 }, (_, i) => `label_replace(vector(1), "n", "${i}", "", "")`).join(' or '),
    }
    const answer = await ask(server, 'query_range', beyond)
    expect(answer.status).toBe(422)
    expect(answer.body.error).toMatch(/too many bytes.*query\.maxBytes/)
  })

  test('a label value that a query makes', async () => {
    const made = (chars: number) => ({
      query: `label_join(vector(1), "x", "${'y'.repeat(chars / 4)}", ${'"a", '.repeat(4)}"a")`,
    })
    expect((await ask(server, 'query', made(65_536))).status).toBe(200)
    const beyond = await ask(server, 'query', made(65_540))
    expect(beyond.status).toBe(422)
    expect(beyond.body.error).toMatch(/label_join\(\): want a label value of at most 65536 characters, got 65540/)
  })

  test('a limit that was hit is counted under its key', async () => {
    expect(await figure(server, 'vantage_query_limited_total{reason="query.maxSamples"}')).toBeGreaterThan(0)
    expect(await figure(server, 'vantage_query_limited_total{reason="query.maxSeries"}')).toBeGreaterThan(0)
  })
})

describe('limits of the text, set by configuration', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false' },
      config: 'query:\n  maxPoints: 20000\n  maxTextBytes: 9KiB\n  maxNesting: 200\n  maxRegexBytes: 8KiB\n',
    })
  })
  afterAll(async () => {
    await server.stop()
  })

  const range = (points: number) => ({ start: String(BASE), end: String(BASE + points - 1), step: '1' })
  const regex = (chars: number) => `m{i=~"${'x?'.repeat(chars / 2 - 1)}.y"}`
  const nested = (levels: number) => `${'('.repeat(levels)}1${')'.repeat(levels)}`
  const cases: [string, string, Record<string, string>, Record<string, string>, RegExp][] = [
    ['maxPoints', 'query_range', { query: '1', ...range(20_000) }, { query: '1', ...range(20_001) }, /20,?000/],
    ['maxTextBytes', 'query', { query: `"${'x'.repeat(9_214)}"` }, { query: `"${'x'.repeat(9_215)}"` }, /9216 bytes/],
    ['maxNesting', 'query', { query: nested(200) }, { query: nested(201) }, /nesting/],
    ['maxRegexBytes', 'query', { query: regex(8_192) }, { query: regex(8_194) }, /8192 characters/],
  ]
  test.each(cases)('query.%s', async (_key, path, fits, beyond, message) => {
    expect((await ask(server, path, fits)).status).toBe(200)
    const answer = await ask(server, path, beyond)
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(message)
  })
})

const TIMEOUT_MS = 2_000

describe('bombs', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_QUERY_TIMEOUT: `${TIMEOUT_MS}ms` },
      config: 'query:\n  queue: 8\n',
    })
    await fill(server)
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
  })

  const repeat = (text: string, count: number, joint: string) => Array.from({ length: count }, () => text).join(joint)
  const wide = { start: String(BASE - 86_400), end: String(BASE + 3_600), step: '9' }
  const sums = (text: string, levels: number) => `${'sum_over_time('.repeat(levels)}${text}${'[1h:1s])'.repeat(levels)}`
  /** Each is asked as an instant query and as a range query: 60 in all. */
  const BOMBS: readonly string[] = [
    sums('m', 3),
    sums('m', 6),
    sums('m', 12),
    sums('vector(time())', 5),
    `max_over_time(sum(m * on() group_left() sum(m))[1d:1s])`,
    `count_over_time((m or m or m)[30d:1s])`,
    `quantile_over_time(0.5, rate(m[1h])[1d:1s])`,
    `m * on(group) group_left() m`,
    `m * on() group_left() m`,
    `m and on(group) m or on(i) m unless m * m + m - m ^ m`,
    repeat('m', 300, ' + '),
    repeat('rate(m[1h])', 200, ' or '),
    repeat('sum(m)', 600, ' and '),
    `${'-'.repeat(5_000)}m`,
    `${'('.repeat(60_000)}m`,
    `${'abs('.repeat(127)}m${')'.repeat(127)}`,
    `${'sum('.repeat(1_000)}m${')'.repeat(1_000)}`,
    `m{i=~"(a+)+$"}`,
    `m{i=~"${'(x|x?)'.repeat(500)}"}`,
    `m{i=~".*.*.*.*.*.*.*.*.*.*.*=.*"}`,
    `m{i=~"((((((a{1,30}){1,30}){1,30}))))"}`,
    `m{i=~"(?:a{0,1000}){0,1000}"}`,
    `label_replace(m, "x", "$1$1$1$1$1$1$1$1", "i", "(.*)(.*)(.*)(.*)")`,
    `label_join(m, "x", "${'y'.repeat(60_000)}", "i", "i", "i", "i", "i", "i")`,
    `count_values("v", m * time())`,
    `topk(1000000, m)`,
    `histogram_quantile(0.9, m)`,
    `m offset -10000d @ 1e18`,
    `m[99999999999d]`,
    `absent_over_time(m[1000d:1ms])`,
  ]

  test('60 query bombs: an answer or a fault in time, and writes go on', { timeout: 240_000 }, async () => {
    let isOver = false
    const writes: number[] = []
    const writing = (async () => {
      for (let n = 0; !isOver; n++) {
        const startedMs = performance.now()
        const { status } = await remoteWrite(server.url, [series({ __name__: 'beside' }, [[BASE_MS + n, n]])])
        expect(status).toBe(204)
        writes.push(performance.now() - startedMs)
      }
    })()
    const asked = BOMBS.flatMap((query) => [
      { path: 'query', params: { query, time: String(BASE + 1_800) } },
      { path: 'query_range', params: { query, ...wide } },
    ])
    expect(asked.length).toBe(60)
    const wrong: string[] = []
    // Four callers at once: more than there are workers.
    const callers = Array.from({ length: 4 }, async () => {
      for (let next = asked.pop(); next !== undefined; next = asked.pop()) {
        const { status, elapsedMs } = await ask(server, next.path, next.params)
        const isFine = [200, 400, 422, 429, 503].includes(status) && elapsedMs < TIMEOUT_MS + 1_500
        if (!isFine) wrong.push(`${next.path} ${status} ${Math.round(elapsedMs)} ms ${next.params.query.slice(0, 80)}`)
      }
    })
    await Promise.all(callers)
    isOver = true
    await writing
    expect(wrong).toEqual([])
    expect(writes.length).toBeGreaterThan(20)
    expect(
      (await ask(server, 'query', { query: 'count(m)', time: String(BASE + 1_790) })).body.data.result,
    ).toHaveLength(1)
    expect(server.output()).not.toMatch(/uncaught|a handler failed|a query worker failed/)
  })

  const SLOW = { query: sums('sum(m * m)', 3), ...wide }

  test('a caller that leaves ends its query', async () => {
    const before = await figure(server, 'vantage_queries_total{lang="promql",outcome="cancelled"}')
    const abort = new AbortController()
    const gone = fetch(`${server.url}/api/v1/query_range?${new URLSearchParams(SLOW)}`, { signal: abort.signal })
    await new Promise((wake) => setTimeout(wake, 60))
    abort.abort()
    await expect(gone).rejects.toThrow()
    await new Promise((wake) => setTimeout(wake, 250))
    expect(await figure(server, 'vantage_queries_total{lang="promql",outcome="cancelled"}')).toBe(before + 1)
  })

  test('a full queue refuses with 429 and when to come again; those who wait end at their deadline', async () => {
    const answers = await Promise.all(
      Array.from({ length: 24 }, async () => {
        const startedMs = performance.now()
        const answer = await fetch(`${server.url}/api/v1/query_range?${new URLSearchParams(SLOW)}`)
        await answer.arrayBuffer()
        return { status: answer.status, retry: answer.headers.get('retry-after'), ms: performance.now() - startedMs }
      }),
    )
    const refused = answers.filter((one) => one.status === 429)
    expect(refused.length).toBeGreaterThan(0)
    for (const { retry } of refused) expect(Number(retry)).toBeGreaterThanOrEqual(1)
    expect(answers.filter((one) => ![200, 422, 429, 503].includes(one.status))).toEqual([])
    expect(Math.max(...answers.map((one) => one.ms))).toBeLessThan(TIMEOUT_MS + 1_500)
  })
})
