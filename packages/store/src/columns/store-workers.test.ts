import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { NO_ORIGIN, systemClock } from '@vantage/model'
import { logBatchOf } from '@vantage/model/contract-tests'
import { expect, test } from 'vitest'
import { openColumnStore } from './index.ts'

const entry = new URL('./testing/columns-entry.ts', import.meta.url)
const ROUNDS = 400
const ROWS = 100

test('readers in other threads see whole rows, each once, while main writes, seals and merges', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-columns-'))
  const problems: string[] = []
  const store = await openColumnStore({
    directory,
    files: new NodeFileSystem(),
    clock: systemClock,
    workers: { spawn: (role, data) => new Worker(entry, { workerData: { role, data } }) },
    hotBytesMax: 8 * 1024 * 1024,
    onProblem: (message) => problems.push(message),
  })
  const reader = new Worker(entry, { workerData: { role: 'reader', data: store.viewOptions() } })
  reader.on('error', (error) => problems.push(error.message))
  let answers = 0
  let isReading = false
  const ask = (minimum: number): void => {
    const pin = store.pin()
    isReading = true
    reader.once('message', (answer: { rows: number; problem: string }) => {
      store.release(pin)
      if (answer.problem !== '') problems.push(answer.problem)
      answers++
      isReading = false
    })
    reader.postMessage({ view: store.viewFor('reader', 'default'), minimum })
  }
  for (let round = 0; round < ROUNDS && problems.length === 0; round++) {
    if (!store.hasRoom()) await store.whenRoom()
    const rows = Array.from({ length: ROWS }, (_, i) => {
      const n = round * ROWS + i
      return { timeNs: 1_700_000_000_000_000_000n + BigInt(n) * 1_000n, body: `row ${n} of the log`, origin: NO_ORIGIN }
    })
    store.applyLogs('default', logBatchOf(rows), round, 0)
    if (!isReading) ask((round + 1) * ROWS)
    if (round % 40 === 39) {
      await store.seal()
      await store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
    }
    await setImmediate()
  }
  await store.seal()
  while (isReading && problems.length === 0) await setImmediate()
  ask(ROUNDS * ROWS)
  while (isReading && problems.length === 0) await setImmediate()
  expect(problems).toEqual([])
  expect(answers).toBeGreaterThan(3)
  expect(store.stats()).toMatchObject({ failures: 0, pins: 0, hotLogs: 0 })
  expect(store.stats().seals).toBeGreaterThan(2)
  expect(store.stats().merges).toBeGreaterThan(0)
  await reader.terminate()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
}, 60_000)
