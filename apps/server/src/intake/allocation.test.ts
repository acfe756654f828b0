import { rmSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import { type Log, labelsFromRecord, ok, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, systemClock } from '@vantage/model'
import { expect, test } from 'vitest'
import { openTestStore } from '../testing/open-store.ts'
import { REPLAY_LIMITS } from './decoders.ts'
import { MetricsIntake } from './metrics-intake.ts'

const SERIES = 10_000
const REQUESTS = 30
/** A number on the heap takes 16: what is left is what each request, and each chunk of 32 samples that is packed, allocates. */
const BYTES_A_SAMPLE_MAX = 8
const SCRAPE_MS = 15_000

const CONNECTION = {}

test('a sample of a series that is known allocates nothing', async () => {
  const { store, directory } = await openTestStore()
  const log = { reserve: () => ok({ offset: offset++ }), commit: () => Promise.resolve() }
  let offset = 0
  const intake = new MetricsIntake({
    log: log as unknown as Log,
    store,
    clock: systemClock,
    limits: REPLAY_LIMITS,
    seed: 1,
  })
  const startMs = Date.now() - 2 * REQUESTS * SCRAPE_MS
  const bodies = Array.from({ length: 2 * REQUESTS }, (_, i) => bodyOf(startMs + i * SCRAPE_MS, i))
  const take = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await intake.submit(requestOf(bodies[i] as Uint8Array))
  }
  try {
    await take(0, REQUESTS)
    const allocated = await allocatedBytes(() => take(REQUESTS, 2 * REQUESTS))
    expect(intake.samples).toBe(2 * REQUESTS * SERIES)
    expect(allocated / (REQUESTS * SERIES)).toBeLessThan(BYTES_A_SAMPLE_MAX)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true })
  }
})

function bodyOf(timeMs: number, value: number): Uint8Array {
  const series = Array.from({ length: SERIES }, (_, i) => ({
    labels: labelsFromRecord({ __name__: 'requests_total', instance: `web-${i % 50}`, route: `/r${i}` }),
    times: [timeMs],
    values: Float64Array.of(value + i),
  }))
  return snappyCompress(encodeRemoteWrite(series))
}

function requestOf(raw: Uint8Array) {
  return {
    tenant: 'default',
    receiver: 'remote-write',
    format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
    encoding: PAYLOAD_ENCODINGS.snappyBlock,
    raw,
    body: raw,
    bodyLength: raw.length,
    connection: CONNECTION,
  }
}

/** On the heap, collected since or not, as its sampling profiler counts. */
async function allocatedBytes(run: () => Promise<void>): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 256,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  await run()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const sum = (node: typeof profile.head): number =>
    node.selfSize + node.children.reduce((total, child) => total + sum(child), 0)
  return sum(profile.head)
}
