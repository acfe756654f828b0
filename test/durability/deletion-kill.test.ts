import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { liveAtLeast } from '../support/life.ts'
import { attributesJson, exportJson, idJson } from '../support/otlp-json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KILLS = { test: 4, wide: 10, long: 100 }[testSet()]
const ROWS = 20
const PAGE_ROWS = 500
const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000
/** A server that dies under a request. */
const isGone = (error: unknown): boolean => error instanceof TypeError

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-deletion-kill-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

/** What became of row `n`, which has second `n`: `maybe` where nobody was told. */
type Fate = 'stored' | 'deleted' | 'maybe'

const nsOf = (n: number): string => `${BASE_MS + n * 1000}000000`

class History {
  readonly fates: Fate[] = []
  deletions = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  async write(url: string): Promise<void> {
    const from = this.fates.length
    const numbers = Array.from({ length: ROWS }, (_, i) => from + i)
    this.fates.push(...numbers.map((): Fate => 'maybe'))
    const resource = { attributes: attributesJson({ 'service.name': 'shop' }) }
    const logRecords = numbers.map((n) => ({ timeUnixNano: nsOf(n), body: { stringValue: String(n) } }))
    const spans = numbers.map((n) => {
      return {
        traceId: idJson(n + 1, 32),
        spanId: idJson(1),
        name: String(n),
        startTimeUnixNano: nsOf(n),
        endTimeUnixNano: nsOf(n + 1),
      }
    })
    await exportJson(url, 'logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
    await exportJson(url, 'traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
    for (const n of numbers) this.fates[n] = 'stored'
  }

  /** Deletes some seconds of logs and spans. */
  async delete(url: string): Promise<void> {
    const from = Math.floor(this.#random() * this.fates.length)
    const to = Math.min(this.fates.length, from + 1 + Math.floor(this.#random() * ROWS))
    const before = this.fates.slice(from, to)
    this.fates.fill('maybe', from, to)
    const params = new URLSearchParams({ 'match[]': '{service_name="shop"}', start: nsOf(from), end: nsOf(to) })
    const answer = await fetch(`${url}/api/vantage/v1/delete?${params}`, { method: 'POST' })
    const text = await answer.text()
    // Too many wait for their files: nothing was deleted.
    if (answer.status === 429) this.fates.splice(from, to - from, ...before)
    else if (answer.status === 200) {
      this.fates.fill('deleted', from, to)
      this.deletions++
    } else throw new Error(`${answer.status} ${text}`)
  }
}

async function live(url: string, history: History, random: () => number): Promise<void> {
  try {
    for (;;) {
      await history.write(url)
      if (random() < 0.5) await history.delete(url)
      if (random() < 0.1) await (await fetch(`${url}/api/vantage/v1/admin/seal`, { method: 'POST' })).text()
    }
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** Rows that are stored, page by page. */
async function stored(count: number, read: (from: number, to: number) => Promise<number[]>): Promise<number[]> {
  const found: number[] = []
  for (let from = 0; from < count; from += PAGE_ROWS) found.push(...(await read(from, from + PAGE_ROWS)))
  return found.sort((a, b) => a - b)
}

async function storedLines(server: TestServer, from: number, to: number): Promise<number[]> {
  const params = { query: '{service_name="shop"}', start: nsOf(from), end: nsOf(to), limit: '5000' }
  const answer = await fetch(`${server.url}/loki/api/v1/query_range?${new URLSearchParams(params)}`)
  const { data } = (await answer.json()) as { data: { result: { values: [string, string][] }[] } }
  return data.result.flatMap(({ values }) => values.map(([, line]) => Number(line)))
}

async function storedSpans(server: TestServer, from: number, to: number): Promise<number[]> {
  const params = { q: '{ resource.service.name = "shop" }', limit: String(PAGE_ROWS), start: nsOf(from), end: nsOf(to) }
  const answer = await fetch(`${server.url}/tempo/api/search?${new URLSearchParams(params)}`)
  const { traces } = (await answer.json()) as { traces: { rootTraceName: string }[] }
  return traces.map(({ rootTraceName }) => Number(rootTraceName))
}

test(
  'kill -9 again and again: what was deleted stays deleted, the rest stays, in logs and spans',
  async () => {
    const seed = testSeed()
    const random = seededRandom(seed)
    const history = new History(random)
    for (let life = 0; life < KILLS; life++) {
      const server = await startServer({ dataDir, env: { VANTAGE_SELF_ENABLED: 'false' } })
      const living = live(server.url, history, random)
      const [rows, deletions] = [history.fates.length + 2 * ROWS, history.deletions]
      await liveAtLeast(150 + random() * 250, () => history.fates.length > rows && history.deletions > deletions)
      await server.kill()
      await living
    }
    const server = await startServer({ dataDir, env: { VANTAGE_SELF_ENABLED: 'false' } })
    const { fates } = history
    const of = (fate: Fate): number[] => fates.flatMap((one, n) => (one === fate ? [n] : []))
    for (const read of [storedLines, storedSpans]) {
      const found = await stored(fates.length, (from, to) => read(server, from, to))
      expect([seed, found.filter((n, i) => n === found[i - 1])]).toEqual([seed, []])
      expect([seed, found.filter((n) => fates[n] === 'deleted')]).toEqual([seed, []])
      const there = new Set(found)
      expect([seed, of('stored').filter((n) => !there.has(n))]).toEqual([seed, []])
    }
    expect(of('stored').length).toBeGreaterThan(KILLS * 5)
    expect(of('deleted').length).toBeGreaterThan(KILLS * 2)
    await server.stop()
  },
  KILLS * 40_000,
)
