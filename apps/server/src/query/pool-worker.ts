import type { Fault, Result, TenantId } from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import type { Lane } from './lanes.ts'
import type { ThreadPort } from './thread-port.ts'
import type { WorkerJob } from './worker-job.ts'

/** A question to the pool, until it is answered. */
export interface Waiting {
  readonly tenant: TenantId
  readonly job: WorkerJob
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly startedMs: number
  settle(result: Result<Uint8Array, Fault>): void
  onKnown(known: KnownSteps): void
  /** Its view of the stores was taken just now. */
  readonly onBegin: (() => void) | undefined
  /** Takes what comes before the answer. */
  readonly onPart?: ((part: Uint8Array) => void) | undefined
  /** Ends the watch over its place in the queue: it runs, or it is answered. */
  leaveQueue(): void
}

/** A thread of the pool. */
export interface Worker {
  readonly name: string
  readonly lane: Lane
  readonly port: ThreadPort
  running:
    | {
        id: number
        waiting: Waiting
        /** Gives back what the query holds of its store. */
        release: () => void
        words: Int32Array
        timers: NodeJS.Timeout[]
        onAbort: () => void
      }
    | undefined
  idleSinceMs: number
  /** By somebody; a warm-up does not count. */
  isAsked: boolean
  warmedPieces: number
  /** A pause after the first pieces. */
  rest: 'before' | 'now' | 'over'
}

export function isAnswering({ running }: Worker): boolean {
  return running !== undefined && running.waiting.job.kind !== 'warm-up'
}
