import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { systemClock } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, testSet } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { MetricStore } from './store.ts'
import { batchOf, labels } from './testing/batches.ts'
import { row } from './testing/store-harness.ts'

const entry = new URL('./testing/worker-entry.ts', import.meta.url)
const SERIES = 400
/** Of them, the last ones hold histograms. */
const HISTOGRAM_SERIES = 20
const ROUNDS = { test: 500, wide: 1_500, long: 15_000 }[testSet()]
/** A merge needs eight parts. */
const SEALS = 10

test('readers in other threads see whole samples while main writes, seals and merges', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-workers-'))
  const problems: string[] = []
  const store = await MetricStore.open({
    directory,
    files: new NodeFileSystem(),
    clock: systemClock,
    workers: { spawn: (role, data) => new Worker(entry, { workerData: { role, data } }) },
    onProblem: (message) => problems.push(message),
  })
  const reader = new Worker(entry, { workerData: { role: 'reader', data: store.viewOptions() } })
  const firstMs = 1_700_000_000_000
  const all = Array.from({ length: SERIES }, (_, i) => labels({ __name__: 'm', i: String(i) }))
  let round = 0
  let samplesRead = 0
  let answers = 0
  let isReading = false
  const ask = (): void => {
    const pin = store.pin()
    const view = store.viewFor('reader', 'default')
    isReading = true
    reader.postMessage({ view, firstMs, minimum: round })
    reader.once('message', (answer: { samples: number; problem: string }) => {
      store.release(pin)
      if (answer.problem !== '') problems.push(answer.problem)
      samplesRead += answer.samples
      answers++
      isReading = false
    })
  }
  reader.on('error', (error) => problems.push(error.message))
  const floatSeries = SERIES - HISTOGRAM_SERIES
  // Each process of those that tell lives for a hundred rounds.
  const startOf = (i: number): number => (i % 10 === 3 ? firstMs + Math.floor(round / 100) * 100 - 1 : 0)
  const histogram = (sum: number) => ({ ...randomHistogram(seededRandom(sum % 50), seededRandom(1)), sum })
  let sealing: Promise<void> = Promise.resolve()
  for (round = 0; round < ROUNDS && problems.length === 0; ) {
    const timeMs = firstMs + round
    const batch = batchOf(
      all.map((one, i) =>
        i < floatSeries
          ? { ...row(one, [timeMs, i + round]), startTimes: [startOf(i)] }
          : { ...row(one), histograms: [[timeMs, histogram(i + round)]], histogramStartTimes: [startOf(i)] },
      ),
    )
    store.apply('default', batch, round, { nowMs: firstMs + 1e6 })
    round++
    if (round % (ROUNDS / SEALS) === 0) {
      // Seals that wait for each other become one part, and a merge needs eight.
      await sealing
      sealing = store.seal()
      // However busy the machine is: each generation is read at least once while it is sealed.
      while (isReading && problems.length === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    if (!isReading) ask()
    if (round % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await sealing
  await store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  while (isReading && problems.length === 0) await new Promise((resolve) => setImmediate(resolve))
  ask()
  while (isReading && problems.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(problems).toEqual([])
  expect(answers).toBeGreaterThan(2)
  expect(samplesRead).toBeGreaterThan(SERIES * ROUNDS)
  expect(store.stats()).toMatchObject({ failures: 0, pins: 0 })
  expect(store.stats().merges).toBeGreaterThan(0)
  await reader.terminate()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})
