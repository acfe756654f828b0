import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { ThreadStart } from './threads.ts'

// Imported when needed: a thread of this program must not load the server's libraries.
if (isMainThread) {
  const { start } = await import('./run.ts')
  await start()
} else if (parentPort !== null) {
  const { runThread } = await import('./threads.ts')
  runThread(parentPort, workerData as ThreadStart)
}
