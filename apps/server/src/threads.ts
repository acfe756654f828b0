import { type MessagePort, Worker } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { unreachable } from '@vantage/model'
import { type ColumnsWorkerData, runColumnsWorker } from '@vantage/store/columns'
import { type BackgroundData, type CatalogueData, runBackground, runCatalogue } from '@vantage/store/metrics'
import type { QueryWorkerData } from './query/messages.ts'
import { runQueryWorker } from './query/query-worker.ts'
import type { ThreadPort } from './query/thread-port.ts'

/** What a thread of this program does, with its data. */
export type ThreadStart =
  | { readonly role: 'catalogue'; readonly data: CatalogueData }
  | { readonly role: 'background'; readonly data: BackgroundData }
  | { readonly role: 'columns'; readonly data: ColumnsWorkerData }
  | { readonly role: 'query'; readonly data: QueryWorkerData }

/** Young garbage of a thread, MiB: smaller than V8's default, so that idle threads stay small. */
const YOUNG_MIB = 4

/** Starts a thread on this very program: its entry looks at the role first. */
export function spawnThread(start: ThreadStart): ThreadPort {
  const entry = process.argv[1] as string
  return new Worker(entry, {
    workerData: start,
    name: start.role,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  })
}

export function runThread(port: MessagePort, start: ThreadStart): void {
  switch (start.role) {
    case 'catalogue':
      runCatalogue(port, start.data)
      break
    case 'background':
      runBackground(port, start.data, new NodeFileSystem())
      break
    case 'columns':
      runColumnsWorker(port, start.data, new NodeFileSystem())
      break
    case 'query':
      runQueryWorker(port, start.data)
      break
    default:
      unreachable(start)
  }
}
