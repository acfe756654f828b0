import type { MessagePort } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { type BackgroundData, runBackground } from '@vantage/store/metrics'

export function run(port: MessagePort, data: BackgroundData): void {
  runBackground(port, data, new NodeFileSystem())
}
