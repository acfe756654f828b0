import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import { systemClock } from '@vantage/model'
import {
  logReaderContract,
  type OpenLogReader,
  type OpenSpanReader,
  spanReaderContract,
} from '@vantage/model/contract-tests'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { afterAll } from 'vitest'
import { ColumnLogReader, ColumnSpanReader, type ColumnStore, ColumnView, openColumnStore } from './index.ts'
import { columnsHost } from './testing/columns-host.ts'

const files = new NodeFileSystem()
const root = mkdtempSync(join(tmpdir(), 'vantage-columns-'))
const stores: ColumnStore[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  rmSync(root, { recursive: true, force: true })
})

async function openStore(): Promise<ColumnStore> {
  const store = await openColumnStore({
    directory: join(root, String(stores.length)),
    files,
    clock: systemClock,
    workers: columnsHost(files),
    onProblem: (message) => {
      throw new Error(message)
    },
  })
  stores.push(store)
  return store
}

type Batches = Parameters<OpenLogReader>[0] | Parameters<OpenSpanReader>[0]

/** A store that took the batches; `between` is called after each. */
async function filled(batches: Batches, between: (store: ColumnStore, tenant: string) => Promise<void> | void) {
  const store = await openStore()
  for (const [offset, { tenant, batch }] of batches.entries()) {
    if ('bodies' in batch.columns) store.applyLogs(tenant, batch as never, offset, 0)
    else store.applySpans(tenant, batch as never, offset, 0)
    await between(store, tenant)
  }
  return store
}

/** Readers of another thread: they know what messages told them. */
async function readers(batches: Batches, between: (store: ColumnStore) => Promise<void> | void) {
  let view: ColumnView | undefined
  const store = await filled(batches, async (one, tenant) => {
    await between(one)
    view ??= new ColumnView(files, one.viewOptions())
    const message = one.viewFor('thread', tenant)
    if (message !== undefined) view.update(structuredClone(message))
  })
  const found = view ?? new ColumnView(files, store.viewOptions())
  return { logs: new ColumnLogReader(found), spans: new ColumnSpanReader(found) }
}

const random = seededRandom(testSeed())
const LAYOUTS: Readonly<Record<string, (store: ColumnStore) => Promise<void> | void>> = {
  'hot rows': () => {},
  files: (store) => store.seal(),
  'files and hot rows': (store) => (random() < 0.4 ? store.seal() : undefined),
  'merged files': async (store) => {
    await store.seal()
    await store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  },
}

for (const [layout, between] of Object.entries(LAYOUTS)) {
  logReaderContract(layout, async (batches) => (await filled(batches, between)).logReader())
  spanReaderContract(layout, async (batches) => (await filled(batches, between)).spanReader())
  logReaderContract(`${layout}, in another thread`, async (batches) => (await readers(batches, between)).logs)
  spanReaderContract(`${layout}, in another thread`, async (batches) => (await readers(batches, between)).spans)
}
