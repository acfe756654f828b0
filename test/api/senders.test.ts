/** Set: test, 5 s. Who made which series, and what targets say about their metrics. */

import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

let target: Server
let server: TestServer
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantage-senders-'))
  const text = '# HELP jobs Jobs.\n# TYPE jobs gauge\njobs 1\n# TYPE done_total counter\ndone_total{a="b"} 2\n'
  target = createServer((_request, response) => response.end(text)).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const address = `127.0.0.1:${(target.address() as AddressInfo).port}`
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - {job_name: app, static_configs: [{targets: ['${address}'], labels: {env: test}}]}
`,
  )
  server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SCRAPE_CONFIG: join(folder, 'prometheus.yml') },
  })
})
afterAll(async () => {
  await server.stop()
  target.closeAllConnections()
  target.close()
  await rm(folder, { recursive: true, force: true })
})

async function get(path: string): Promise<[number, unknown]> {
  const answer = await fetch(`${server.url}${path}`)
  return [answer.status, await answer.json()]
}

async function until<T>(look: () => Promise<T>, isWanted: (found: T) => boolean): Promise<T> {
  const deadlineMs = performance.now() + 10_000
  for (;;) {
    const found = await look()
    if (isWanted(found) || performance.now() > deadlineMs) return found
    await new Promise((wake) => setTimeout(wake, 50))
  }
}

test('status/tsdb names the doors and senders that made most series', async () => {
  const all = Array.from({ length: 20 }, (_, i) => series({ __name__: 'm', i: String(i) }, [[Date.now(), i]]))
  expect((await remoteWrite(server.url, all)).status).toBe(204)
  expect((await remoteWrite(server.url, all)).status).toBe(204)
  await fetch(`${server.url}/metrics/job/backup`, { method: 'PUT', body: 'size 1\n' })
  const senders = async () => {
    const [, body] = await get('/api/v1/status/tsdb')
    return (body as { data: { seriesCountBySender: unknown[] } }).data.seriesCountBySender
  }
  expect(await until(senders, (found) => found.length === 3)).toEqual([
    { name: 'remote-write from 127.0.0.1', value: 20 },
    // up and its like, and two of the body
    { name: 'scrape job app', value: 7 },
    { name: 'pushgateway from 127.0.0.1', value: 3 },
  ])
  const [, one] = await get('/prometheus/api/v1/status/tsdb?limit=1')
  expect(one).toMatchObject({ data: { seriesCountBySender: [{ value: 20 }] } })
})

test('targets/metadata says who said what', async () => {
  const labels = expect.objectContaining({ job: 'app', env: 'test' })
  const jobs = { target: labels, metric: 'jobs', type: 'gauge', help: 'Jobs.', unit: '' }
  const done = { target: labels, metric: 'done_total', type: 'counter', help: '', unit: '' }
  const all = await until(
    () => get('/api/v1/targets/metadata'),
    ([status]) => status === 200,
  )
  expect(all).toEqual([200, { status: 'success', data: [jobs, done] }])
  const cases: readonly (readonly [string, number, unknown])[] = [
    ['metric=jobs', 200, [{ target: labels, type: 'gauge', help: 'Jobs.', unit: '' }]],
    ['limit=1', 200, [jobs]],
    [`match_target=${encodeURIComponent('{job="app",env=~"te.+"}')}`, 200, [jobs, done]],
    [`match_target=${encodeURIComponent('{job="other"}')}`, 404, undefined],
    ['metric=nothing', 404, undefined],
    ['match_target=1', 400, undefined],
    ['limit=-1', 400, undefined],
  ]
  for (const [query, status, data] of cases) {
    const [got, body] = await get(`/api/v1/targets/metadata?${query}`)
    expect([query, got]).toEqual([query, status])
    if (data !== undefined) expect((body as { data: unknown }).data).toEqual(data)
  }
})

test('metadata takes its limits', async () => {
  expect(await get('/api/v1/metadata?metric=jobs&limit_per_metric=1')).toMatchObject([
    200,
    { data: { jobs: [{ help: 'Jobs.' }] } },
  ])
  expect((await get('/api/v1/metadata?limit_per_metric=x'))[0]).toBe(400)
})
