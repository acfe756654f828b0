import { compareLabels, type Histogram, HistogramColumns, type Labels, SampleColumns } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { FaultFileSystem, seededRandom, testSeed, testSet } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { ReadScratch } from '../head/generation-reader.ts'
import { PageCache } from '../part/page-cache.ts'
import { PartReader } from '../part/part-reader.ts'
import type { PartInput } from '../part/part-writer.ts'
import { labels } from '../testing/batches.ts'
import { publishPart } from './run-background.ts'

const STATES = { test: 100, wide: 400, long: 4_000 }[testSet()]
const HISTOGRAMS = 12

const histogram = (n: number): Histogram => randomHistogram(seededRandom(n >> 2), seededRandom(n))

/** Thirty series of a few values each, the first of them with histograms between. */
function input(): PartInput {
  const all: Labels[] = Array.from({ length: 30 }, (_, i) => labels({ __name__: `m${i % 3}`, i: String(i) }))
  all.sort(compareLabels)
  return {
    seriesCount: all.length,
    originMs: 0,
    newestMs: 1e6,
    fromOffset: 3,
    toOffset: 9,
    hasHistograms: true,
    hasStartTimes: false,
    readStartTimes: () => {},
    labels: (i) => all[i] as Labels,
    read: (i, out) => {
      out.reset()
      for (let n = 0; n < 50; n++) out.push(n * 1000 + i, Math.sin(n * i))
    },
    histogramTimes: (i, out) => {
      out.reset()
      for (let n = 0; i === 0 && n < HISTOGRAMS; n++) out.push(n * 1000 + 500)
    },
    readHistograms: (_, startMs, endMs, out) => {
      out.reset()
      for (let n = 0; n < HISTOGRAMS; n++) {
        const time = n * 1000 + 500
        if (time >= startMs && time <= endMs) out.push(time, histogram(n))
      }
    },
    exemplars: () => [],
    metadata: [],
    deltaSums: [],
  }
}

function checkWhole(files: FaultFileSystem): void {
  const part = PartReader.open(files, '/parts/one.part', 1, 5, new PageCache(1 << 20))
  const out = new SampleColumns()
  const scratch = new ReadScratch()
  expect(part.totals).toMatchObject({ seriesCount: 30, sampleCount: 1500 + HISTOGRAMS, fromOffset: 3, toOffset: 9 })
  const histograms = new HistogramColumns()
  part.readHistograms(0, 0, 1e6, histograms, scratch)
  expect(histograms.histograms).toEqual(Array.from({ length: HISTOGRAMS }, (_, n) => histogram(n)))
  for (let i = 0; i < 30; i++) {
    out.reset()
    part.read(i, 0, 1e6, out, scratch)
    expect(out.count).toBe(50)
    for (let n = 0; n < 50; n++) expect(out.values[n]).toBe(Math.sin(n * i))
  }
}

test('after a loss of power a published part is whole, an unpublished one is absent or whole', () => {
  const seed = testSeed()
  for (let i = 0; i < STATES; i++) {
    const random = seededRandom(seed + i)
    const files = new FaultFileSystem({ seed: seed + i, shortWriteChance: 0.3, failSyncAt: random() < 0.3 ? 1 : 0 })
    files.makeDirectory('/parts')
    files.syncDirectoryNow('/parts')
    let isPublished = false
    try {
      publishPart(files, '/parts', 'one.part', input())
      isPublished = true
    } catch (error) {
      expect((error as { code?: string }).code).toBe('EIO')
    }
    const after = files.powerLoss(seed + i)
    try {
      if (isPublished || after.exists('/parts/one.part')) checkWhole(after)
    } catch (error) {
      throw new Error(`SEED=${seed + i} fails: ${(error as Error).message}`, { cause: error })
    }
  }
})

test('a full disk fails the part and leaves nothing under its name', () => {
  for (let capacityBytes = 0; capacityBytes < 12_000; capacityBytes += 500) {
    const files = new FaultFileSystem({ seed: 1, capacityBytes })
    files.makeDirectory('/parts')
    expect(() => publishPart(files, '/parts', 'one.part', input())).toThrow(/ENOSPC/)
    expect(files.list('/parts')).toEqual([])
  }
})
