import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { encodeRemoteWrite, RemoteWriteDecoder } from '@vantage/decode/remote-write'
import { labelsFromRecord, MetricBatch, systemClock } from '@vantage/model'
import { type ColumnStore, openColumnStore } from '@vantage/store/columns'
import { type MetricStore, openMetricStore, type SeriesDeletion } from '@vantage/store/metrics'
import type { ThreadStart } from '../threads/thread-start.ts'

const ENTRY = new URL('./thread-worker.ts', import.meta.url)

export function testThread(start: ThreadStart): Worker {
  return new Worker(ENTRY, { workerData: start })
}

function failTest(message: string): void {
  throw new Error(message)
}

/** A real store with real threads in a folder of its own. */
export async function openTestStore(
  onProblem: (message: string) => void = failTest,
): Promise<{ store: MetricStore; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-server-'))
  const store = await openMetricStore({
    directory,
    files: new NodeFileSystem(),
    clock: systemClock,
    workers: { spawn: (role, data) => testThread({ role, data } as ThreadStart) },
    onProblem,
  })
  return { store, directory }
}

/** The store of logs and spans, with threads of its own. */
export async function openTestColumns(): Promise<{ columns: ColumnStore; directory: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-server-'))
  const columns = await openColumnStore({
    directory,
    files: new NodeFileSystem(),
    clock: systemClock,
    workers: { spawn: (role, data) => testThread({ role, data } as ThreadStart) },
    onProblem: failTest,
  })
  return { columns, directory }
}

let offset = 0

/** Stores samples of one series. */
export function storeSamples(
  store: MetricStore,
  labels: Record<string, string>,
  samples: readonly (readonly [number, number])[],
) {
  const body = encodeRemoteWrite([
    {
      labels: labelsFromRecord(labels),
      times: samples.map(([time]) => time),
      values: Float64Array.from(samples, ([, value]) => value),
    },
  ])
  const batch = new MetricBatch()
  batch.reset()
  const decoder = new RemoteWriteDecoder()
  decoder.start(body, body.length, batch)
  decoder.step(Number.POSITIVE_INFINITY, systemClock)
  store.apply('default', batch, offset++, { nowMs: Date.now() })
}

/** Deletes as intake would, in the order of the log. */
export function deleteStored(store: MetricStore, deletion: SeriesDeletion): void {
  store.deleteSeries('default', deletion, offset++)
}
