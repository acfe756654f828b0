import { NodeFileSystem } from '@vantage/bytes'
import { systemClock } from '@vantage/model'
import { logReaderContract, spanReaderContract } from '@vantage/model/contract-tests'
import { ColumnLogReader, ColumnSpanReader, ColumnView, openColumnStore } from './index.ts'

function open() {
  return openColumnStore({
    directory: '/nowhere',
    files: new NodeFileSystem(),
    clock: systemClock,
    onProblem: (message) => {
      throw new Error(message)
    },
  })
}

logReaderContract('hot rows', async (batches) => {
  const store = await open()
  for (const [offset, { tenant, batch }] of batches.entries()) store.applyLogs(tenant, batch, offset, 0)
  return store.logReader()
})

spanReaderContract('hot rows', async (batches) => {
  const store = await open()
  for (const [offset, { tenant, batch }] of batches.entries()) store.applySpans(tenant, batch, offset, 0)
  return store.spanReader()
})

logReaderContract('hot rows through messages', async (batches) => {
  const store = await open()
  const view = new ColumnView(new NodeFileSystem(), store.viewOptions())
  for (const [offset, { tenant, batch }] of batches.entries()) {
    store.applyLogs(tenant, batch, offset, 0)
    const message = store.viewFor('thread', tenant)
    if (message !== undefined) view.update(structuredClone(message))
  }
  return new ColumnLogReader(view)
})

spanReaderContract('hot rows through messages', async (batches) => {
  const store = await open()
  const view = new ColumnView(new NodeFileSystem(), store.viewOptions())
  for (const [offset, { tenant, batch }] of batches.entries()) {
    store.applySpans(tenant, batch, offset, 0)
    const message = store.viewFor('thread', tenant)
    if (message !== undefined) view.update(structuredClone(message))
  }
  return new ColumnSpanReader(view)
})
