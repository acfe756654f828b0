/** Every limit of logs and traces, at n and n + 1, at every door that it holds for: docs/guide/configuration.md has them all. */
import { type ClientRequest, request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { snappyCompress } from '../../packages/bytes/src/index.ts'
import { DoorSender, RECORD_DOORS, type RecordDoor, type SentRow } from '../support/record-doors.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BODY = 3_000
const UNPACKED = 4_000
const MESSAGE = 2_000
/** Of the second server, and what a request that does not go on leaves of it: more than an unread one counts as. */
const INFLIGHT = 200_000
const LEFT = 70_000

const CONFIG = `
http: { maxBodyBytes: ${BODY}, maxDecompressedBytes: ${UNPACKED} }
grpc: { maxMessageBytes: ${MESSAGE} }
limits:
  maxStreamLabels: 3
  maxLabelNameBytes: 20
  maxLabelValueBytes: 30
  maxAttributes: 8
  maxAttributeBytes: 100
  maxLineBytes: 1000
  streamBytesRate: 1
  streamBytesBurst: 5000
  maxPast: 1h
  maxFuture: 10m
`

let server: TestServer
let sender: DoorSender
let roomy: TestServer
let roomySender: DoorSender
let holder: ClientRequest
beforeAll(async () => {
  const env = { VANTAGE_SELF_ENABLED: 'false' }
  const room = `ingest: { maxInflightBytes: ${INFLIGHT} }\n`
  ;[server, roomy] = await Promise.all([startServer({ env, config: CONFIG }), startServer({ env, config: room })])
  sender = new DoorSender(server.url, server.otlpGrpcTarget)
  roomySender = new DoorSender(roomy.url, roomy.otlpGrpcTarget)
  const headers = { 'content-type': 'application/json', 'content-length': INFLIGHT - LEFT }
  holder = request(`${roomy.url}/v1/logs`, { method: 'POST', headers })
  holder.on('error', () => {})
  holder.flushHeaders()
  while ((await inflightBytes()) !== INFLIGHT - LEFT) await new Promise((resume) => setTimeout(resume, 20))
})
afterAll(async () => {
  holder.destroy()
  sender.close()
  roomySender.close()
  await Promise.all([server.stop(), roomy.stop()])
})

async function inflightBytes(): Promise<number> {
  const text = await (await fetch(`${roomy.url}/metrics`)).text()
  return Number(/^vantage_inflight_bytes (\d+)/m.exec(text)?.[1] ?? 0)
}

let services = 0
const row = (more: Partial<SentRow> = {}): SentRow => ({
  service: `s${++services}`,
  text: 'x',
  timeMs: Date.now(),
  ...more,
})

/** A row whose body is so long, of characters that no packing makes shorter. */
function rowOfSize(bytes: number, sizeOf: (row: SentRow) => number): SentRow {
  const one = row()
  const noise = Array.from({ length: bytes }, (_, i) => ((i * 2_654_435_761) >>> 7).toString(36).slice(-2)).join('')
  let length = bytes - sizeOf(one)
  for (let tries = 0; tries < 20; tries++) {
    const sized = { ...one, text: noise.slice(0, length) }
    const off = bytes - sizeOf(sized)
    if (off === 0) return sized
    length += off
  }
  throw new Error(`BUG: no body of ${bytes} bytes`)
}

const isGrpc = (door: RecordDoor) => door.contentType === undefined
const doors = (wanted: (door: RecordDoor) => boolean) =>
  RECORD_DOORS.filter(wanted).map((door): [string, RecordDoor] => [door.name, door])
const names = (...all: readonly string[]) => doors(({ name }) => all.some((one) => name.startsWith(one)))
const TOO_LARGE_RPC = 8
const BUSY = { http: 503, rpc: 14 }

describe.each(doors((door) => !isGrpc(door)))('%s', (name, door) => {
  test('http.maxBodyBytes', async () => {
    const size = (one: SentRow) => sender.wire(door, one).length
    expect((await sender.send(door, rowOfSize(BODY, size))).outcome).toBe('taken')
    expect(await sender.send(door, rowOfSize(BODY + 1, size))).toMatchObject({
      outcome: 413,
      text: expect.stringContaining(`want at most ${BODY} bytes`),
    })
  })

  test('http.maxDecompressedBytes', async () => {
    const isSnappy = name === 'Loki protobuf'
    const of = (bytes: number) => {
      const one = row()
      const plain = door.body({
        ...one,
        text: 'x'.repeat(bytes - door.body({ ...one, text: 'x'.repeat(2_000) }).length + 2_000),
      })
      expect(plain.length).toBe(bytes)
      const packed = isSnappy ? Buffer.from(snappyCompress(plain)) : gzipSync(plain)
      return sender.send(door, one, packed, isSnappy ? '' : 'gzip')
    }
    expect((await of(UNPACKED)).outcome).toBe('taken')
    expect((await of(UNPACKED + 1)).outcome).toBe(413)
  })
})

describe.each(doors(isGrpc))('%s', (_, door) => {
  test('grpc.maxMessageBytes, packed and plain', async () => {
    const size = (one: SentRow) => door.body(one).length
    const most = rowOfSize(MESSAGE, size)
    const more = rowOfSize(MESSAGE + 1, size)
    expect((await sender.send(door, most)).outcome).toBe('taken')
    expect((await sender.send(door, more)).outcome).toBe(TOO_LARGE_RPC)
    expect((await sender.send(door, most, gzipSync(door.body(most)), 'gzip')).outcome).toBe('taken')
    expect((await sender.send(door, more, gzipSync(door.body(more)), 'gzip')).outcome).toBe(TOO_LARGE_RPC)
  })
})

describe.each(doors(() => true))('%s', (name, door) => {
  const keys = (count: number) => Array.from({ length: count }, (_, i) => [`k${i}`, 'v'] as const)

  test('ingest.maxInflightBytes', async () => {
    const send = (bytes: number) => {
      if (name !== 'events')
        return roomySender.send(
          door,
          rowOfSize(bytes, (one) => roomySender.wire(door, one).length),
        )
      // Its texts have a limit of their own.
      const one = row()
      return roomySender.send(door, one, Buffer.from(door.body(one).toString().padEnd(bytes)))
    }
    expect((await send(LEFT)).outcome).toBe('taken')
    expect((await send(LEFT + 1)).outcome).toBe(isGrpc(door) ? BUSY.rpc : BUSY.http)
  })

  test('limits.maxFuture, limits.maxPast', async () => {
    const nowMs = Date.now()
    for (const [nearMs, farMs] of [
      [9.9 * 60_000, 10.1 * 60_000],
      [-59.9 * 60_000, -60.1 * 60_000],
    ] as const) {
      const near = await sender.send(door, row({ timeMs: Math.round(nowMs + nearMs) }))
      const far = await sender.send(door, row({ timeMs: Math.round(nowMs + farMs) }))
      expect([name, farMs, near.outcome, far.outcome]).toEqual([name, farMs, 'taken', 'some'])
      expect(far.text).toContain(farMs > 0 ? 'limits.maxFuture' : 'limits.maxPast')
    }
  })

  test.skipIf(name === 'events')('limits.maxAttributes', async () => {
    expect((await sender.send(door, row({ attributes: keys(8) }))).outcome).toBe('taken')
    const more = await sender.send(door, row({ attributes: keys(9) }))
    expect(more).toMatchObject({ outcome: 'some', text: expect.stringContaining('limits.maxAttributes') })
  })

  test.skipIf(name === 'events')('limits.maxAttributeBytes: a longer value is cut', async () => {
    for (const sent of [100, 101]) {
      const one = row({ attributes: [['k', 'v'.repeat(sent)]] })
      const { outcome, text } = await sender.send(door, one)
      const stored = await attributeOf(door, one.service)
      expect([sent, outcome, stored.length]).toEqual([sent, 'taken', 100])
      // Those of OpenTelemetry are told.
      if (name.startsWith('OTLP')) expect([sent, text.includes('were cut')]).toEqual([sent, sent > 100])
    }
  })
})

describe.each(doors(({ signal }) => signal === 'logs'))('%s', (name, door) => {
  test.skipIf(name === 'events')('limits.maxLineBytes: a longer line is cut', async () => {
    for (const [sent, want] of [
      [1_000, 1_000],
      [1_001, 1_000],
    ] as const) {
      const one = row({ text: 'l'.repeat(sent) })
      expect((await sender.send(door, one)).outcome).toBe('taken')
      const [
        {
          values: [[, line] = ['', '']],
        } = { values: [] },
      ] = await rowsOf(one.service)
      expect([sent, line.length]).toEqual([sent, want])
    }
  })
})

describe.each(doors(({ signal }) => signal === 'logs'))('%s', (_, door) => {
  test('limits.streamBytesRate: one stream is refused what others are not', async () => {
    const one = row({ text: 'l'.repeat(1_000) })
    const outcomes: unknown[] = []
    for (let i = 0; i < 6; i++) outcomes.push((await sender.send(door, one)).outcome)
    expect(outcomes.slice(0, 4)).toEqual(['taken', 'taken', 'taken', 'taken'])
    expect(outcomes.at(-1)).toBe('some')
    expect((await sender.send(door, one)).text).toContain('limits.streamBytesRate')
    expect((await sender.send(door, row())).outcome).toBe('taken')
  })
})

test('Loki answers 429 where a stream was too fast', async () => {
  const push = (...lines: readonly string[]): Promise<Response> => {
    const values = lines.map((line) => [String(BigInt(Date.now()) * 1_000_000n), line])
    const body = JSON.stringify({ streams: [{ stream: { service_name: 'hasty' }, values }] })
    return fetch(`${server.url}/loki/api/v1/push`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  }
  const line = 'l'.repeat(1_000)
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) statuses.push((await push(line)).status)
  expect(statuses).toEqual([204, 204, 204, 204, 204, 429])
  const refused = await push(line)
  expect([refused.headers.get('retry-after'), await refused.text()]).toEqual([
    '1',
    expect.stringContaining('limits.streamBytesRate'),
  ])
})

describe.each(names('OTLP'))('%s', (_, door) => {
  test('arrays inside arrays: 15 in an attribute', async () => {
    expect((await sender.send(door, row({ nested: 15 }))).outcome).toBe('taken')
    expect((await sender.send(door, row({ nested: 16 }))).outcome).toBe('some')
  })
})

describe('limits.maxStreams, limits.maxTraceBytes, limits.requestRate', () => {
  const ofLogs = RECORD_DOORS.filter(({ signal }) => signal === 'logs')
  const ofTraces = RECORD_DOORS.filter(({ signal }) => signal === 'traces')
  let counted: TestServer
  let slow: TestServer
  let countedSender: DoorSender
  let slowSender: DoorSender
  beforeAll(async () => {
    const env = { VANTAGE_SELF_ENABLED: 'false' }
    const start = (limits: string) => startServer({ env, config: `limits: { ${limits} }\n` })
    ;[counted, slow] = await Promise.all([
      start(`maxStreams: ${ofLogs.length}, maxTraceBytes: 3000`),
      start(`requestRate: 1, requestBurst: ${RECORD_DOORS.length}`),
    ])
    countedSender = new DoorSender(counted.url, counted.otlpGrpcTarget)
    slowSender = new DoorSender(slow.url, slow.otlpGrpcTarget)
  })
  afterAll(async () => {
    countedSender.close()
    slowSender.close()
    await Promise.all([counted.stop(), slow.stop()])
  })

  test('streams: one for each door, and one more at each', async () => {
    for (const door of ofLogs)
      expect([door.name, (await countedSender.send(door, row())).outcome]).toEqual([door.name, 'taken'])
    for (const door of ofLogs) {
      const { outcome, text } = await countedSender.send(door, row())
      expect([door.name, outcome, text.includes('limits.maxStreams')]).toEqual([door.name, 'some', true])
    }
  })

  test.each(ofTraces.map((door): [string, RecordDoor] => [door.name, door]))(
    '%s: three spans of a trace, and one more',
    async (_, door) => {
      const one = row({ text: 'n'.repeat(900), traceId: `${++services}`.padStart(32, 'f') })
      for (let i = 0; i < 3; i++) expect((await countedSender.send(door, one)).outcome).toBe('taken')
      const { outcome, text } = await countedSender.send(door, one)
      expect([outcome, text.includes('limits.maxTraceBytes')]).toEqual(['some', true])
    },
  )

  test('requests: one for each door, then those that the time between makes room for', async () => {
    const sendAll = () => Promise.all(RECORD_DOORS.map((door) => slowSender.send(door, row())))
    const startedMs = performance.now()
    expect((await sendAll()).map(({ outcome }) => outcome)).toEqual(RECORD_DOORS.map(() => 'taken'))
    const more = await sendAll()
    const room = Math.ceil((performance.now() - startedMs) / 1_000)
    const passed = more.filter(({ outcome }) => outcome === 'taken').length
    expect(passed).toBeLessThanOrEqual(room)
    for (const [i, { outcome }] of more.entries()) {
      const busy = isGrpc(RECORD_DOORS[i] as RecordDoor) ? 8 : 429
      if (outcome !== 'taken') expect([RECORD_DOORS[i]?.name, outcome]).toEqual([RECORD_DOORS[i]?.name, busy])
    }
  })
})

/** A bucket that fills by a byte a second: what is left of it is known. */
describe('limits.logBytesRate, limits.spanBytesRate', () => {
  const BURST = 20_000
  const BUSY_RPC = 8
  let rated: TestServer
  let ratedSender: DoorSender
  beforeAll(async () => {
    const bytes = ['log', 'span'].map((one) => `${one}BytesRate: 1, ${one}BytesBurst: ${BURST}`).join(', ')
    rated = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' }, config: `limits: { ${bytes} }\n` })
    ratedSender = new DoorSender(rated.url, rated.otlpGrpcTarget)
  })
  afterAll(async () => {
    ratedSender.close()
    await rated.stop()
  })

  test.each(['logs', 'traces'] as const)('%s: each door takes of one bucket', async (signal) => {
    const own = RECORD_DOORS.filter((door) => door.signal === signal)
    const size = (door: RecordDoor) => (one: SentRow) => door.body(one).length
    const share = Math.floor(BURST / own.length / 100) * 100
    const send = (door: RecordDoor, bytes: number) => ratedSender.send(door, rowOfSize(bytes, size(door)))
    // Beyond the burst no waiting helps.
    for (const door of own) {
      const { outcome, text } = await send(door, BURST + 1)
      expect([door.name, outcome]).toEqual([door.name, isGrpc(door) ? TOO_LARGE_RPC : 413])
      expect(text).toContain(`limits.${signal === 'logs' ? 'log' : 'span'}BytesBurst`)
    }
    for (const door of own) expect([door.name, (await send(door, share)).outcome]).toEqual([door.name, 'taken'])
    const last = own[0] as RecordDoor
    const left = BURST - share * own.length
    if (left > 300) expect((await send(last, left)).outcome).toBe('taken')
    for (const door of own) {
      const more = await ratedSender.send(door, row())
      expect([door.name, more.outcome]).toEqual([door.name, isGrpc(door) ? BUSY_RPC : 429])
      expect(more.text).toContain('more than 1 bytes a second')
    }
  })
})

/** Labels of streams are sent at these doors; elsewhere they are made of the resource. */
describe.each(names('Loki', 'JSON lines'))('%s', (_, door) => {
  const labelSets: [string, SentRow['labels'], SentRow['labels'], RegExp][] = [
    [
      'limits.maxStreamLabels',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
      /limits\.maxStreamLabels/,
    ],
    ['limits.maxLabelNameBytes', [['n'.repeat(20), '1']], [['n'.repeat(21), '1']], /limits\.maxLabelNameBytes/],
    ['limits.maxLabelValueBytes', [['a', 'v'.repeat(30)]], [['a', 'v'.repeat(31)]], /limits\.maxLabelValueBytes/],
  ]
  test.each(labelSets)('%s', async (_limit, most = [], more = [], reason) => {
    expect(await sender.send(door, row({ labels: most }))).toMatchObject({ outcome: 'taken' })
    const refused = await sender.send(door, row({ labels: more }))
    expect(refused).toMatchObject({ outcome: 'some', text: expect.stringMatching(reason) })
  })
})

/** A member that nobody knows, with arrays inside arrays, in front of the first one of a row or of the body. */
const deeper = (body: Buffer, depth: number) =>
  Buffer.from(body.toString().replace('{', `{"unknown":${'['.repeat(depth)}${']'.repeat(depth)},`))

describe.each(names('OTLP logs JSON', 'OTLP traces JSON', 'Loki JSON', 'JSON', 'Zipkin JSON', 'Zipkin first'))(
  '%s',
  (name, door) => {
    test('JSON inside JSON: 64', async () => {
      const one = row()
      // The member stands in one object, or in one that is in an array.
      const most = door.body(one).toString().startsWith('[') ? 62 : 63
      const send = (depth: number) => sender.send(door, one, deeper(door.body(one), depth))
      expect([name, (await send(most)).outcome]).toEqual([name, 'taken'])
      expect([name, (await send(most + 1)).outcome]).toEqual([name, name === 'JSON lines' ? 'some' : 400])
    })
  },
)

interface Stream {
  readonly stream: Readonly<Record<string, string>>
  readonly values: readonly (readonly [string, string])[]
}

async function rowsOf(service: string): Promise<readonly Stream[]> {
  const query = `{service_name="${service}"}`
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams({ query })}`)
  return ((await answer.json()) as { data: { result: Stream[] } }).data.result
}

async function attributeOf({ signal }: RecordDoor, service: string): Promise<string> {
  if (signal === 'logs') return (await rowsOf(service))[0]?.stream['k'] ?? ''
  const answer = await fetch(`${server.url}/jaeger/api/traces?${new URLSearchParams({ service })}`)
  const { data } = (await answer.json()) as { data: { spans: { tags: { key: string; value: string }[] }[] }[] }
  return data[0]?.spans[0]?.tags.find(({ key }) => key === 'k')?.value ?? ''
}
