import type { MessagePort } from 'node:worker_threads'

/** A thread as its owner sees it. */
export interface ThreadPort {
  postMessage(message: unknown, transfer?: readonly MessagePort[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  terminate(): Promise<number>
}
