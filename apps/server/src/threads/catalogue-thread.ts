import type { MessagePort } from 'node:worker_threads'
import { type CatalogueData, runCatalogue } from '@vantage/store/metrics'

export function run(port: MessagePort, data: CatalogueData): void {
  runCatalogue(port, data)
}
