import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert } from '@vantage/model'
import type { WorkerQuestion } from '../query/messages.ts'
import { runThread } from '../threads/run-thread.ts'
import type { ThreadStart } from '../threads/thread-start.ts'

/** The product's threads, and three queries that no engine answers: the thread dies, throws, or never looks up. */
function misbehave(question: WorkerQuestion): void {
  const query = 'job' in question && question.job.kind === 'promql' ? question.job.query : ''
  if (query === 'exit') process.exit(7)
  if (query === 'throw') throw new Error('the thread breaks')
  if (query === 'hang') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
}

const port = parentPort
assert(port !== null, 'runs as a thread')
const listened = {
  on: (event: 'message', listener: (question: WorkerQuestion) => void) =>
    port.on(event, (question: WorkerQuestion) => {
      misbehave(question)
      listener(question)
    }),
  postMessage: port.postMessage.bind(port),
} as unknown as MessagePort
await runThread(listened, workerData as ThreadStart)
