import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { FileSystem } from '@vantage/model'
import type { BackgroundData } from '../background/protocol.ts'
import { runBackground } from '../background/run-background.ts'
import { type CatalogueData, runCatalogue } from '../catalogue/run-catalogue.ts'
import type { WorkerHost, WorkerPort } from '../worker-port.ts'

/** Runs the workers on the test's own thread, behind real message ports, so that a test can lend them its files. */
export function channelHost(files: FileSystem): WorkerHost {
  return {
    spawn(role, data) {
      const { port1, port2 } = new MessageChannel()
      if (role === 'catalogue') runCatalogue(port2 as WorkerPort, data as CatalogueData)
      else runBackground(port2 as WorkerPort, data as BackgroundData, files)
      return wrap(port1)
    },
  }
}

function wrap(port: MessagePort): WorkerPort {
  return port as unknown as WorkerPort
}
