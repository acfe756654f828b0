import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { DEFAULT_TENANT } from '@vantage/model'
import type { MetricStore } from '@vantage/store/metrics'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SavedViews } from './saved-views.ts'
import { Snapshots } from './snapshots.ts'
import { openTestStore, storeSamples } from './testing/open-store.ts'

const clock = { nowMs: () => Date.UTC(2026, 10, 21, 9, 30, 0, 500), monotonicMs: () => 0 }

let data: string
let store: MetricStore
let directory: string
let problems: string[]
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'vantage-snapshots-'))
  problems = []
  const opened = await openTestStore((message) => problems.push(message))
  store = opened.store
  directory = opened.directory
})
afterEach(async () => {
  await store.close()
  for (const folder of [data, directory]) rmSync(folder, { recursive: true, force: true })
})

const kept = (): string[] => readdirSync(join(data, 'snapshots'))

test('each is a folder of its own, named by its time', async () => {
  storeSamples(store, { __name__: 'm' }, [[Date.now(), 1]])
  const snapshots = new Snapshots(new NodeFileSystem(), clock, data)
  const made = [await snapshots.make({ metrics: store }, false), await snapshots.make({ metrics: store }, true)]
  const names = made.map((one) => (one.ok ? one.value : one.error.message))
  expect(kept()).toEqual([...names].sort())
  for (const name of names) {
    expect(name).toMatch(/^20261121T093000Z-[0-9a-f]{16}$/)
    expect(readdirSync(join(data, 'snapshots', name, 'metrics')).sort()).toEqual(['catalogue.sqlite', 'parts'])
    expect(readdirSync(join(data, 'snapshots', name, 'metrics', 'parts'))).toHaveLength(1)
  }
})

test('saved views go along', async () => {
  const files = new NodeFileSystem()
  new SavedViews({ files, directory: data, clock }).put(DEFAULT_TENANT, 'v1', { name: 'n', path: '/live', search: '' })
  const made = await new Snapshots(files, clock, data).make({ metrics: store }, true)
  const copy = new SavedViews({ files, directory: join(data, 'snapshots', made.ok ? made.value : ''), clock })
  expect(copy.list(DEFAULT_TENANT)).toMatchObject([{ id: 'v1', name: 'n', path: '/live' }])
})

test('what a process left unfinished goes, what is whole stays', async () => {
  for (const name of ['tmp-x', 'x']) mkdirSync(join(data, 'snapshots', name, 'metrics'), { recursive: true })
  const snapshots = new Snapshots(new NodeFileSystem(), clock, data)
  await snapshots.removeUnfinished()
  expect(kept()).toEqual(['x'])
  rmSync(join(data, 'snapshots'), { recursive: true })
  await snapshots.removeUnfinished()
})

test('100 are kept at most', async () => {
  for (let i = 0; i < 100; i++) mkdirSync(join(data, 'snapshots', `s${i}`), { recursive: true })
  const made = await new Snapshots(new NodeFileSystem(), clock, data).make({ metrics: store }, false)
  expect(made).toMatchObject({ ok: false, error: { code: 'conflict' } })
  expect(kept()).toHaveLength(100)
})

test('one that fails leaves nothing', async () => {
  storeSamples(store, { __name__: 'm' }, [[Date.now(), 1]])
  const snapshots = new Snapshots(new NodeFileSystem(), clock, data)
  expect(await snapshots.make({ metrics: store }, false)).toMatchObject({ ok: true })
  for (const name of readdirSync(join(directory, 'parts'))) rmSync(join(directory, 'parts', name))
  expect(await snapshots.make({ metrics: store }, false)).toMatchObject({ ok: false, error: { code: 'unavailable' } })
  expect(problems).toHaveLength(1)
  expect(kept()).toHaveLength(1)
})
