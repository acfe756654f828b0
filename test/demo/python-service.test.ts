import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAnswered } from '../../tools/ports.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const FILE = join(resolve(import.meta.dirname, '../..'), 'examples/shop/recommendations.py')
const HAS_FLASK = spawnSync('python3', ['-c', 'import flask']).status === 0
const TRACE_ID = '3f'.repeat(16)
const PARENT_ID = '7a'.repeat(8)
const WAIT_MS = 20_000

let server: TestServer
let service: ChildProcess
let url = ''
beforeAll(async () => {
  if (!HAS_FLASK) return
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const [port] = (await freePorts(1)) as [number]
  url = `http://127.0.0.1:${port}`
  const env = { ...process.env, PORT: String(port), OTEL_EXPORTER_OTLP_ENDPOINT: server.otlpHttpUrl }
  service = spawn('python3', [FILE], { env, stdio: 'ignore' })
  const deadlineMs = performance.now() + WAIT_MS
  while (!(await isAnswered(`${url}/health`))) {
    if (performance.now() > deadlineMs) throw new Error(`no answer of ${FILE} after ${WAIT_MS} ms`)
    await new Promise((wake) => setTimeout(wake, 100))
  }
})
afterAll(async () => {
  if (!HAS_FLASK) return
  const ended = once(service, 'exit')
  service.kill('SIGTERM')
  await ended
  await server.stop()
})

interface About {
  readonly trace: { spans: number } | null
  readonly logs: { lines: { line: string; spanId: string }[] }
  readonly metrics: { name: string }[]
}

test.skipIf(!HAS_FLASK)(
  'a service in Python (where Flask is) is one of the shop: its spans, lines and metrics are joined',
  async () => {
    const headers = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` }
    const answer = await fetch(`${url}/recommendations/7`, { headers })
    const { products } = (await answer.json()) as { products: number[] }
    expect([answer.status, products.length, products.includes(7)]).toEqual([200, 3, false])
    const about = async (): Promise<About> => {
      const found = await fetch(`${server.url}/api/vantage/v1/about?trace=${TRACE_ID}`)
      return (await found.json()) as About
    }
    await expect.poll(async () => (await about()).trace?.spans ?? 0, { timeout: WAIT_MS }).toBe(2)
    await expect.poll(async () => (await about()).logs.lines.length, { timeout: WAIT_MS }).toBe(1)
    const { logs } = await about()
    expect(JSON.parse(logs.lines[0]?.line ?? '')).toMatchObject({
      msg: 'products suggested',
      product: 7,
      trace_id: TRACE_ID,
    })
    await expect
      .poll(async () => (await about()).metrics.map(({ name }) => name), { timeout: WAIT_MS })
      .toContain('http_server_request_duration_seconds_count')
    const trace = await fetch(
      `${server.url}/tempo/api/search?${new URLSearchParams({ q: `{ span:parentID = "${PARENT_ID}" }` })}`,
    )
    expect(((await trace.json()) as { traces: unknown[] }).traces).toHaveLength(1)
  },
)
