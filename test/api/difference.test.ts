import { afterAll, beforeAll, expect, test } from 'vitest'
import { attributesJson, exportJson, idJson } from '../support/otlp-json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000

function atNs(seconds: number): string {
  return `${BASE_MS + Math.round(seconds * 1000)}000000`
}

/** 240 requests of web, one a second, that ask the stock of shop; every fourth meets replica-2, which is slow. */
function spansOf(service: 'web' | 'shop'): unknown {
  const spans = Array.from({ length: 240 }, (_, i) => {
    const isSlow = i % 4 === 0
    const attributes =
      service === 'shop' ? { 'db.instance.id': isSlow ? 'replica-2' : 'replica-1' } : { 'url.path': `/p/${i % 40}` }
    return {
      traceId: idJson(i + 1, 32),
      spanId: idJson(i * 2 + (service === 'shop' ? 1 : 2)),
      ...(service === 'shop' ? { parentSpanId: idJson(i * 2 + 2) } : {}),
      name: service === 'shop' ? 'SELECT' : 'GET /product',
      kind: service === 'shop' ? 3 : 2,
      startTimeUnixNano: atNs(i),
      endTimeUnixNano: atNs(i + (isSlow ? 0.8 : 0.02)),
      attributes: attributesJson(attributes),
    }
  })
  return { resource: { attributes: attributesJson({ 'service.name': service }) }, scopeSpans: [{ spans }] }
}

/** 120 lines; from the second minute on, every second one of a new code path. */
function logs(): unknown {
  const logRecords = Array.from({ length: 120 }, (_, i) => ({
    timeUnixNano: atNs(i),
    severityText: 'INFO',
    body: { stringValue: i >= 60 && i % 2 === 0 ? 'cache missed' : 'served' },
    attributes: attributesJson({ path: i >= 60 && i % 2 === 0 ? 'new' : 'old', took: i }),
  }))
  return { resource: { attributes: attributesJson({ 'service.name': 'web' }) }, scopeLogs: [{ logRecords }] }
}

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  await exportJson(server.url, 'traces', { resourceSpans: [spansOf('web'), spansOf('shop')] })
  await exportJson(server.url, 'logs', { resourceLogs: [logs()] })
})
afterAll(async () => {
  await server.stop()
})

interface Answer {
  readonly selection: { count: number; startNs: string }
  readonly baseline: { kind: string; count: number; startNs: string; endNs: string }
  readonly differences: {
    attribute: string
    value?: string
    selection: { share: number }
    baseline: { share: number }
  }[]
  readonly examined: { rows: number; values: number }
  readonly cuts: unknown[]
}

async function difference(params: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/vantage/v1/difference?${new URLSearchParams(params)}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Answer
}

test('slow requests are told from the rest by what their traces met', async () => {
  const query = '{ name = "GET /product" && duration > 500ms }'
  const { selection, baseline, differences, examined, cuts } = await difference({
    query,
    start: atNs(0),
    end: atNs(300),
  })
  expect([selection.count, baseline.count, baseline.kind]).toEqual([60, 180, 'rest'])
  expect(differences[0]).toMatchObject({
    attribute: 'span.db.instance.id',
    value: 'replica-2',
    selection: { count: 60, share: 1 },
    baseline: { count: 0, share: 0 },
    difference: 1,
  })
  expect(examined.rows).toBe(480)
  expect(cuts).toEqual([])
})

test('lines of a minute are told from those of the minute before', async () => {
  const params = {
    signal: 'logs',
    query: '{service_name="web"}',
    baseline: 'previous',
    start: atNs(60),
    end: atNs(120),
  }
  const { selection, baseline, differences } = await difference(params)
  expect([selection.count, baseline.count]).toEqual([60, 60])
  expect([baseline.startNs, baseline.endNs]).toEqual([atNs(0), atNs(60)])
  expect(differences.find(({ attribute }) => attribute === 'path')).toMatchObject({
    value: 'new',
    selection: { share: 0.5 },
  })
})

test('a moment of lines is told from the time around it', async () => {
  const params = { signal: 'logs', query: '{service_name="web"}', baseline: 'around' }
  const moment = { start: atNs(60), end: atNs(90), aroundStart: atNs(0), aroundEnd: atNs(120) }
  const { baseline, differences } = await difference({ ...params, ...moment })
  expect(baseline).toEqual({ kind: 'around', count: 90, startNs: atNs(0), endNs: atNs(120) })
  expect(differences.find(({ attribute }) => attribute === 'path')).toMatchObject({
    value: 'new',
    selection: { share: 0.5 },
  })
})

test('nothing selected gives nothing', async () => {
  const { selection, differences } = await difference({ query: '{ name = "no such" }', start: atNs(0), end: atNs(300) })
  expect([selection.count, differences]).toEqual([0, []])
})

test.each([
  [{}, 'query: want a selection, or baseline=previous or around, got neither'],
  [{ query: '{ name = }' }, 'TraceQL: want an attribute, an intrinsic or a value, got "}" at offset 9'],
  [{ query: '{ }', signal: 'metrics' }, 'signal: want spans or logs, got "metrics"'],
  [{ query: '{ }', baseline: 'before' }, 'baseline: want rest or previous or around, got "before"'],
  [{ query: '{ }', baseline: 'around' }, 'aroundStart, aroundEnd: want both, the start before the end'],
  [{ query: '{ }', unit: 'row' }, 'unit: want trace or span, got "row"'],
  [{ query: '{ }', limit: '201' }, 'limit: want a number from 0 to 200, got "201"'],
])('%j is refused', async (params, message) => {
  const answer = await fetch(`${server.url}/api/vantage/v1/difference?${new URLSearchParams(params)}`)
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: { message } }])
})
