/**
 * Sets: test (1 s of overload, 2,000 inputs of noise), wide (8 s, 20,000), long (60 s, 200,000). Too much work, noise and a
 * full disk at the doors of datagrams, which never answer: what is not stored is counted.
 */
import { createSocket, type Socket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { jaegerThriftBodies, storedSpans } from '../support/record-bodies.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const SET = testSet()
const OVERLOAD_MS = { test: 1_000, wide: 8_000, long: 60_000 }[SET]
const NOISE_INPUTS = { test: 2_000, wide: 20_000, long: 200_000 }[SET]
const SENDERS = 4
const GROWN_BYTES_MAX = 700 * 1024 ** 2

/** A one-way call of Thrift's binary protocol: `emitBatch(1: batch)`. */
function emitBatch(batch: Uint8Array): Buffer {
  const name = Buffer.from('emitBatch')
  const head = Buffer.alloc(8 + name.length + 4 + 3)
  head.writeUInt32BE(0x80010004, 0)
  head.writeUInt32BE(name.length, 4)
  name.copy(head, 8)
  // Sequence 0, then a struct as the first argument.
  head.writeUInt8(12, 8 + name.length + 4)
  head.writeUInt16BE(1, 8 + name.length + 5)
  return Buffer.concat([head, batch, Buffer.from([0])])
}

function sender(): { readonly send: (bytes: Uint8Array, port: number) => Promise<void>; readonly socket: Socket } {
  const socket = createSocket('udp4')
  const send = (bytes: Uint8Array, port: number) =>
    new Promise<void>((resolve) => socket.send(bytes, port, '127.0.0.1', () => resolve()))
  return { send, socket }
}

/** The sum of a counter's series that have these labels. */
async function figure({ url }: TestServer, name: string, labels: readonly string[]): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

function residentBytes(server: TestServer): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024
}

const JAEGER = 'receiver="jaeger-udp"'

/** Datagrams that came and were neither dropped nor refused: their spans are stored. */
async function taken(server: TestServer): Promise<number> {
  const came = await figure(server, 'vantage_datagrams_total', [JAEGER])
  const dropped = await figure(server, 'vantage_quiet_dropped_total', [JAEGER])
  const requests = await figure(server, 'vantage_ingest_requests_total', [JAEGER])
  const good = await figure(server, 'vantage_ingest_requests_total', [JAEGER, 'code="ok"'])
  return came - dropped - (requests - good)
}

test('Jaeger over UDP: too much: memory is bounded, what is not stored is counted, normal afterwards', {
  timeout: 300_000,
}, async () => {
  const [port] = (await freePorts(1)) as [number]
  const server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_JAEGER_BINARY_PORT: String(port) },
  })
  const beforeBytes = residentBytes(server)
  const endMs = performance.now() + OVERLOAD_MS
  const bodies = Array.from({ length: SENDERS + 1 }, (_, shard) => jaegerThriftBodies(shard))
  let sent = 0
  await Promise.all(
    bodies.slice(1).map(async (body) => {
      const { send, socket } = sender()
      for (; performance.now() < endMs; sent++) await send(emitBatch(body.at(0)), port)
      socket.close()
    }),
  )
  expect(residentBytes(server) - beforeBytes).toBeLessThan(GROWN_BYTES_MAX)
  const [body] = bodies as [(typeof bodies)[number]]
  const allStored = async () => (await storedSpans(server)) === (await taken(server)) * body.items
  await expect.poll(allStored, { timeout: 30_000 }).toBe(true)
  const during = await taken(server)
  console.log(`sent ${sent} datagrams, taken ${during}, of ${body.items} spans each`)
  expect(during).toBeGreaterThan(0)
  const { send, socket } = sender()
  await send(emitBatch(body.at(0)), port)
  socket.close()
  await expect.poll(() => taken(server)).toBe(during + 1)
  await expect.poll(allStored, { timeout: 30_000 }).toBe(true)
  expect(server.output()).not.toMatch(/uncaught|unhandled|met a bug/)
  expect(await server.stop()).toBe(0)
})

const vector = (path: string) => readFileSync(new URL(`../../packages/decode/src/${path}`, import.meta.url))

test('noise at the doors of datagrams: no crash, and good ones are taken between', { timeout: 600_000 }, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}`)
  const random = seededRandom(seed)
  const pick = (below: number) => Math.floor(random() * below)
  const [compact, binary, influx, statsd] = (await freePorts(4)) as [number, number, number, number]
  const server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_JAEGER_COMPACT_PORT: String(compact),
      VANTAGE_JAEGER_BINARY_PORT: String(binary),
      VANTAGE_INFLUX_UDP_PORT: String(influx),
      VANTAGE_STATSD_PORT: String(statsd),
    },
  })
  const compactCall = vector('jaeger/vectors/opentelemetry-jaeger-agent-1.21.0.bin')
  const binaryCall = vector('jaeger/vectors/jaeger-client-3.19.0.bin')
  const seeds: readonly (readonly [number, Uint8Array])[] = [
    [compact, compactCall],
    [compact, binaryCall],
    [binary, binaryCall],
    [binary, compactCall],
    [influx, Buffer.from('cpu,host=a value=1,idle=2i 1700000000000000000\n')],
    [statsd, Buffer.from('a.b:1|c|@0.5|#x:y\nc:2.5|ms\n_e{1,1}:a|b\n')],
  ]
  const mutated = (good: Uint8Array): Uint8Array => {
    if (random() < 0.1) return Uint8Array.from({ length: pick(300) }, () => pick(256))
    const bytes = Uint8Array.from(good)
    for (let i = pick(6); i >= 0; i--) bytes[pick(bytes.length)] = pick(256)
    return random() < 0.2 ? bytes.subarray(0, pick(bytes.length)) : bytes
  }
  const { send, socket } = sender()
  for (let i = 0; i < NOISE_INPUTS; i++) {
    const [port, good] = seeds[pick(seeds.length)] as (typeof seeds)[number]
    await send(mutated(good), port)
  }
  await send(emitBatch(jaegerThriftBodies(0).at(0)), binary)
  socket.close()
  await expect.poll(async () => (await fetch(`${server.url}/-/ready`)).status).toBe(200)
  const query = new URLSearchParams({ q: '{ resource.service.name = "overload-0" }' })
  const found = async () => {
    const answer = await fetch(`${server.url}/tempo/api/search?${query}`)
    return ((await answer.json()) as { traces: unknown[] }).traces.length
  }
  await expect.poll(found, { timeout: 30_000 }).toBeGreaterThan(0)
  for (const receiver of ['jaeger-udp', 'influx-udp', 'statsd']) {
    const label = `receiver="${receiver}"`
    expect(await figure(server, 'vantage_datagrams_total', [label])).toBeGreaterThan(0)
  }
  expect(await figure(server, 'vantage_quiet_dropped_total', [JAEGER, 'reason="malformed"'])).toBeGreaterThan(0)
  expect(server.output()).not.toMatch(/uncaught|unhandled|met a bug|a handler failed/)
  expect(await server.stop()).toBe(0)
})

test('below storage.minFree datagrams of spans are refused, counted, and nothing of them is stored', async () => {
  const [port] = (await freePorts(1)) as [number]
  const server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_JAEGER_BINARY_PORT: String(port) },
    config: 'storage:\n  minFree: 1000000GiB\n',
  })
  const { send, socket } = sender()
  await send(emitBatch(jaegerThriftBodies(0).at(0)), port)
  socket.close()
  const refused = () => figure(server, 'vantage_ingest_requests_total', [JAEGER, 'code="unavailable"'])
  await expect.poll(refused).toBe(1)
  expect(await storedSpans(server)).toBe(0)
  expect(await server.stop()).toBe(0)
})
