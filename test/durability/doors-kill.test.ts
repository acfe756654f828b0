/** Sets: test (5 kills), wide (20), long (100). kill -9 under the doors beside remote write: nothing acknowledged is lost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DoorClient, grpcClient, httpClient, StreamClient, tcpClient } from '../../bench/load/door-clients.ts'
import { otlpRequest, telemetryBatch } from '../../bench/load/door-payloads.ts'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { liveAtLeast, twoMoreOfEach } from '../support/life.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const KILLS = { test: 5, wide: 20, long: 100 }[testSet()]
const LIFE_MS = [200, 600] as const
/** Seals run while the process dies, too. */
const SEAL_AFTER = '300ms'
const STEP_MS = 10
const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-doors-kill-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

/** One sender: sample `number` of it is at `baseMs + number * STEP_MS`. */
interface Writer {
  readonly name: string
  /** One series that each of its bodies has a sample of. */
  readonly selector: string
  next: number
  readonly acked: Set<number>
  open(server: TestServer): DoorClient
  body(timeMs: number, number: number): Buffer
}

function writers(): Writer[] {
  const otlp = otlpRequest(0)
  const stream = telemetryBatch(0, '')
  const text = (form: (timeMs: number, number: number) => string) => (timeMs: number, number: number) =>
    Buffer.from(form(timeMs, number))
  const of = (
    name: string,
    selector: string,
    open: (server: TestServer) => DoorClient,
    body: (timeMs: number, number: number) => Buffer,
  ): Writer => ({ name, selector, open, body, next: 0, acked: new Set() })
  return [
    of(
      'OTLP gRPC',
      '{__name__=~"http_server_request_size_0.*",server_address="10.0.0.0"}',
      ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, EXPORT),
      (timeMs) => otlp.at(timeMs),
    ),
    of(
      'stream',
      'http_server_request_duration_seconds_0{pool="pool-0"}',
      ({ streamTarget }) => new StreamClient(streamTarget),
      (timeMs) => stream.at(timeMs),
    ),
    of(
      'InfluxDB',
      'flux_v{door="influx"}',
      ({ url }) => httpClient(`${url}/write?precision=ms`, {}),
      text((timeMs, number) => `flux,door=influx v=${number} ${timeMs}\nflux,door=other v=1 ${timeMs}\n`),
    ),
    of(
      'text',
      'imported{door="text"}',
      ({ url }) => httpClient(`${url}/api/v1/import/prometheus`, {}),
      text((timeMs, number) => `imported{door="text"} ${number} ${timeMs}\n`),
    ),
    of(
      'text with parameters',
      'rewritten{door="extra"}',
      ({ url }) => httpClient(`${url}/api/v1/import/prometheus?extra_label=door=extra`, {}),
      text((timeMs, number) => `rewritten ${number} ${timeMs}\n`),
    ),
  ]
}

async function write(server: TestServer, writer: Writer, baseMs: number, isOver: () => boolean): Promise<void> {
  const client = writer.open(server)
  while (!isOver()) {
    const number = writer.next++
    try {
      if ((await client.send(writer.body(baseMs + number * STEP_MS, number))) === 'taken') writer.acked.add(number)
    } catch (error) {
      // The process died under the request: not acknowledged.
      if (!isOver()) throw error
    }
  }
  client.close()
}

/** Pushes have no times of their own: what was acknowledged is counted by its value. */
async function push(server: TestServer, acked: Set<number>, next: () => number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const number = next()
    try {
      const answer = await fetch(`${server.url}/metrics/job/kill`, { method: 'PUT', body: `pushed ${number}\n` })
      if (answer.status === 200) acked.add(number)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}

async function points(server: TestServer, selector: string, atMs: number): Promise<(readonly [number, number])[]> {
  const query = new URLSearchParams({ query: `${selector}[1d]`, time: String(atMs / 1_000) })
  const answer = await fetch(`${server.url}/api/v1/query?${query}`)
  const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
  return data.result.flatMap(({ values }) =>
    values.map(([seconds, value]) => [Math.round(seconds * 1_000), Number(value)] as const),
  )
}

test('kill -9 again and again under every door', { timeout: KILLS * 40_000 }, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}, ${KILLS} kills`)
  const random = seededRandom(seed)
  const baseMs = Date.now() - 7_200_000
  const all = writers()
  const pushed = new Set<number>()
  let pushes = 0
  let statsdSends = 0
  const [statsd] = (await freePorts(1)) as [number]
  const env = {
    VANTAGE_SELF_ENABLED: 'false',
    VANTAGE_SEAL_AFTER: SEAL_AFTER,
    VANTAGE_STATSD_PORT: String(statsd),
    VANTAGE_STATSD_FLUSH_INTERVAL: '50ms',
  }
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startServer({ dataDir, env })
    let isOver = false
    const over = () => isOver
    const statsdClient = await tcpClient(statsd)
    const counting = (async () => {
      while (!isOver && (await statsdClient.send(Buffer.from(`life.${kill}:1|c\n`))) === 'taken') {
        statsdSends++
        await new Promise((wake) => setTimeout(wake, 2))
      }
    })()
    const working = [...all.map((one) => write(server, one, baseMs, over)), push(server, pushed, () => pushes++, over)]
    const hasWorked = twoMoreOfEach([pushed, ...all.map(({ acked }) => acked)])
    await liveAtLeast(LIFE_MS[0] + random() * (LIFE_MS[1] - LIFE_MS[0]), hasWorked)
    const killed = server.kill()
    isOver = true
    await killed
    await Promise.all([...working, counting])
    statsdClient.close()
  }
  const server = await startServer({ dataDir, env })
  const endMs = Date.now() + 60_000
  for (const writer of all) {
    const times = new Set((await points(server, writer.selector, endMs)).map(([timeMs]) => (timeMs - baseMs) / STEP_MS))
    const lost = [...writer.acked].filter((number) => !times.has(number))
    expect([writer.name, lost]).toEqual([writer.name, []])
    expect(writer.acked.size, writer.name).toBeGreaterThan(KILLS)
    // What is there was sent.
    expect([...times].every((number) => Number.isInteger(number) && number >= 0 && number < writer.next)).toBe(true)
  }
  const stored = new Set((await points(server, 'pushed{job="kill"}', endMs)).map(([, value]) => value))
  expect([...pushed].filter((number) => !stored.has(number))).toEqual([])
  expect(pushed.size).toBeGreaterThan(KILLS)
  // StatsD acknowledges nothing: each life's counter grew and never beyond what was sent.
  const counts = (await points(server, '{__name__=~"life_.*"}', endMs)).map(([, value]) => value)
  expect(counts.length).toBeGreaterThan(KILLS)
  expect(Math.max(...counts)).toBeLessThanOrEqual(statsdSends)
  expect(server.output()).not.toMatch(/uncaught|unhandled|does not decode any more/)
  expect(await server.stop()).toBe(0)
})
