import type { MessagePort } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { type ColumnsWorkerData, runColumnsWorker } from '@vantage/store/columns'

export function run(port: MessagePort, data: ColumnsWorkerData): void {
  runColumnsWorker(port, data, new NodeFileSystem())
}
