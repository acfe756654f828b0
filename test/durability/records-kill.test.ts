import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom, testSeed } from '../../packages/model/src/testing/index.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KILLS = process.env['VANTAGE_TESTS'] === 'long' ? 200 : 20
const WRITERS = 2
const LIFE_MS = [150, 450] as const
const ROWS = 5
/** So little memory that seals run while the process dies, too. */
const CONFIG = 'storage:\n  hotBytes: 40MiB\n'
const LINES_MAX = 5_000
const TIMEOUT_MS = KILLS * 9_000

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-records-kill-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

interface Writer {
  readonly name: string
  next: number
  readonly acked: Set<number>
}

const BASE_MS = Date.now() - 3_600_000
const nsOf = (number: number, row: number): string => `${BASE_MS + number}${String(row).padStart(6, '0')}`
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })

function logsOf(writer: Writer, number: number): object {
  const logRecords = Array.from({ length: ROWS }, (_, row) => ({
    timeUnixNano: nsOf(number, row),
    body: { stringValue: `number ${number} row ${row}` },
  }))
  return {
    resourceLogs: [{ resource: { attributes: [text('service.name', writer.name)] }, scopeLogs: [{ logRecords }] }],
  }
}

function spansOf(writer: Writer, number: number): object {
  const spans = Array.from({ length: ROWS }, (_, row) => ({
    traceId: hex(number + 1, 31) + writer.name.slice(-1),
    spanId: hex(row + 1, 16),
    name: `row ${row}`,
    startTimeUnixNano: nsOf(number, row),
    endTimeUnixNano: nsOf(number, row + 1),
  }))
  return { resourceSpans: [{ resource: { attributes: [text('service.name', writer.name)] }, scopeSpans: [{ spans }] }] }
}

async function write(server: TestServer, path: string, writer: Writer, bodyOf: typeof logsOf, isOver: () => boolean) {
  while (!isOver()) {
    const number = writer.next++
    try {
      const answer = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(writer, number)),
      })
      if (answer.status === 200) writer.acked.add(number)
      await answer.arrayBuffer()
    } catch (error) {
      // The process died under the request: not acknowledged.
      if (!(error instanceof TypeError)) throw error
    }
  }
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

async function storedSpans(server: TestServer, writer: Writer, number: number): Promise<string[]> {
  const answer = await fetch(`${server.url}/tempo/api/traces/${hex(number + 1, 31)}${writer.name.slice(-1)}`)
  if (answer.status === 404) return []
  const body = (await answer.json()) as { batches: { scopeSpans: { spans: { name: string }[] }[] }[] }
  return body.batches
    .flatMap((batch) => batch.scopeSpans.flatMap((scope) => scope.spans.map((span) => span.name)))
    .sort()
}

test(
  `${KILLS} times kill -9: no acknowledged row of logs or spans is lost, none is there twice`,
  async () => {
    const seed = testSeed()
    const random = seededRandom(seed)
    const named = (name: string): Writer => ({ name, next: 0, acked: new Set() })
    const logWriters = Array.from({ length: WRITERS }, (_, i) => named(`logs-${i}`))
    const spanWriters = Array.from({ length: WRITERS }, (_, i) => named(`spans-${i}`))
    for (let life = 0; life < KILLS; life++) {
      const server = await startServer({ dataDir, config: CONFIG })
      let isOver = false
      const writing = [
        ...logWriters.map((writer) => write(server, '/v1/logs', writer, logsOf, () => isOver)),
        ...spanWriters.map((writer) => write(server, '/v1/traces', writer, spansOf, () => isOver)),
      ]
      await new Promise((resume) => setTimeout(resume, LIFE_MS[0] + random() * (LIFE_MS[1] - LIFE_MS[0])))
      isOver = true
      await server.kill()
      await Promise.all(writing)
    }
    const server = await startServer({ dataDir, config: CONFIG })
    for (const writer of logWriters) {
      const lines = await storedLines(server, writer)
      const lost = [...writer.acked].filter((number) =>
        Array.from({ length: ROWS }, (_, row) => lines.get(`number ${number} row ${row}`)).some((count) => count !== 1),
      )
      expect(writer.acked.size).toBeGreaterThan(KILLS)
      expect({ seed, writer: writer.name, lost }).toEqual({ seed, writer: writer.name, lost: [] })
      expect([...lines.values()].filter((count) => count > 1)).toEqual([])
    }
    const all = Array.from({ length: ROWS }, (_, row) => `row ${row}`)
    for (const writer of spanWriters) {
      expect(writer.acked.size).toBeGreaterThan(KILLS)
      for (const number of writer.acked) {
        expect({ seed, number, spans: await storedSpans(server, writer, number) }).toEqual({ seed, number, spans: all })
      }
    }
    await server.stop()
  },
  TIMEOUT_MS,
)
