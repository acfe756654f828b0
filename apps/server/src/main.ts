import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { ThreadStart } from './threads/thread-start.ts'

// Imported when needed: a thread of this program must not load the server's libraries.
if (isMainThread) {
  const { start } = await import('./run.ts')
  await start()
} else if (parentPort !== null) {
  const { runThread } = await import('./threads/run-thread.ts')
  await runThread(parentPort, workerData as ThreadStart)
}
