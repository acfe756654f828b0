/** What is over is hidden at once; what has a longer period, and what the archive keeps, is answered. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const [KEPT, OTHER] = ['a'.repeat(32), 'b'.repeat(32)]
const SHORT = `
storage:
  retentionLogs: 1s
  retentionTraces: 1s
  retentionFilters:
    - { signal: logs, matcher: '{service_name="audit"}', keep: off }
    - { signal: traces, matcher: '{service_name="billing"}', keep: 30d }
`

const directory = await mkdtemp(join(tmpdir(), 'vantage-retention-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

const start = (config = '') =>
  startServer({ dataDir: directory, env: { VANTAGE_SELF_ENABLED: 'false' }, ...(config === '' ? {} : { config }) })

const statusOf = async (url: string, method = 'GET') => (await fetch(url, { method })).status

async function post(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).ok).toBe(true)
}

function spansOf(service: string, traceId: string) {
  const attributes = [{ key: 'service.name', value: { stringValue: service } }]
  const timeUnixNano = `${Date.now()}000000`
  const span = { traceId, spanId: '0000000000000001', name: 'GET /', kind: 2 }
  const spans = [{ ...span, startTimeUnixNano: timeUnixNano, endTimeUnixNano: timeUnixNano }]
  return { resource: { attributes }, scopeSpans: [{ spans }] }
}

async function fill({ url }: TestServer): Promise<void> {
  const ofBilling = spansOf('billing', 'c'.repeat(32))
  await post(`${url}/v1/traces`, { resourceSpans: [spansOf('shop', KEPT), spansOf('shop', OTHER), ofBilling] })
  const streams = ['audit', 'web'].map((name) => ({
    stream: { service_name: name },
    values: [[`${Date.now()}000000`, name]],
  }))
  await post(`${url}/loki/api/v1/push`, { streams })
  expect(await statusOf(`${url}/jaeger/api/archive/${KEPT}`, 'POST')).toBe(200)
  expect(await statusOf(`${url}/jaeger/api/archive/${'d'.repeat(32)}`, 'POST')).toBe(404)
  expect(await statusOf(`${url}/jaeger/api/archive/x`, 'POST')).toBe(400)
  expect(await statusOf(`${url}/api/vantage/v1/admin/seal`, 'POST')).toBe(200)
}

async function shown({ url }: TestServer): Promise<unknown> {
  const traces: number[] = []
  for (const id of [KEPT, OTHER, 'c'.repeat(32)]) traces.push(await statusOf(`${url}/jaeger/api/traces/${id}`))
  const services = (await (await fetch(`${url}/jaeger/api/services`)).json()) as { data: string[] }
  const labels = (await (await fetch(`${url}/loki/api/v1/label/service_name/values`)).json()) as { data: string[] }
  const lines = await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams({ query: '{service_name=~".+"}' })}`)
  const { data } = (await lines.json()) as { data: { result: { values: [string, string][] }[] } }
  const texts = data.result.flatMap(({ values }) => values.map(([, line]) => line))
  return { traces, services: services.data, labels: labels.data, lines: texts.sort() }
}

test('rows by tenant and matcher, and traces of the archive, across restarts', async () => {
  const first = await start()
  await fill(first)
  const all = { services: ['billing', 'shop'], labels: ['audit', 'web'], lines: ['audit', 'web'] }
  expect(await shown(first)).toEqual({ traces: [200, 200, 200], ...all })
  await first.stop()
  await new Promise((resume) => setTimeout(resume, 1_100))
  const second = await start(SHORT)
  const left = { ...all, labels: ['audit'], lines: ['audit'] }
  expect(await shown(second)).toEqual({ traces: [200, 404, 200], ...left })
  expect(await statusOf(`${second.url}/jaeger/api/archive/${KEPT}`, 'DELETE')).toBe(200)
  expect(await statusOf(`${second.url}/jaeger/api/archive/${KEPT}`, 'DELETE')).toBe(404)
  expect(await shown(second)).toEqual({ traces: [404, 404, 200], ...left, services: ['billing'] })
  await second.stop()
})
