import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { SampleColumns, systemClock } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MetricStore } from './store.ts'
import { batchOf, labels, type TestRow } from './testing/batches.ts'
import { channelHost } from './testing/channel-host.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-store-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const problems: string[] = []

function openStore(): Promise<MetricStore> {
  const files = new NodeFileSystem()
  return MetricStore.open({
    directory,
    files,
    clock: systemClock,
    workers: channelHost(files),
    onProblem: (message) => problems.push(message),
  })
}

function apply(store: MetricStore, offset: number, rows: readonly TestRow[]) {
  return store.apply('default', batchOf(rows), offset, { nowMs: 1e12 })
}

function readAll(store: MetricStore, name: string): [string, [number, number][]][] {
  const range = { startMs: -1e15, endMs: 1e15 }
  const matchers = [{ name: '__name__', op: '=' as const, value: name }]
  const selection = store.reader().select('default', { matchers, ...range }, unlimitedBudget)
  const out = new SampleColumns()
  const found: [string, [number, number][]][] = []
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, range.startMs, range.endMs, out)
    const samples: [number, number][] = []
    for (let j = 0; j < out.count; j++) samples.push([out.times[j] as number, out.values[j] as number])
    found.push([selection.labels(i).join(','), samples])
  }
  return found
}

const up = (instance: string, ...samples: [number, number][]): TestRow => ({
  labels: labels({ __name__: 'up', instance }),
  samples,
})

test('samples are readable at once, after a seal, after a restart, and never twice', async () => {
  let store = await openStore()
  const outcome = apply(store, 0, [up('b', [1000, 1], [2000, 2]), up('a', [1000, 5])])
  expect(outcome).toMatchObject({ storedSamples: 3, duplicateSamples: 0, refused: [], verdict: undefined })
  const first = [
    ['__name__,up,instance,a', [[1000, 5]]],
    [
      '__name__,up,instance,b',
      [
        [1000, 1],
        [2000, 2],
      ],
    ],
  ]
  expect(readAll(store, 'up')).toEqual(first)
  await store.seal()
  expect(problems).toEqual([])
  expect(store.stats()).toMatchObject({ parts: 1, sealedTo: 1, samples: 0 })
  expect(readAll(store, 'up')).toEqual(first)
  apply(store, 1, [up('a', [500, 4], [3000, 6])])
  const second = [
    [
      '__name__,up,instance,a',
      [
        [500, 4],
        [1000, 5],
        [3000, 6],
      ],
    ],
    first[1],
  ]
  expect(readAll(store, 'up')).toEqual(second)
  await store.seal()
  expect(readAll(store, 'up')).toEqual(second)
  await store.close()
  store = await openStore()
  expect(store.sealedTo('metrics-raw')).toBe(2)
  expect(readAll(store, 'up')).toEqual(second)
  await store.close()
})
