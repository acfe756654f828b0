/** kill -9 under every door of logs and spans at once: nothing acknowledged is lost, nothing is there twice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DoorClient, grpcClient, httpClient } from '../../bench/load/door-clients.ts'
import { LOGS_REQUEST, TRACES_REQUEST } from '../../packages/decode/src/otlp/index.ts'
import { protobufOf } from '../../packages/decode/src/testing/record-forms.ts'
import {
  jaegerProtobufBody,
  jaegerThriftBody,
  type SpanBody,
  zipkinJsonBody,
  zipkinProtobufBody,
} from '../../packages/decode/src/testing/span-bodies.ts'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { liveAtLeast, twoMoreOfEach } from '../support/life.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KILLS = { test: 5, wide: 20, long: 200 }[testSet()]
const LIFE_MS = [150, 450] as const
const ROWS = 5
/** So little memory that seals run while the process dies, too. */
const CONFIG = 'storage:\n  hotBytes: 40MiB\n'
const LINES_MAX = 5_000
/** Of one answer. */
const TRACES_MAX = 100
const TIMEOUT_MS = KILLS * 40_000

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-records-kill-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

/** One sender at one door: its request `number` has ROWS rows. */
interface Writer {
  readonly name: string
  open(server: TestServer): DoorClient
  body(number: number): Uint8Array
  next: number
  readonly acked: Set<number>
}

const BASE_MS = Date.now() - 3_600_000
const nsOf = (number: number, row: number): string => `${BASE_MS + number}${String(row).padStart(6, '0')}`
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const rowsOf = <Row>(of: (row: number) => Row): Row[] => Array.from({ length: ROWS }, (_, row) => of(row))
const lineOf = (number: number, row: number): string => `number ${number} row ${row}`
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const JSON_TYPE = { 'content-type': 'application/json' }

function otlpLogs(name: string, number: number): Uint8Array {
  const logRecords = rowsOf((row) => ({ timeUnixNano: nsOf(number, row), body: { stringValue: lineOf(number, row) } }))
  const resource = { attributes: [text('service.name', name)] }
  return json({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
}

function lokiPush(name: string, number: number): Uint8Array {
  const values = rowsOf((row) => [nsOf(number, row), lineOf(number, row)])
  return json({ streams: [{ stream: { service_name: name }, values }] })
}

function jsonLines(name: string, number: number): Uint8Array {
  const lines = rowsOf((row) => ({ _msg: lineOf(number, row), _time: nsOf(number, row), service: name }))
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function jsonArray(name: string, number: number): Uint8Array {
  return json(rowsOf((row) => ({ message: lineOf(number, row), time: nsOf(number, row), service: name })))
}

/** The last two digits are the writer's. */
const traceOf = (name: string, number: number): string => hex(number + 1, 30) + name.slice(-2)

function otlpSpans(name: string, number: number): Uint8Array {
  const spans = rowsOf((row) => ({
    traceId: traceOf(name, number),
    spanId: hex(row + 1, 16),
    name: `row ${row}`,
    startTimeUnixNano: nsOf(number, row),
    endTimeUnixNano: nsOf(number, row + 1),
  }))
  const resource = { attributes: [text('service.name', name)] }
  return json({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
}

const spansBy = (bodyOf: SpanBody) => (name: string, number: number) =>
  bodyOf(
    name,
    rowsOf((row) => ({
      traceId: traceOf(name, number),
      spanId: hex(row + 1, 16),
      name: `row ${row}`,
      startUs: (BASE_MS + number) * 1_000 + row,
      durationUs: 1,
      tags: [],
    })),
  )

type Open = Writer['open']
type BodyOf = (name: string, number: number) => Uint8Array
const at = (path: string, headers: Readonly<Record<string, string>>): Open => {
  return ({ url }) => httpClient(`${url}${path}`, headers)
}
const grpcAt = (method: string): Open => {
  return ({ otlpGrpcTarget }) => grpcClient(otlpGrpcTarget, method)
}
const otlpExport = (service: string) => `/opentelemetry.proto.collector.${service}/Export`
const LOG_DOORS: readonly (readonly [string, Open, BodyOf])[] = [
  [
    'logs-grpc',
    grpcAt(otlpExport('logs.v1.LogsService')),
    (name, number) => protobufOf(otlpLogs(name, number), LOGS_REQUEST),
  ],
  ['logs-otlp', at('/v1/logs', JSON_TYPE), otlpLogs],
  ['logs-loki', at('/loki/api/v1/push', JSON_TYPE), lokiPush],
  ['logs-lines', at('/insert/jsonline', {}), jsonLines],
  ['logs-array', at('/default/kill/_json', JSON_TYPE), jsonArray],
]
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }
const THRIFT_TYPE = { 'content-type': 'application/x-thrift' }
const POST_SPANS = '/jaeger.api_v2.CollectorService/PostSpans'
const SPAN_DOORS: readonly (readonly [string, Open, BodyOf])[] = [
  ['otlp-01', at('/v1/traces', JSON_TYPE), otlpSpans],
  ['zipkin-json-02', at('/api/v2/spans', JSON_TYPE), spansBy(zipkinJsonBody)],
  ['zipkin-protobuf-03', at('/api/v2/spans', PROTOBUF_TYPE), spansBy(zipkinProtobufBody)],
  ['jaeger-thrift-04', at('/api/traces', THRIFT_TYPE), spansBy(jaegerThriftBody)],
  ['jaeger-grpc-05', grpcAt(POST_SPANS), spansBy(jaegerProtobufBody)],
  [
    'otlp-grpc-06',
    grpcAt(otlpExport('trace.v1.TraceService')),
    (name, number) => protobufOf(otlpSpans(name, number), TRACES_REQUEST),
  ],
]

async function write(server: TestServer, writer: Writer, isOver: () => boolean): Promise<void> {
  const client = writer.open(server)
  while (!isOver()) {
    const number = writer.next++
    try {
      if ((await client.send(Buffer.from(writer.body(number)))) === 'taken') writer.acked.add(number)
    } catch (error) {
      // The process died under the request: not acknowledged.
      if (!isOver()) throw error
    }
  }
  client.close()
}

/** How often each line is stored, page by page. */
async function storedLines(server: TestServer, writer: Writer): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const rowsPerPage = LINES_MAX - (LINES_MAX % ROWS)
  for (let from = 0; from < writer.next; from += rowsPerPage / ROWS) {
    const params = new URLSearchParams({
      query: `{service_name="${writer.name}"}`,
      start: nsOf(from, 0),
      end: nsOf(from + rowsPerPage / ROWS, 0),
      limit: String(LINES_MAX),
    })
    const answer = await fetch(`${server.url}/loki/api/v1/query_range?${params}`)
    const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } }
    for (const [, line] of data.result.flatMap((stream) => stream.values)) found.set(line, (found.get(line) ?? 0) + 1)
  }
  return found
}

/** The names of all spans of some of a writer's traces. */
async function storedSpans(server: TestServer, writer: Writer, numbers: readonly number[]): Promise<string[][]> {
  const asked = new URLSearchParams(
    numbers.map((number): [string, string] => ['traceID', traceOf(writer.name, number)]),
  )
  const answer = await fetch(`${server.url}/jaeger/api/traces?${asked}`)
  const { data } = (await answer.json()) as { data: { traceID: string; spans: { operationName: string }[] }[] }
  const byId = new Map(data.map(({ traceID, spans }) => [traceID, spans.map((span) => span.operationName).sort()]))
  return numbers.map((number) => byId.get(traceOf(writer.name, number)) ?? [])
}

test(
  'kill -9 again and again: no acknowledged row of logs or spans is lost, none is there twice',
  async () => {
    const seed = testSeed()
    const random = seededRandom(seed)
    const named = ([name, open, bodyOf]: (typeof LOG_DOORS)[number]): Writer => {
      return { name, open, body: (number) => bodyOf(name, number), next: 0, acked: new Set() }
    }
    const logWriters = LOG_DOORS.map(named)
    const spanWriters = SPAN_DOORS.map(named)
    for (let life = 0; life < KILLS; life++) {
      const server = await startServer({ dataDir, config: CONFIG })
      let isOver = false
      const writing = [...logWriters, ...spanWriters].map((writer) => write(server, writer, () => isOver))
      const hasWorked = twoMoreOfEach([...logWriters, ...spanWriters].map(({ acked }) => acked))
      await liveAtLeast(LIFE_MS[0] + random() * (LIFE_MS[1] - LIFE_MS[0]), hasWorked)
      const killed = server.kill()
      isOver = true
      await killed
      await Promise.all(writing)
    }
    const server = await startServer({ dataDir, config: CONFIG })
    for (const writer of logWriters) {
      const lines = await storedLines(server, writer)
      const lost = [...writer.acked].filter((number) =>
        rowsOf((row) => lines.get(lineOf(number, row))).some((count) => count !== 1),
      )
      expect(writer.acked.size).toBeGreaterThan(KILLS)
      expect({ seed, writer: writer.name, lost }).toEqual({ seed, writer: writer.name, lost: [] })
      expect([...lines.values()].filter((count) => count > 1)).toEqual([])
    }
    const all = rowsOf((row) => `row ${row}`)
    for (const writer of spanWriters) {
      expect(writer.acked.size, writer.name).toBeGreaterThan(KILLS)
      const numbers = [...writer.acked]
      while (numbers.length > 0) {
        const some = numbers.splice(0, TRACES_MAX)
        const found = await storedSpans(server, writer, some)
        for (const [i, spans] of found.entries()) {
          expect({ seed, writer: writer.name, number: some[i], spans }).toMatchObject({ spans: all })
        }
      }
    }
    await server.stop()
  },
  TIMEOUT_MS,
)
