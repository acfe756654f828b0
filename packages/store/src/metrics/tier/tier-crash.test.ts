import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { testSeed, testSet } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { labels } from '../testing/batches.ts'
import { MortalFiles } from '../testing/mortal-files.ts'
import { row, StoreHarness } from '../testing/store-harness.ts'

/** Of so many steps one is tried, other ones in each run. */
const STRIDE = { test: 10, wide: 5, long: 1 }[testSet()]
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const BASE_MS = 19_700 * DAY_MS

/** Two days of two series, a deletion, and then so much time that the first day is over. */
async function history(harness: StoreHarness, files: MortalFiles): Promise<void> {
  harness.files = files
  harness.clock.wallMs = BASE_MS
  await harness.open()
  const tick = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      harness.clock.advance(MINUTE_MS)
      await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
    }
  }
  for (let day = 0; day < 2; day++) {
    for (const host of ['a', 'b']) {
      const samples = Array.from({ length: 48 }, (_, i) => [harness.clock.wallMs - i * 10 * MINUTE_MS, i] as const)
      harness.apply([row(labels({ __name__: 'm', host }), ...samples.reverse())])
    }
    await harness.store.seal()
    harness.clock.advance(DAY_MS)
    await tick()
  }
  harness.delete([{ name: 'host', op: '=', value: 'a' }], BASE_MS - HOUR_MS, BASE_MS - 30 * MINUTE_MS)
  await tick()
  harness.clock.advance(2 * DAY_MS)
  await tick()
  await harness.store.close()
}

test('a crash at any step of building, passing on and dropping tiers loses nothing and leaves no stray file', async () => {
  const keep = { rawMs: 3 * DAY_MS, tierMs: [30 * DAY_MS, 90 * DAY_MS] } as const
  const open = (): StoreHarness =>
    new StoreHarness(mkdtempSync(join(tmpdir(), 'vantage-crash-')), {}, { keep, filters: [] })
  const settled = async (harness: StoreHarness): Promise<ReturnType<StoreHarness['dump']>> => {
    harness.files = new NodeFileSystem()
    harness.problems.length = 0
    await harness.open()
    const names = [...harness.store.parts(), ...harness.store.tiers()].map((one) => one.fileName)
    expect(readdirSync(join(harness.directory, 'parts')).sort()).toEqual([...names].sort())
    await harness.store.seal()
    for (let i = 0; i < 10; i++) {
      harness.clock.advance(MINUTE_MS)
      await harness.settle()
    }
    expect(harness.problems).toEqual([])
    const dump = harness.dump()
    await harness.store.close()
    rmSync(harness.directory, { recursive: true, force: true })
    return dump
  }
  const whole = open()
  const files = new MortalFiles(Number.MAX_SAFE_INTEGER)
  await history(whole, files)
  const expected = await settled(whole)
  expect([...expected].map(([, samples]) => samples.size)).toEqual([96 - 4, 96])
  expect(files.changes).toBeGreaterThan(50)
  for (let steps = testSeed() % STRIDE; steps < files.changes; steps += STRIDE) {
    const harness = open()
    await history(harness, new MortalFiles(steps))
    expect([steps, await settled(harness)]).toEqual([steps, expected])
  }
})
