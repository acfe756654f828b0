import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom, testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { liveAtLeast, twoMoreOfEach } from '../support/life.ts'
import { remoteWrite, series } from '../support/remote-write.ts'
import { startServer, type TestServer } from '../support/server.ts'

const KILLS = { test: 5, wide: 20, long: 200 }[testSet()]
const WRITERS = 4
const LIFE_MS = [150, 450] as const
/** Seals run while the process dies, too. */
const SEAL_AFTER = '300ms'
const STEP_MS = 10

let dataDir = ''
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vantage-kill-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true })
})

interface Writer {
  readonly name: string
  next: number
  readonly acked: Set<number>
}

async function write(server: TestServer, writer: Writer, baseMs: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const number = writer.next++
    const samples = [[baseMs + number * STEP_MS, number]] as const
    const all = ['a', 'b', 'c'].map((kind) => series({ __name__: 'sequence', writer: writer.name, kind }, samples))
    try {
      const { status } = await remoteWrite(server.url, all)
      if (status === 204) writer.acked.add(number)
    } catch (error) {
      // The process died under the request: not acknowledged.
      if (!(error instanceof TypeError)) throw error
    }
  }
}

async function stored(server: TestServer, writer: Writer, baseMs: number): Promise<Set<number>> {
  const found = new Set<number>()
  const query = `sequence{writer="${writer.name}",kind="c"}[1d]`
  const time = (baseMs + writer.next * STEP_MS) / 1000 + 1
  const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query, time: String(time) })}`)
  const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } }
  for (const { values } of data.result) {
    for (const [seconds, value] of values) {
      expect(Math.round(seconds * 1000)).toBe(baseMs + Number(value) * STEP_MS)
      found.add(Number(value))
    }
  }
  return found
}

test('kill -9 again and again: no acknowledged sample is lost, none is wrong', {
  timeout: KILLS * 40_000,
}, async () => {
  const seed = testSeed()
  console.log(`seed ${seed}, ${KILLS} kills`)
  const random = seededRandom(seed)
  const baseMs = Date.now() - 3_600_000
  const writers: Writer[] = Array.from({ length: WRITERS }, (_, i) => ({ name: `w${i}`, next: 0, acked: new Set() }))
  const env = { VANTAGE_SELF_ENABLED: 'false', VANTAGE_SEAL_AFTER: SEAL_AFTER }
  for (let kill = 0; kill < KILLS; kill++) {
    const server = await startServer({ dataDir, env })
    let isOver = false
    const writing = writers.map((writer) => write(server, writer, baseMs, () => isOver))
    const hasWorked = twoMoreOfEach(writers.map(({ acked }) => acked))
    await liveAtLeast(LIFE_MS[0] + random() * (LIFE_MS[1] - LIFE_MS[0]), hasWorked)
    const killed = server.kill()
    isOver = true
    await killed
    await Promise.all(writing)
  }
  const server = await startServer({ dataDir, env })
  let acked = 0
  for (const writer of writers) {
    const found = await stored(server, writer, baseMs)
    const lost = [...writer.acked].filter((number) => !found.has(number))
    expect(lost).toEqual([])
    acked += writer.acked.size
  }
  expect(acked).toBeGreaterThan(KILLS)
  await server.stop()
})
