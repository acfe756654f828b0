import { MessageChannel } from 'node:worker_threads'
import type { FileSystem } from '@vantage/model'
import type { WorkerPort } from '../../metrics/worker-port.ts'
import type { ColumnsWorkerHost } from '../store-options.ts'
import { runColumnsWorker } from '../worker/run-columns-worker.ts'

/** Runs the worker on the test's own thread, behind real message ports, so that a test can lend it its files. */
export function columnsHost(files: FileSystem): ColumnsWorkerHost {
  return {
    spawn(_role, data) {
      const { port1, port2 } = new MessageChannel()
      runColumnsWorker(port2 as unknown as WorkerPort, data, files)
      return port1 as unknown as WorkerPort
    },
  }
}
