/** Set: test, 10 s. Since when counters count: from remote write 2.0 and OTLP to the answer, and over a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestV2 } from '../../tools/conformance/suites/remote-write-v2.ts'
import { startServer, type TestServer } from '../support/server.ts'

const NOW_MS = Math.floor(Date.now() / 1000) * 1000
const ago = (seconds: number): number => NOW_MS - seconds * 1000
const nanos = (seconds: number): string => `${ago(seconds)}000000`

let folder = ''
let server: TestServer
const start = (experimental: boolean) =>
  startServer({
    dataDir: join(folder, 'data'),
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_PROMQL_EXPERIMENTAL: String(experimental) },
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantage-start-times-'))
  server = await start(true)
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function values(query: string): Promise<string[]> {
  const params = new URLSearchParams({ query, time: String(NOW_MS / 1000) })
  const answer = await fetch(`${server.url}/api/v1/query?${params}`)
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  return data.result.map(({ value }) => value[1])
}

async function sendRemoteWrite(): Promise<void> {
  const answer = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'content-encoding': 'snappy',
    },
    body: requestV2([
      { labels: { __name__: 'once_total' }, samples: [{ value: 30, timeMs: ago(10), startMs: ago(40) }] },
      {
        labels: { __name__: 'restarted_total' },
        samples: [
          { value: 5, timeMs: ago(120), startMs: ago(1000) },
          { value: 6, timeMs: ago(60), startMs: ago(100) },
          { value: 7, timeMs: ago(1), startMs: ago(100) },
        ],
      },
    ]),
  })
  expect(answer.status).toBe(204)
}

async function sendOtlp(): Promise<void> {
  const times = { startTimeUnixNano: nanos(40), timeUnixNano: nanos(10) }
  const metrics = [
    {
      name: 'orders',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...times, asInt: '60' }] },
    },
    {
      name: 'latency',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [{ ...times, count: '4', sum: 8, scale: 0, zeroCount: '4' }],
      },
    },
    { name: 'depth', gauge: { dataPoints: [{ ...times, asInt: '7' }] } },
  ]
  const answer = await fetch(`${server.otlpHttpUrl}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  })
  expect(answer.status).toBe(200)
}

/** `increase` of one sample needs to know since when it counts; a restart shows although no value fell. */
const answers: [string, string[], plain: string[]][] = [
  ['increase(once_total[50s])', ['30'], []],
  ['resets(restarted_total[5m])', ['1'], ['0']],
  ['increase(orders_total[50s])', ['60'], []],
  ['histogram_count(increase(latency[50s]))', ['4'], []],
  ['increase(depth[50s])', [], []],
]

async function check(isPlain: boolean): Promise<void> {
  for (const [query, started, plain] of answers) expect(await values(query), query).toEqual(isPlain ? plain : started)
}

test('start times reach the answers, stay over a kill, and count for nothing without the flag', async () => {
  await sendRemoteWrite()
  await sendOtlp()
  await check(false)
  await server.kill()
  server = await start(true)
  await check(false)
  await server.kill()
  server = await start(false)
  await check(true)
})
