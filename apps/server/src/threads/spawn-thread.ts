import { Worker } from 'node:worker_threads'
import type { ThreadPort } from '../query/thread-port.ts'
import type { ThreadStart } from './thread-start.ts'

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
