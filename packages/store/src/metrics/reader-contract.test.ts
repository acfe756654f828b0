import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STALE_HIGH, STALE_LOW } from '@vantage/model'
import { type ContractSample, metricReaderContract } from '@vantage/model/contract-tests'
import { afterAll } from 'vitest'
import { row, StoreHarness } from './testing/store-harness.ts'

const opened: StoreHarness[] = []
afterAll(async () => {
  for (const harness of opened) {
    await harness.store.close()
    rmSync(harness.directory, { recursive: true, force: true })
  }
})

async function openHarness(): Promise<StoreHarness> {
  const harness = new StoreHarness(mkdtempSync(join(tmpdir(), 'vantage-contract-')))
  await harness.open()
  opened.push(harness)
  return harness
}

function load(harness: StoreHarness, samples: readonly ContractSample[]): void {
  for (const { tenant, labels, timeMs, value, startMs = 0 } of samples) {
    if (typeof value !== 'number') {
      const histograms = [[timeMs, value] as const]
      harness.apply([{ labels, samples: [], histograms, histogramStartTimes: [startMs] }], tenant)
      continue
    }
    const bits = Number.isNaN(value) ? { high: STALE_HIGH, low: STALE_LOW } : value
    harness.apply([{ ...row(labels, [timeMs, bits]), startTimes: [startMs] }], tenant)
  }
}

metricReaderContract('head', async (samples) => {
  const harness = await openHarness()
  load(harness, samples)
  return harness.store.reader()
})

metricReaderContract('one part', async (samples) => {
  const harness = await openHarness()
  load(harness, samples)
  await harness.store.seal()
  return harness.store.reader()
})

metricReaderContract('head and parts', async (samples) => {
  const harness = await openHarness()
  for (let from = 0; from < samples.length; from += 97) {
    load(harness, samples.slice(from, from + 97))
    if (from + 97 < samples.length) await harness.store.seal()
  }
  return harness.store.reader()
})

metricReaderContract('merged part', async (samples) => {
  const harness = await openHarness()
  for (let from = 0; from < samples.length; from += 60) {
    load(harness, samples.slice(from, from + 60))
    await harness.store.seal()
  }
  for (let i = 0; i < 4; i++) await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  return harness.store.reader()
})
