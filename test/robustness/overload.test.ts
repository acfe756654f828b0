/** Sets: test (5 s of overload, 2,000 socket inputs), wide (60 s, 20,000), long (30 min). A full disk, too much work, noise on every door. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { encodeRemoteWrite } from '../../packages/decode/src/remote-write/index.ts'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

const OVERLOAD_MS = { test: 5_000, wide: 60_000, long: 1_800_000 }[testSet()]
const NOISE_INPUTS = { test: 2_000, wide: 20_000, long: 200_000 }[testSet()]
const MIB = 1024 ** 2

const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms))

async function post(url: string, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
}

test('below storage.minFree every door refuses writes and says why; queries go on', async () => {
  const env = { VANTAGE_SELF_ENABLED: 'false' }
  const dataDir = await mkdtemp(join(tmpdir(), 'vantage-full-'))
  const server = await startServer({ env, dataDir, config: 'storage:\n  minFree: 1000000GiB\n' })
  const now = Date.now()
  const write = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: new Uint8Array(snappyCompress(encodeRemoteWrite([series({ __name__: 'full' }, [[now, 1]])]))),
  })
  const item = { timestamp: now, service_name: 's', metric_name: 'full', value: 1 }
  const batch = await post(`${server.url}/v1/metrics`, 'application/json', JSON.stringify({ metrics: [item] }))
  const dataPoints = [{ timeUnixNano: `${now}000000`, asDouble: 1 }]
  const metrics = [{ name: 'full', gauge: { dataPoints } }]
  const otlp = await post(
    `${server.otlpHttpUrl}/v1/metrics`,
    'application/json',
    JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
  )
  for (const answer of [write, batch, otlp]) {
    expect(answer.status).toBe(503)
    // 30 s with a fifth of jitter.
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(24)
    expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(36)
    expect(await answer.text()).toMatch(/storage\.minFree/)
  }
  const found = await fetch(`${server.url}/api/v1/query?query=count(full)`)
  expect(await found.json()).toMatchObject({ status: 'success', data: { result: [] } })
  expect((await fetch(`${server.url}/-/ready`)).status).toBe(200)
  expect(await server.stop()).toBe(0)
  // The same folder with room again takes writes.
  const again = await startServer({ env, dataDir })
  expect((await remoteWrite(again.url, [series({ __name__: 'full' }, [[now, 1]])])).status).toBe(204)
  expect(await again.stop()).toBe(0)
  await rm(dataDir, { recursive: true, force: true })
})

function residentBytes(server: TestServer): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024
}

test('overload: only 2xx, 429 and 503; memory stays bounded; normal afterwards', { timeout: 2_000_000 }, async () => {
  // In-flight bytes for two of the requests: more senders than that are too many.
  const server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false' },
    config: 'ingest:\n  maxInflightBytes: 512KiB\n  queueBytes: 1MiB\nquery:\n  queue: 2\n',
  })
  const statuses = new Map<number, number>()
  const note = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1)
  const beforeBytes = residentBytes(server)
  const endMs = performance.now() + OVERLOAD_MS
  let acknowledged = 0
  let clockMs = Date.now() - 3_600_000
  const sender = async (name: number) => {
    const labels = Array.from({ length: 2_000 }, (_, i) => ({ __name__: 'load', sender: String(name), i: String(i) }))
    while (performance.now() < endMs) {
      clockMs += 1
      const rows = labels.map((one) => series(one, [[clockMs, Math.random()]]))
      const { status } = await remoteWrite(server.url, rows)
      note(status)
      if (status === 204) acknowledged += rows.length
      else expect([429, 503]).toContain(status)
    }
  }
  const asker = async () => {
    while (performance.now() < endMs) {
      const query = new URLSearchParams({
        query: 'sum(rate(load[5m]))',
        start: String(clockMs / 1000 - 600),
        end: String(clockMs / 1000),
        step: '1',
      })
      const answer = await fetch(`${server.url}/api/v1/query_range?${query}`)
      await answer.arrayBuffer()
      note(answer.status)
    }
  }
  await Promise.all([...Array.from({ length: 10 }, (_, i) => sender(i)), ...Array.from({ length: 10 }, asker)])
  for (const status of statuses.keys()) expect([200, 204, 429, 503]).toContain(status)
  expect(statuses.get(503) ?? 0, JSON.stringify([...statuses])).toBeGreaterThan(0)
  expect(statuses.get(429) ?? 0, JSON.stringify([...statuses])).toBeGreaterThan(0)
  expect(residentBytes(server) - beforeBytes).toBeLessThan(700 * MIB)
  // Normal at once: a write is taken, and everything acknowledged is counted.
  await wait(100)
  expect((await remoteWrite(server.url, [series({ __name__: 'after' }, [[Date.now(), 1]])])).status).toBe(204)
  const query = new URLSearchParams({ query: 'sum(count_over_time(load[2h]))', time: String(clockMs / 1000 + 1) })
  const answer = (await (await fetch(`${server.url}/api/v1/query?${query}`)).json()) as {
    data: { result: { value: [number, string] }[] }
  }
  // Nothing acknowledged is missing, nothing refused is there.
  expect(Number(answer.data.result[0]?.value[1])).toBe(acknowledged)
  expect(await server.stop()).toBe(0)
})

/** What a connection sent back, up to its end or a while. */
async function exchange(port: number, bytes: Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
  // A server that hangs up on noise is right.
  socket.on('error', () => {})
  socket.end(bytes)
  await Promise.race([once(socket, 'close').catch(() => {}), wait(1_000)])
  socket.destroy()
  return answer
}

test('noise on every door: no crash, no 5xx', { timeout: 600_000 }, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}`)
  const random = seededRandom(seed)
  const pick = (below: number) => Math.floor(random() * below)
  const noise = (length: number) => Uint8Array.from({ length }, () => pick(256))
  const server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const main = Number(new URL(server.url).port)
  const otlp = Number(new URL(server.otlpHttpUrl).port)
  const grpc = Number(server.otlpGrpcTarget.split(':')[1])
  const good = snappyCompress(encodeRemoteWrite([series({ __name__: 'x', a: 'b' }, [[Date.now(), 1]])]))
  const paths = ['/api/v1/write', '/v1/metrics', '/api/v1/query', '/api/v1/label/%zz/values', '/ws', '/docs', '/%00']
  const types = ['application/x-protobuf', 'application/json', 'application/x-www-form-urlencoded', '\x01']
  const encodings = ['identity', 'gzip', 'zstd', 'deflate', 'snappy', 'br']
  const body = (): Uint8Array => {
    if (random() < 0.5) return noise(pick(400))
    const bytes = new Uint8Array(good)
    for (let i = pick(5); i >= 0; i--) bytes[pick(bytes.length)] = pick(256)
    return bytes
  }
  const input = (): [number, Uint8Array] => {
    const kind = random()
    if (kind < 0.1) return [[main, otlp, grpc][pick(3)] as number, noise(pick(600))]
    if (kind < 0.15) return [grpc, Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), noise(pick(300))])]
    const bytes = body()
    const head = [
      `${['POST', 'GET', 'PUT', 'BREW'][pick(4)]} ${paths[pick(paths.length)]}${random() < 0.2 ? '?query=%ff%fe{' : ''} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: close',
      `Content-Type: ${types[pick(types.length)]}`,
      `Content-Encoding: ${encodings[pick(encodings.length)]}`,
      random() < 0.1 ? `Content-Length: ${pick(1e9)}` : `Content-Length: ${bytes.length}`,
    ]
    return [random() < 0.7 ? main : otlp, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), bytes])]
  }
  let left = NOISE_INPUTS
  const bad: string[] = []
  const callers = Array.from({ length: 16 }, async () => {
    while (left-- > 0) {
      const [port, bytes] = input()
      const answer = await exchange(port, bytes)
      if (/^HTTP\/1\.1 5/.test(answer)) bad.push(`${Buffer.from(bytes).toString('base64')}: ${answer.slice(0, 300)}`)
    }
  })
  await Promise.all(callers)
  expect(bad).toEqual([])
  await grpcNoise(grpc, () => noise(pick(200)), NOISE_INPUTS / 10)
  expect((await fetch(`${server.url}/-/ready`)).status).toBe(200)
  expect(server.output()).not.toMatch(/uncaught|unhandled|met a bug|a handler failed|a request failed/)
  expect(await server.stop()).toBe(0)
})

/** Whole gRPC calls with noise as the message: INVALID_ARGUMENT or taken, never INTERNAL. */
async function grpcNoise(port: number, noise: () => Uint8Array, calls: number): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const statuses = new Set<string>()
  for (let i = 0; i < calls; i++) {
    const message = noise()
    const frame = Buffer.alloc(5 + message.length)
    frame.writeUInt32BE(message.length, 1)
    frame.set(message, 5)
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const note = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) statuses.add(String(headers['grpc-status']))
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.resume()
    stream.end(frame)
    await once(stream, 'close')
  }
  session.close()
  expect([...statuses].filter((one) => one !== '0' && one !== '3')).toEqual([])
  expect(statuses.has('3')).toBe(true)
}
