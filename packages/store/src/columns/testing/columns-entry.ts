import { parentPort, workerData } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { assert } from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import {
  ColumnLogReader,
  type ColumnsWorkerData,
  ColumnView,
  type ColumnViewMessage,
  type ColumnViewOptions,
  runColumnsWorker,
} from '../index.ts'

/** The threads of the test with real workers: `reader` answers each view with what it found wrong in it. */
type EntryData =
  | { readonly role: 'columns'; readonly data: ColumnsWorkerData }
  | { readonly role: 'reader'; readonly data: ColumnViewOptions }

const entry = workerData as EntryData
const port = parentPort
assert(port !== null, 'runs as a worker')
if (entry.role === 'columns') runColumnsWorker(port, entry.data, new NodeFileSystem())
else runReader(entry.data)

/** Row n of the log says so in its line, and was sent n µs after the first: all up to some n must be there, each once. */
function runReader(options: ColumnViewOptions): void {
  const view = new ColumnView(new NodeFileSystem(), options)
  const reader = new ColumnLogReader(view)
  const scan = { startNs: 0n, endNs: 2n ** 62n, matchers: [], direction: 'forward' } as const
  port?.on('message', (message: { view: ColumnViewMessage; minimum: number }) => {
    view.update(message.view)
    let problem = ''
    let rows = 0
    // Several passes on one view: the writer goes on underneath.
    for (const text of ['row ', ' of the log', '']) {
      let next = 0
      for (const block of reader.scan(
        'default',
        { ...scan, lineFilters: [{ text, isWanted: true }] },
        unlimitedBudget,
      )) {
        const { bytes, from, to } = block.columns.bodies
        for (const row of block.rows) {
          const line = Buffer.from(bytes.slice(from[row], to[row])).toString()
          if (line !== `row ${next} of the log`) problem ||= `want row ${next}, got ${line}`
          next++
        }
      }
      if (next < message.minimum) problem ||= `${next} of ${message.minimum} rows`
      rows += next
    }
    port?.postMessage({ rows, problem })
  })
}
