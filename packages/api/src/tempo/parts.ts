import type { Clock } from '@vantage/model'
import type { FoundTrace, MetricsResult, Progress } from '@vantage/query/traceql'
import { metricsAnswer, searchAnswer } from './answers.ts'
import { type TempoMessage, tempoFrame } from './messages.ts'

/** A client is told no more often what is there so far. */
const EVERY_MS = 100

/** Takes messages of a stream before its last one. */
export interface PartsSink {
  readonly clock: Clock
  /** @param framed as gRPC frames messages */
  send(framed: Uint8Array): void
}

/**
 * What a stream of Tempo's says while its question is worked on: what is new since the message before, and how far it has
 * come. The last message of the stream, which is not sent here, has everything.
 */
export class TempoParts {
  readonly #message: TempoMessage
  readonly #sink: PartsSink
  #dueMs = Number.NEGATIVE_INFINITY
  #traces = 0

  constructor(message: TempoMessage, sink: PartsSink) {
    this.#message = message
    this.#sink = sink
  }

  /** @param found all traces so far, in the order in which they were found */
  search(found: readonly FoundTrace[], progress: Progress): void {
    const { inspectedSpans, inspectedTraces } = progress
    const traces = found.slice(this.#traces)
    this.#traces = found.length
    this.#send(searchAnswer({ traces, inspectedSpans, inspectedTraces }, progress))
  }

  /** @param result the intervals that are finished */
  series(result: MetricsResult, progress: Progress): void {
    this.#send(metricsAnswer(result, this.#message === 'range' ? 'range' : 'instant', progress))
  }

  /** True where the client has not been told for a while; what ends now is told by the last message. */
  isDue({ done, total }: Pick<Progress, 'done' | 'total'>): boolean {
    return done < total && this.#sink.clock.monotonicMs() >= this.#dueMs
  }

  #send(body: unknown): void {
    this.#sink.send(tempoFrame(this.#message, body as object))
    this.#dueMs = this.#sink.clock.monotonicMs() + EVERY_MS
  }
}
