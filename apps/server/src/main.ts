import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { EXIT_CONFIG, loadConfig } from './config/load.ts'
import { runServer } from './run.ts'
import { runThread, type ThreadStart } from './threads.ts'

if (isMainThread) {
  const loaded = loadConfig(process.argv.slice(2), process.env)
  if (!loaded.ok) {
    process.stderr.write(`vantage: ${loaded.error}\n`)
    process.exit(EXIT_CONFIG)
  }
  void runServer(loaded.value)
} else if (parentPort !== null) {
  runThread(parentPort, workerData as ThreadStart)
}
