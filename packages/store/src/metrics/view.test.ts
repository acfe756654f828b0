import { NodeFileSystem } from '@vantage/bytes'
import { FaultError, HistogramColumns, type MetricBatch, SampleColumns } from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { applyBatch } from './head/apply.ts'
import { DEFAULT_LIMITS } from './head/head-limits.ts'
import { TailPacker } from './head/tail-packer.ts'
import { TenantHead } from './head/tenant-head.ts'
import { PinBook } from './pins.ts'
import { MetricViewReader } from './reader.ts'
import { DEFAULT_RETENTION } from './retention.ts'
import { batchOf, labels } from './testing/batches.ts'
import { row } from './testing/store-harness.ts'
import { StoreView } from './view.ts'
import { ViewBook } from './view-book.ts'

const ALL = { matchers: [], startMs: 0, endMs: 1e14 }
const NOW = 1_700_000_000_000
const NONE = { parts: [], tiers: [], version: 0 }

/** A head and a reader that shares nothing with it but messages. */
function open() {
  const pins = new PinBook()
  const head = new TenantHead(7, 1, new TailPacker(), pins)
  const view = new StoreView(
    new NodeFileSystem(),
    { directory: '/none', seed: 7, retention: DEFAULT_RETENTION },
    1 << 20,
  )
  const book = new ViewBook()
  const reader = new MetricViewReader(view)
  const out = new SampleColumns()
  return {
    head,
    pins,
    reader,
    // As a port would hand it over.
    update: () => view.update(structuredClone(book.message('r', 't', head, NONE, NOW))),
    message: () => book.message('r', 't', head, NONE, NOW),
    metadata: () => reader.metadata('t', undefined),
    apply: (batch: MetricBatch) => applyBatch(head, batch, DEFAULT_LIMITS, { nowMs: NOW + 1e12 }),
    counts: () => {
      const selection = reader.select('t', ALL, unlimitedBudget)
      return Array.from({ length: selection.count }, (_, i) => {
        selection.read(i, ALL.startMs, ALL.endMs, out)
        return out.count
      })
    },
  }
}

const series = (i: number) => labels({ __name__: 'm', i: String(i) })

test('a message carries only what is new for its reader', () => {
  const { apply, message } = open()
  apply(batchOf([row(series(0), [NOW, 1])]))
  const first = message()
  const attached = (one: typeof first) => one.indexes[0]?.delta.segments.map((delta) => delta.buffers.length)
  expect(attached(first)).toEqual([1, 1, 1, 1, 1, 1, 0])
  apply(batchOf([row(series(1), [NOW, 1])]))
  const second = message()
  // The second series of a pair opens the pair's first block of postings.
  expect(attached(second)).toEqual([0, 0, 0, 0, 0, 0, 1])
  expect(second.generations[0]?.delta.data.buffers.length).toBe(0)
  expect(second.indexes[0]?.delta.seriesCount).toBe(2)
})

test('series that came after the view are not in it; samples of known ones are', () => {
  const { apply, update, counts } = open()
  apply(batchOf([row(series(0), [NOW, 1])]))
  update()
  apply(batchOf([row(series(0), [NOW + 1, 1]), row(series(1), [NOW, 1])]))
  expect(counts()).toEqual([2])
  update()
  expect(counts()).toEqual([2, 1])
})

test('deletions and histograms reach readers by messages', () => {
  const { apply, head, update, reader } = open()
  const histogram = randomHistogram(seededRandom(1), seededRandom(2))
  const histograms = [[NOW + 1, histogram] as const, [NOW + 2, histogram] as const]
  apply(batchOf([row(series(0), [NOW, 1], [NOW + 1, 1]), { ...row(series(1)), histograms }]))
  const contents = (): string[] => {
    const selection = reader.select('t', ALL, unlimitedBudget)
    const floats = new SampleColumns()
    const found = new HistogramColumns()
    return Array.from({ length: selection.count }, (_, i) => {
      selection.read(i, ALL.startMs, ALL.endMs, floats)
      selection.readHistograms(i, ALL.startMs, ALL.endMs, found)
      return `${selection.mayHaveHistograms(i)} ${floats.count} ${found.times.map((time) => time - NOW)}`
    })
  }
  update()
  expect(contents()).toEqual(['false 2 ', 'true 0 1,2'])
  head.freeze(2, 1)
  const matchers = [{ name: '__name__', op: '=' as const, value: 'm' }]
  head.tombstones = [{ matchers, startMs: NOW + 1, endMs: NOW + 1, offset: 1 }]
  update()
  expect(contents()).toEqual(['false 1 ', 'true 0 2'])
  apply(batchOf([row(series(0), [NOW + 1, 1])]))
  update()
  expect(contents()).toEqual(['false 2 ', 'true 0 2'])
  head.tombstones = []
  update()
  expect(contents()).toEqual(['false 2 ', 'true 0 1,2'])
})

test('a query that intake outran fails instead of missing samples', () => {
  const { apply, update, counts, pins } = open()
  const rows = Array.from({ length: 200 }, (_, i) => row(series(i), [NOW, Math.PI * i]))
  const batch = batchOf(rows)
  apply(batch)
  update()
  pins.pin()
  let outrun: unknown
  for (let round = 1; round < 2000 && outrun === undefined; round++) {
    batch.times.fill(NOW + round, 0, rows.length)
    for (let i = 0; i < rows.length; i++) batch.values[i] = Math.PI * i * round
    apply(batch)
    if (round % 50 !== 0) continue
    try {
      expect(counts()).toEqual(rows.map(() => round + 1))
    } catch (error) {
      outrun = error
    }
  }
  expect(outrun).toBeInstanceOf(FaultError)
  expect((outrun as FaultError).fault.reason).toBe('view_outran')
  update()
  expect(new Set(counts()).size).toBe(1)
})

test('metadata that changes with every request stays bounded and current', () => {
  const { head, update, metadata } = open()
  for (let i = 0; i < 5000; i++) {
    head.setMetadata({ metric: `m${i % 3}`, type: 'gauge', unit: '', help: `text ${i}` })
    if (i % 700 === 0) update()
  }
  update()
  expect(head.metadata.length).toBeLessThan(1100)
  expect(metadata().map((one) => one.help)).toEqual(['text 4998', 'text 4999', 'text 4997'])
})
