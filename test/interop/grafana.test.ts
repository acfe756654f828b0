/** Set: test, 3 s. The data sources of `examples/grafana`: each URL answers what Grafana asks a source of that type. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const FILE = join(import.meta.dirname, '../../examples/grafana/datasources.yml')
/** Where the file says that Vantage is. */
const VANTAGE = 'http://127.0.0.1:3000'
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'

interface Question {
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  readonly answer: RegExp
}

/** What Grafana asks to see whether a source works, then what its query editors ask. */
const QUESTIONS: Readonly<Record<string, readonly Question[]>> = {
  prometheus: [
    { path: '/api/v1/query', form: { query: '1+1' }, answer: /"2"/ },
    { path: '/api/v1/status/buildinfo', answer: /"version"/ },
    {
      path: '/api/v1/query_range',
      form: { query: 'vector(7)', start: '0', end: '60', step: '15' },
      answer: /\[15,"7"\]/,
    },
  ],
  loki: [
    { path: '/loki/api/v1/query?query=vector(1)%2Bvector(1)&time=4000000000', answer: /"2"/ },
    { path: '/loki/api/v1/label/service_name/values', answer: /"shop"/ },
  ],
  tempo: [
    { path: '/api/echo', answer: /^echo$/ },
    { path: `/api/v2/traces/${TRACE_ID}`, answer: /GET \/pay/ },
  ],
  jaeger: [
    { path: '/api/services', answer: /"shop"/ },
    { path: `/api/traces/${TRACE_ID}`, answer: /GET \/pay/ },
  ],
  zipkin: [
    { path: '/api/v2/services', answer: /"shop"/ },
    { path: `/api/v2/trace/${TRACE_ID}`, answer: /pay/i },
  ],
}

const SOURCES = [...readFileSync(FILE, 'utf8').matchAll(/ type: (\w+)\n +url: (\S+)/g)].map(
  ([, type, url]) => [type as string, url as string] as const,
)

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  const at = `${Date.now() - 1_000}000000`
  const span = { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', name: 'GET /pay', kind: 2 }
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
  }
  await post('/v1/traces', {
    resourceSpans: [{ resource, scopeSpans: [{ spans: [{ ...span, startTimeUnixNano: at, endTimeUnixNano: at }] }] }],
  })
  await post('/v1/logs', {
    resourceLogs: [
      {
        resource,
        scopeLogs: [{ logRecords: [{ timeUnixNano: at, body: { stringValue: 'paid' }, traceId: TRACE_ID }] }],
      },
    ],
  })
})
afterAll(async () => {
  await server.stop()
})

test('metrics, logs and traces have a source each', () => {
  expect(SOURCES.map(([type]) => type)).toEqual(Object.keys(QUESTIONS))
})

test.each(SOURCES)('a source of type %s works as it is provisioned', async (type, url) => {
  expect(url.startsWith(VANTAGE)).toBe(true)
  const base = server.url + url.slice(VANTAGE.length)
  for (const { path, form, answer } of QUESTIONS[type] ?? []) {
    const asked = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
    const got = await fetch(base + path, asked)
    expect([path, got.status]).toEqual([path, 200])
    expect(await got.text(), path).toMatch(answer)
  }
})
