import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, testSeed, testSet } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { labels } from './testing/batches.ts'
import { MortalFiles } from './testing/mortal-files.ts'
import { row, StoreHarness } from './testing/store-harness.ts'

/** Of so many steps one is tried, other ones in each run. */
const STRIDE = { test: 8, wide: 1, long: 1 }[testSet()]

const series = (host: string) => labels({ __name__: 'up', host })

/** Two seals and a merge; dies after `steps` changes to the disk. @returns changes made */
async function history(harness: StoreHarness, steps: number): Promise<number> {
  const files = new MortalFiles(steps)
  harness.files = files
  await harness.open()
  const now = harness.clock.nowMs()
  for (let seal = 0; seal < 9; seal++) {
    for (let i = 0; i < 3; i++) {
      const time = now + seal * 1000 + i
      const histograms = [[time - 700, randomHistogram(seededRandom(seal), seededRandom(i))] as const]
      harness.apply([
        row(series('a'), [time, seal + i]),
        row(series(`b${seal}`), [time - 500, i]),
        { ...row(series('c')), histograms },
      ])
    }
    if (seal % 3 === 1) harness.delete([{ name: 'host', op: '=~', value: `b${seal - 1}|c` }], now, now + seal * 1000)
    await harness.store.seal()
    await harness.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  }
  await harness.store.close()
  return files.changes
}

test('a crash at any step of sealing and merging loses nothing and leaves no stray file', {
  timeout: 300_000,
}, async () => {
  // Tiers have a test of their own.
  const retention = { keep: { rawMs: Number.POSITIVE_INFINITY, tierMs: [0, 0] }, filters: [] } as const
  const open = (): StoreHarness => new StoreHarness(mkdtempSync(join(tmpdir(), 'vantage-crash-')), {}, retention)
  const whole = open()
  const changes = await history(whole, Number.MAX_SAFE_INTEGER)
  whole.files = new NodeFileSystem()
  await whole.open()
  expect(whole.store.stats().merges + whole.store.stats().parts).toBeLessThan(9)
  const expected = whole.dump()
  await whole.store.close()
  rmSync(whole.directory, { recursive: true, force: true })
  expect(changes).toBeGreaterThan(50)

  for (let steps = testSeed() % STRIDE; steps < changes; steps += STRIDE) {
    const harness = open()
    await history(harness, steps)
    harness.files = new NodeFileSystem()
    harness.problems.length = 0
    await harness.open()
    expect([steps, harness.problems]).toEqual([steps, []])
    expect([steps, harness.dump()]).toEqual([steps, expected])
    const names = harness.store.parts().map((part) => part.fileName)
    expect(readdirSync(join(harness.directory, 'parts')).sort()).toEqual([...names].sort())
    await harness.store.seal()
    expect([steps, harness.dump()]).toEqual([steps, expected])
    await harness.store.close()
    rmSync(harness.directory, { recursive: true, force: true })
  }
})
