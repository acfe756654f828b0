import type { MessagePort } from 'node:worker_threads'
import type { QueryWorkerData } from '../query/messages.ts'
import { runQueryWorker } from '../query/query-worker.ts'

export function run(port: MessagePort, data: QueryWorkerData): void {
  runQueryWorker(port, data)
}
