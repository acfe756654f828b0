import { setPriority } from 'node:os'
import type { MessagePort } from 'node:worker_threads'
import { NodeFileSystem } from '@vantage/bytes'
import { DEFAULT_TENANT, err, fault, ok, systemClock } from '@vantage/model'
import type { KnownSteps } from '@vantage/query/promql'
import { ColumnLogReader, ColumnSpanReader, ColumnView } from '@vantage/store/columns'
import { MetricViewReader, openView, type StoreView } from '@vantage/store/metrics'
import { Budget } from './budget.ts'
import { ThreadHelpers } from './help.ts'
import type { OpenView, QueryWorkerData, WorkerQuestion, WorkerReply, WorkerViews } from './messages.ts'
import { isSynthetic, WARM_UP_PIECES, warmUp } from './warm-up.ts'
import { runWorkerJob, type WorkerReaders } from './worker-job.ts'

/** Intake goes first: on Linux this lowers the calling thread only. Half the main loop's delay, 3 % fewer queries. */
const NICE = 10
const NO_LIMITS = { maxSamples: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY, maxSeries: 1_000_000 }
const WARM_UP_MS = 10_000

/** One query after the other over a view of the store; lives in a thread of its own. */
export function runQueryWorker(port: MessagePort, data: QueryWorkerData): void {
  lowerPriority()
  let answers = data.view === undefined ? undefined : new Answers(port, data.view, 0)
  let warmed = 0
  if (answers === undefined) {
    warmUpUntil(
      () => answers !== undefined,
      (pieces) => {
        warmed = pieces
      },
    )
  }
  port.on('message', (message: WorkerQuestion | OpenView) => {
    if ('view' in message) answers = new Answers(port, message.view, warmed)
    else if (answers === undefined) throw new Error('BUG: a question before the store was open')
    else answers.answer(message)
  })
}

/** Compiles the engine piece by piece, and tells how many pieces that were; messages come in between. */
function warmUpUntil(isOver: () => boolean, tell: (pieces: number) => void): void {
  let piece = 0
  const next = (): void => {
    if (isOver() || piece >= WARM_UP_PIECES) return
    warmUp(piece++, DEFAULT_TENANT, undefined, new Budget(NO_LIMITS, WARM_UP_MS), systemClock)
    tell(piece)
    setImmediate(next)
  }
  setImmediate(next)
}

class Answers {
  readonly #port: MessagePort
  readonly #warmed: number
  readonly #view: StoreView
  readonly #reader: MetricViewReader
  readonly #rows: ColumnView
  readonly #rowReaders: Omit<WorkerReaders, 'metrics'>

  /** @param warmed pieces of a warm-up that the thread has behind it */
  constructor(port: MessagePort, views: WorkerViews, warmed: number) {
    this.#port = port
    this.#warmed = warmed
    const files = new NodeFileSystem()
    this.#view = openView(files, views.metrics)
    this.#reader = new MetricViewReader(this.#view)
    this.#rows = new ColumnView(files, views.columns ?? { directory: '' })
    this.#rowReaders = {
      logs: new ColumnLogReader(this.#rows),
      spans: new ColumnSpanReader(this.#rows),
      newest: (tenant, signal, stripes) => this.#rows.tenant(tenant)?.[signal].newestStripes(stripes) ?? [],
    }
  }

  answer(question: WorkerQuestion): void {
    const startMs = performance.now()
    const budget = new Budget(question.limits, question.timeoutMs, question.words)
    const helpers = new ThreadHelpers(question.id, this.#port, budget)
    let known: KnownSteps | undefined
    let reply: WorkerReply
    try {
      if (question.update !== undefined) this.#view.update(question.update)
      if (question.rows !== undefined) this.#rows.update(question.rows)
      const onKnown = (steps: KnownSteps): void => {
        known = steps
      }
      const result = this.#isWarm(question)
        ? ok(new Uint8Array(0))
        : runWorkerJob(
            question.job,
            question.tenant,
            { metrics: this.#reader, ...this.#rowReaders },
            budget,
            systemClock,
            { helpers, onKnown, onPart: (part) => this.#port.postMessage({ id: question.id, part }) },
          )
      const problems = this.#view.problems.splice(0)
      reply = { ...this.#facts(question, budget, startMs), result, problems, known }
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      const result = err(fault('internal', 'query: internal error'))
      reply = { ...this.#facts(question, budget, startMs), result, problems: [message], known }
    }
    helpers.close()
    this.#port.postMessage(reply, reply.result.ok ? [reply.result.value.buffer] : [])
  }

  /** A piece that the thread ran before there was a store, and that is the same with one. */
  #isWarm({ job }: WorkerQuestion): boolean {
    return job.kind === 'warm-up' && job.piece < this.#warmed && isSynthetic(job.piece)
  }

  #facts({ id }: WorkerQuestion, { samples, bytes }: Budget, startMs: number) {
    return { id, samples, elapsedMs: performance.now() - startMs, peakBytes: bytes }
  }
}

function lowerPriority(): void {
  try {
    setPriority(0, NICE)
  } catch (error) {
    // Not allowed here (a container without the right): queries then share the processor evenly.
    if (!(error instanceof Error)) throw error
  }
}
