import type { MessagePort } from 'node:worker_threads'
import { unreachable } from '@vantage/model'
import type { ThreadStart } from './thread-start.ts'

/** Runs a role. Each is imported when it is needed: a thread holds the code of its role alone, 3 MB instead of 30. */
export async function runThread(port: MessagePort, start: ThreadStart): Promise<void> {
  switch (start.role) {
    case 'catalogue':
      return (await import('./catalogue-thread.ts')).run(port, start.data)
    case 'background':
      return (await import('./background-thread.ts')).run(port, start.data)
    case 'columns':
      return (await import('./columns-thread.ts')).run(port, start.data)
    case 'query':
      return (await import('./query-thread.ts')).run(port, start.data)
    default:
      unreachable(start)
  }
}
