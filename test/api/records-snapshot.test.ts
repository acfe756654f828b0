import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

const NOW_MS = Date.now()
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const JSON_HEADERS = { 'content-type': 'application/json' }
const SELF_OFF = { env: { VANTAGE_SELF_ENABLED: 'false' } }

let folder = ''
let server: TestServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantage-records-snapshot-'))
  server = await startServer({ dataDir: join(folder, 'data'), ...SELF_OFF })
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function post(path: string, body: unknown): Promise<void> {
  const sent = { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(body) }
  expect((await fetch(`${server.url}${path}`, sent)).ok).toBe(true)
}

function log(line: string): Promise<void> {
  return post('/loki/api/v1/push', { streams: [{ stream: { app: 'shop' }, values: [[`${NOW_MS}000000`, line]] }] })
}

function span(spanId: string, name: string): Promise<void> {
  const times = { startTimeUnixNano: `${NOW_MS}000000`, endTimeUnixNano: `${NOW_MS + 5}000000` }
  const spans = [{ traceId: TRACE_ID, spanId, name, kind: 2, ...times }]
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  return post('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
}

async function lines(): Promise<string[]> {
  const params = new URLSearchParams({
    query: '{app="shop"}',
    start: `${NOW_MS - 60_000}000000`,
    end: `${NOW_MS + 60_000}000000`,
  })
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${params}`)
  const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } }
  return data.result.flatMap(({ values }) => values.map(([, line]) => line)).sort()
}

async function names(): Promise<string[]> {
  const answer = await fetch(`${server.url}/tempo/api/traces/${TRACE_ID}`)
  return [...(await answer.text()).matchAll(/"name":"(operation \w+)"/g)].map(([, name]) => name as string).sort()
}

async function snapshot(): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
  const { data } = (await answer.json()) as { data: { name: string } }
  return join(folder, 'data', 'snapshots', data.name)
}

test('logs and traces of a snapshot are there when a server starts on it, and so is what comes next', async () => {
  await log('before it')
  await span('00f067aa0ba902b7', 'operation before')
  const taken = await snapshot()
  await log('after it')
  await span('00f067aa0ba902b8', 'operation after')
  expect(await lines()).toEqual(['after it', 'before it'])
  await server.stop()
  const restored = { dataDir: taken, ...SELF_OFF }
  server = await startServer(restored)
  expect(await lines()).toEqual(['before it'])
  expect(await names()).toEqual(['operation before'])
  // The log goes on where the snapshot ends: what comes now survives a kill.
  await log('since then')
  await span('00f067aa0ba902b9', 'operation since')
  await server.kill()
  server = await startServer(restored)
  expect(await lines()).toEqual(['before it', 'since then'])
  expect(await names()).toEqual(['operation before', 'operation since'])
}, 60_000)
