/**
 * Sets: test (2 s of overload a door, 2,000 inputs of noise), wide (8 s, 20,000), long (60 s, 200,000); less than that at
 * each door of logs and spans. Too much work, noise and a full disk at the doors beside remote write: OTLP over gRPC
 * (metrics, logs, spans), the telemetry stream, InfluxDB lines, text, pushes, StatsD, Zipkin, Jaeger's, Loki's push, lines
 * of JSON.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DoorClient, grpcClient, httpClient, StreamClient, tcpClient } from '../../bench/load/door-clients.ts'
import {
  expositionText,
  influxLines,
  otlpRequest,
  statsdLines,
  telemetryBatch,
} from '../../bench/load/door-payloads.ts'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import {
  jaegerProtobufBodies,
  jaegerThriftBodies,
  jsonLineBodies,
  type LoadBodies,
  lokiBodies,
  otlpLogBodies,
  otlpSpanBodies,
  storedLogRows,
  storedSpans,
  zipkinJsonBodies,
  zipkinProtobufBodies,
} from '../support/record-bodies.ts'
import { freePorts, startServer, type TestServer } from '../support/server.ts'

const SET = testSet()
const OVERLOAD_MS = { test: 2_000, wide: 8_000, long: 60_000 }[SET]
const CAPACITY_MS = { test: 1_000, wide: 3_000, long: 5_000 }[SET]
/** There are many of them. */
const RECORDS_SHARE = { test: 0.5, wide: 0.25, long: 1 }[SET]
const NOISE_INPUTS = { test: 2_000, wide: 20_000, long: 200_000 }[SET]
/** How much more than it can take is offered. */
const OVERLOAD = 5
/** What is taken under overload of what can be taken; asked where nothing else runs beside the test. */
const GOODPUT_SHARE = 0.8
const RECOVERY_MS = 10_000
/** Bodies come evenly: in bursts, the time in between would be the sender's to waste. */
const TICK_MS = 2
const SENDER_NICE = 10
const CONNECTIONS = 16
/** Bodies on their way: a sender that has more waits, as its own memory is bounded too. */
const OPEN_MAX = 256
const GROWN_BYTES_MAX = 700 * 1024 ** 2
const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

const EXPORT_LOGS = '/opentelemetry.proto.collector.logs.v1.LogsService/Export'
const EXPORT_SPANS = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

interface Door {
  readonly name: string
  /** Bodies in flight while capacity is measured. */
  readonly inFlight: number
  template(shard: number): LoadBodies
  client(server: TestServer, shard: number): DoorClient
  /** A body that was not acknowledged may be stored all the same: its stream ended before the answer. */
  readonly mayHoldMore: boolean
  /** All items of the load that are stored. @param atMs behind all of their times */
  stored(server: TestServer, atMs: number): Promise<number>
  /** Of the usual times. */
  readonly share: number
}

const SAMPLES = { stored: storedSamples, share: 1 }

function recordDoor(
  name: string,
  template: Door['template'],
  client: Door['client'],
  stored: Door['stored'] = storedSpans,
): Door {
  return { name, inFlight: 4, template, client, mayHoldMore: false, stored, share: RECORDS_SHARE }
}

const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }
const THRIFT_TYPE = { 'content-type': 'application/x-thrift' }
const POST_SPANS = '/jaeger.api_v2.CollectorService/PostSpans'

const DOORS: readonly Door[] = [
  {
    name: 'OTLP gRPC',
    inFlight: 4,
    template: otlpRequest,
    client: ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, EXPORT),
    mayHoldMore: false,
    ...SAMPLES,
  },
  {
    name: 'stream',
    inFlight: 64,
    template: (shard) => telemetryBatch(shard, ''),
    client: ({ streamTarget }) => new StreamClient(streamTarget),
    mayHoldMore: true,
    ...SAMPLES,
  },
  {
    name: 'InfluxDB',
    inFlight: 4,
    template: influxLines,
    client: ({ url }) => httpClient(`${url}/write`, {}),
    mayHoldMore: false,
    ...SAMPLES,
  },
  {
    name: 'text',
    inFlight: 4,
    template: expositionText,
    client: ({ url }) => httpClient(`${url}/api/v1/import/prometheus`, {}),
    mayHoldMore: false,
    ...SAMPLES,
  },
  recordDoor(
    'OTLP gRPC, logs',
    otlpLogBodies,
    ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, EXPORT_LOGS),
    storedLogRows,
  ),
  recordDoor('OTLP gRPC, spans', otlpSpanBodies, ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, EXPORT_SPANS)),
  recordDoor('Zipkin JSON', zipkinJsonBodies, ({ url }) => httpClient(`${url}/api/v2/spans`, JSON_TYPE)),
  recordDoor('Zipkin protobuf', zipkinProtobufBodies, ({ url }) => httpClient(`${url}/api/v2/spans`, PROTOBUF_TYPE)),
  recordDoor('Jaeger Thrift', jaegerThriftBodies, ({ url }) => httpClient(`${url}/api/traces`, THRIFT_TYPE)),
  recordDoor('Jaeger PostSpans', jaegerProtobufBodies, ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, POST_SPANS)),
  recordDoor('lines of JSON', jsonLineBodies, ({ url }) => httpClient(`${url}/insert/jsonline`, {}), storedLogRows),
  recordDoor('Loki push', lokiBodies, ({ url }) => httpClient(`${url}/loki/api/v1/push`, JSON_TYPE), storedLogRows),
]

/** Elsewhere senders have processors of their own: here they give way to the server, started before, until it is over. */
function giveWay(): () => void {
  setPriority(SENDER_NICE)
  return () => {
    try {
      setPriority(0)
    } catch {
      // Without the right to, servers that are started from here on give way alike.
    }
  }
}

const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms))

function residentBytes(server: TestServer): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Sends bodies of a door, each with a time of its own, and counts what became of them. */
class Load {
  readonly #door: Door
  readonly #clients: readonly DoorClient[]
  readonly #templates: readonly LoadBodies[]
  readonly #timesMs: number[]
  readonly #open = new Set<Promise<void>>()
  #turn = 0
  sentItems = 0
  takenItems = 0
  refusedItems = 0

  constructor(door: Door, server: TestServer, startMs: number) {
    this.#door = door
    this.#clients = Array.from({ length: CONNECTIONS }, (_, i) => door.client(server, i))
    this.#templates = Array.from({ length: CONNECTIONS }, (_, i) => door.template(i))
    this.#timesMs = this.#templates.map(() => startMs)
  }

  get itemsPerBody(): number {
    return (this.#templates[0] as LoadBodies).items
  }

  send(): Promise<void> {
    const shard = this.#turn++ % CONNECTIONS
    const template = this.#templates[shard] as LoadBodies
    const timeMs = this.#timesMs[shard] as number
    this.#timesMs[shard] = timeMs + 1
    this.sentItems += template.items
    const one = (this.#clients[shard] as DoorClient).send(template.at(timeMs)).then((sent) => {
      this.#open.delete(one)
      if (sent === 'taken') this.takenItems += template.items
      else this.refusedItems += template.items
    })
    this.#open.add(one)
    return one
  }

  /** As much as is taken with a few bodies in flight. @returns items a second */
  async capacity(ms: number): Promise<number> {
    const startedMs = performance.now()
    const before = this.takenItems
    const sender = async () => {
      while (performance.now() - startedMs < ms) await this.send()
    }
    await Promise.all(Array.from({ length: this.#door.inFlight }, sender))
    return (this.takenItems - before) / ((performance.now() - startedMs) / 1_000)
  }

  /** Offers so many items a second, whatever becomes of them. @returns items taken a second */
  async offer(itemsPerSecond: number, ms: number): Promise<number> {
    const startedMs = performance.now()
    const before = this.takenItems
    let owed = 0
    while (performance.now() - startedMs < ms) {
      owed = Math.min(owed + (itemsPerSecond * TICK_MS) / 1_000, itemsPerSecond)
      for (; owed >= this.itemsPerBody && this.#open.size < OPEN_MAX; owed -= this.itemsPerBody) void this.send()
      await wait(TICK_MS)
    }
    const taken = (this.takenItems - before) / ((performance.now() - startedMs) / 1_000)
    await Promise.all(this.#open)
    return taken
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }
}

/** All samples that are stored, metric by metric, so that no question is too large. */
async function storedSamples(server: TestServer, atMs: number): Promise<number> {
  const names = (await (await fetch(`${server.url}/api/v1/label/__name__/values`)).json()) as { data: string[] }
  let count = 0
  for (const name of names.data) {
    // What OTLP says about its resources has no item of its own.
    if (name === 'target_info') continue
    const query = `sum(count_over_time({__name__="${name}"}[3h]))`
    const answer = await fetch(
      `${server.url}/api/v1/query?${new URLSearchParams({ query, time: String(atMs / 1_000) })}`,
    )
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    count += Number(data.result[0]?.value[1] ?? 0)
  }
  return count
}

test.each(DOORS)(
  '$name: five times too much: memory is bounded, nothing acknowledged is lost, normal afterwards',
  {
    timeout: 600_000,
  },
  async (door) => {
    const server = await startServer({
      env: { VANTAGE_SELF_ENABLED: 'false' },
      // All that a minute brings is counted in one question.
      config: 'ingest:\n  maxInflightBytes: 4MiB\nquery:\n  maxSamples: 1000000000\n',
    })
    const startMs = Date.now() - 3_600_000
    const load = new Load(door, server, startMs)
    const stopGivingWay = giveWay()
    try {
      await load.capacity((CAPACITY_MS * door.share) / 2)
      const capacity = await load.capacity(CAPACITY_MS * door.share)
      const beforeBytes = residentBytes(server)
      const goodput = await load.offer(capacity * OVERLOAD, OVERLOAD_MS * door.share)
      const grownBytes = residentBytes(server) - beforeBytes
      console.log(
        `${door.name}: capacity ${Math.round(capacity / 1e3)} k/s, goodput ${Math.round(goodput / 1e3)} k/s, refused ${Math.round((100 * load.refusedItems) / load.sentItems)} %, grown ${Math.round(grownBytes / 1024 ** 2)} MiB`,
      )
      if (SET === 'long') expect(goodput).toBeGreaterThanOrEqual(capacity * GOODPUT_SHARE)
      expect(goodput).toBeGreaterThan(0)
      expect(grownBytes).toBeLessThan(GROWN_BYTES_MAX)
      const endedMs = performance.now()
      const taken = load.takenItems
      while (load.takenItems === taken) {
        expect(performance.now() - endedMs).toBeLessThan(RECOVERY_MS)
        await load.send()
      }
      const stored = await door.stored(server, startMs + 7_200_000)
      if (door.mayHoldMore) {
        expect(stored).toBeGreaterThanOrEqual(load.takenItems)
        expect(stored).toBeLessThanOrEqual(load.sentItems)
      } else expect(stored).toBe(load.takenItems)
      expect(server.output()).not.toMatch(/uncaught|unhandled|met a bug/)
    } finally {
      stopGivingWay()
      load.close()
      const code = await server.stop()
      expect(code, server.output()).toBe(0)
    }
  },
)

test('StatsD over TCP: senders are slowed down, no line is lost', { timeout: 600_000 }, async () => {
  const [port] = (await freePorts(1)) as [number]
  const server = await startServer({
    env: {
      VANTAGE_SELF_ENABLED: 'false',
      VANTAGE_STATSD_PORT: String(port),
      VANTAGE_STATSD_FLUSH_INTERVAL: '500ms',
    },
  })
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => tcpClient(port)))
  const body = statsdLines(0).at(0)
  const first = Number(/^http\.0:(\d+)\|/.exec(body.toString())?.[1])
  const beforeBytes = residentBytes(server)
  const endMs = performance.now() + OVERLOAD_MS
  let sends = 0
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < endMs) {
        sends++
        expect(await client.send(body)).toBe('taken')
      }
    }),
  )
  expect(residentBytes(server) - beforeBytes).toBeLessThan(GROWN_BYTES_MAX)
  const counted = async () => {
    const query = new URLSearchParams({ query: 'http_0{route="0"}' })
    const answer = await fetch(`${server.url}/api/v1/query?${query}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1] ?? 0)
  }
  // What the sockets still hold is read, then stated by the next flush.
  const deadlineMs = performance.now() + RECOVERY_MS
  while ((await counted()) < sends * first && performance.now() < deadlineMs) await wait(100)
  expect(await counted()).toBe(sends * first)
  for (const client of clients) client.close()
  expect(await server.stop()).toBe(0)
})

const vector = (path: string) =>
  readFileSync(new URL(`../../packages/decode/src/${path}`, import.meta.url)) as Buffer<ArrayBuffer>

/** A good body for each door of logs and spans: path, media type, bytes. */
const RECORD_BODIES: readonly (readonly [string, string, Buffer<ArrayBuffer>])[] = [
  [
    '/v1/logs',
    'application/json',
    Buffer.from('{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}'),
  ],
  ['/v1/logs', 'application/x-protobuf', Buffer.from('0a0d120b12092a070a056c6576656c', 'hex')],
  [
    '/v1/traces',
    'application/json',
    Buffer.from(
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]}',
    ),
  ],
  [
    '/loki/api/v1/push',
    'application/json',
    Buffer.from('{"streams":[{"stream":{"a":"b"},"values":[["1","x",{"c":"d"}]]}]}'),
  ],
  [
    '/insert/jsonline?_stream_fields=a',
    '',
    Buffer.from('{"_msg":"x","a":"b","_time":"1700000000"}\n{"level":"warn"}\n'),
  ],
  ['/default/web/_json', 'application/json', Buffer.from('[{"message":"x","time":1700000000},{"level":"warn"}]')],
  ['/api/vantage/v1/events', 'application/json', Buffer.from('{"service":"a","version":"1","attributes":{"b":1}}')],
  ['/api/v2/spans', 'application/json', vector('zipkin/vectors/py-zipkin-1.2.8.json')],
  ['/api/v2/spans', 'application/x-protobuf', vector('zipkin/vectors/py-zipkin-1.2.8.bin')],
  ['/api/traces', 'application/x-thrift', vector('jaeger/vectors/opentelemetry-jaeger-thrift-1.21.0.bin')],
]

/** What a connection sent back, up to its end or a while. */
async function exchange(target: number | string, bytes: Uint8Array): Promise<string> {
  const socket = typeof target === 'string' ? connect(target) : connect(target, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
  socket.on('error', () => {})
  socket.end(bytes)
  await Promise.race([once(socket, 'close').catch(() => {}), wait(1_000)])
  socket.destroy()
  return answer
}

test('noise at the doors for lines, pushes, StatsD and the stream: no crash, no 5xx', {
  timeout: 900_000,
}, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}`)
  const random = seededRandom(seed)
  const pick = (below: number) => Math.floor(random() * below)
  const noise = (length: number) => Uint8Array.from({ length }, () => pick(256))
  const folder = await mkdtemp(join(tmpdir(), 'vantage-noise-'))
  const socket = join(folder, 'statsd.sock')
  const [statsd] = (await freePorts(1)) as [number]
  const server = await startServer({
    env: { VANTAGE_SELF_ENABLED: 'false', VANTAGE_STATSD_PORT: String(statsd), VANTAGE_STATSD_SOCKET: socket },
  })
  const main = Number(new URL(server.url).port)
  const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
  const family = readFileSync(
    new URL('../../packages/decode/src/metric-family/vectors/node-exporter-1.5.0.bin', import.meta.url),
  )
  const seeds: readonly (readonly [string, string, Uint8Array])[] = [
    ['/write?precision=ms', 'text/plain', Buffer.from('cpu,host=a value=1,idle=2i 1700000000000\n')],
    ['/api/v2/write', '', Buffer.from('m f="text",g=t\n')],
    ['/api/v1/import/prometheus', 'text/plain', Buffer.from('# TYPE a counter\na{b="c"} 1 1700000000000\n')],
    ['/api/v1/import/prometheus', 'application/openmetrics-text', Buffer.from('a 1 # {t="x"} 2\n# EOF\n')],
    ['/api/v1/import/prometheus?extra_label=a=b', 'text/plain', Buffer.from('a{b="c"} 1\n')],
    ...RECORD_BODIES,
    ['/metrics/job/noise', 'text/plain', Buffer.from('a{b="c"} 1\n')],
    ['/metrics/job@base64/bm9pc2U/x/y', protobuf, family.subarray(0, 600)],
  ]
  const mutated = (good: Uint8Array): Uint8Array => {
    if (random() < 0.1) return noise(pick(300))
    const bytes = Uint8Array.from(good)
    for (let i = pick(6); i >= 0 && bytes.length > 0; i--) bytes[pick(bytes.length)] = pick(256)
    return random() < 0.2 ? bytes.subarray(0, pick(bytes.length)) : bytes
  }
  const lines = Buffer.from('a.b:1|c|@0.5|#x:y\nc:2.5|ms\n_e{1,1}:a|b\n')
  const bad: string[] = []
  let left = NOISE_INPUTS
  const caller = async () => {
    while (left-- > 0) {
      if (random() < 0.2) {
        const framed = Buffer.concat([Buffer.from([pick(40), pick(2), pick(2), pick(2)]), mutated(lines)])
        await exchange(random() < 0.5 ? statsd : socket, random() < 0.5 ? framed : mutated(lines))
        continue
      }
      const [path, type, good] = seeds[pick(seeds.length)] as (typeof seeds)[number]
      const bytes = mutated(good)
      const method = random() < 0.9 ? 'POST' : (['PUT', 'DELETE', 'GET'][pick(3)] as string)
      const head = [
        `${method} ${path} HTTP/1.1`,
        'Host: 127.0.0.1',
        'Connection: close',
        ...(type === '' ? [] : [`Content-Type: ${type}`]),
        ...(random() < 0.1 ? [`Content-Encoding: ${['gzip', 'zstd', 'deflate'][pick(3)]}`] : []),
        `Content-Length: ${bytes.length}`,
      ]
      const answer = await exchange(main, Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]))
      if (/^HTTP\/1\.1 5/.test(answer))
        bad.push(`${path} ${Buffer.from(bytes).toString('base64')}: ${answer.slice(0, 300)}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
  expect(bad).toEqual([])
  await streamNoise(server.streamTarget, () => mutated(telemetry), NOISE_INPUTS / 10)
  expect((await fetch(`${server.url}/-/ready`)).status).toBe(200)
  expect(server.output()).not.toMatch(/uncaught|unhandled|met a bug|a handler failed|a request failed/)
  expect(await server.stop()).toBe(0)
  await rm(folder, { recursive: true, force: true })
})

const telemetry = telemetryBatch(0, 'noise').at(Date.now()).subarray(0, 700)

/** Streams of one message of noise: INVALID_ARGUMENT or taken. */
async function streamNoise(target: string, noise: () => Uint8Array, calls: number): Promise<void> {
  const session = connectHttp2(`http://${target}`)
  const statuses = new Set<string>()
  for (let i = 0; i < calls; i++) {
    const message = noise()
    const frame = Buffer.alloc(5 + message.length)
    frame.writeUInt32BE(message.length, 1)
    frame.set(message, 5)
    const path = i % 2 === 0 ? 'Stream' : 'Push'
    const call = session.request({
      ':method': 'POST',
      ':path': `/vantage.telemetry.v1.Telemetry/${path}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const note = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) statuses.add(String(headers['grpc-status']))
    }
    call.on('response', note)
    call.on('trailers', note)
    call.resume()
    call.end(frame)
    await once(call, 'close')
  }
  session.close()
  expect([...statuses].filter((one) => one !== '0' && one !== '3')).toEqual([])
  expect(statuses.has('3')).toBe(true)
}

test('below storage.minFree each door refuses, and takes again with room', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'vantage-full-doors-'))
  const [statsd] = (await freePorts(1)) as [number]
  const env = {
    VANTAGE_SELF_ENABLED: 'false',
    VANTAGE_STATSD_PORT: String(statsd),
    VANTAGE_STATSD_FLUSH_INTERVAL: '100ms',
  }
  const nowMs = Date.now()
  const outcomes = async (server: TestServer) => {
    const found: Record<string, string> = {}
    for (const door of DOORS) {
      const client = door.client(server, 0)
      found[door.name] = await client.send(door.template(0).at(nowMs))
      client.close()
    }
    const push = await fetch(`${server.url}/metrics/job/full`, { method: 'PUT', body: 'pushed 1\n' })
    found['push'] = push.ok ? 'taken' : push.status === 503 ? 'refused' : String(push.status)
    if (!push.ok)
      expect([push.headers.get('retry-after'), await push.text()]).toEqual([
        expect.any(String),
        expect.stringMatching(/storage\.minFree/),
      ])
    for (const [path, type, body] of RECORD_BODIES) {
      const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body })
      const text = await answer.text()
      found[`${path} ${type}`] = answer.ok ? 'taken' : answer.status === 503 ? 'refused' : `${answer.status} ${text}`
      if (!answer.ok) expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    }
    const client = await tcpClient(statsd)
    await client.send(Buffer.from('full:1|c\n'))
    client.close()
    await wait(500)
    const query = await fetch(`${server.url}/api/v1/query?query=full`)
    const { data } = (await query.json()) as { data: { result: unknown[] } }
    found['StatsD'] = data.result.length > 0 ? 'taken' : 'refused'
    return found
  }
  const names = [
    ...DOORS.map(({ name }) => name),
    ...RECORD_BODIES.map(([path, type]) => `${path} ${type}`),
    'push',
    'StatsD',
  ]
  const all = (what: string) => Object.fromEntries(names.map((name) => [name, what]))
  const full = await startServer({ env, dataDir, config: 'storage:\n  minFree: 1000000GiB\n' })
  expect(await outcomes(full)).toEqual(all('refused'))
  for (const door of DOORS) expect([door.name, await door.stored(full, nowMs + 1_000)]).toEqual([door.name, 0])
  expect(await full.stop()).toBe(0)
  const again = await startServer({ env, dataDir })
  expect(await outcomes(again)).toEqual(all('taken'))
  expect(await again.stop()).toBe(0)
  await rm(dataDir, { recursive: true, force: true })
})
