import type { AskOptions, MetricQueries } from '@vantage/api'
import { assert, type Clock, DEFAULT_TENANT, err, type Fault, fault, type Result, type TenantId } from '@vantage/model'
import type { Counter, Logger, Registry } from '@vantage/observe'
import type { KnownSteps } from '@vantage/query/promql'
import type { ColumnStore } from '@vantage/store/columns'
import type { MetricStore } from '@vantage/store/metrics'
import { CANCELLED, type QueryLimits, rowsReadOf, sharedWords, stopQuery, TIMED_OUT } from './budget.ts'
import type { EarlyThread } from './early-thread.ts'
import { type HelpRequest, isLong, type SharedTask } from './help.ts'
import { type Lane, laneOf } from './lanes.ts'
import type { OpenView, QueryWorkerData, WorkerPart, WorkerQuestion, WorkerReply } from './messages.ts'
import { isAnswering, type Waiting, type Worker } from './pool-worker.ts'
import { cancelled, draining, timedOut } from './query-faults.ts'
import { QuickAnswers } from './quick-answers.ts'
import { RunBoard } from './run-board.ts'
import type { ThreadPort } from './thread-port.ts'
import { WARM_UP_FIRST_PIECES, WARM_UP_PIECES } from './warm-up.ts'
import type { WorkerJob } from './worker-job.ts'

/** After its deadline or the caller's leaving, a worker that still runs is ended. */
const TERMINATE_AFTER_MS = 1_000
/** A worker that nobody asks ends: soon where nobody has asked it yet, else when no dashboard seems to be open. */
const UNASKED_MS = 60_000
const IDLE_MS = 600_000
const RETRY_QUEUE_SECONDS = 1
/** A piece of a warm-up that takes longer is given up. */
const WARM_UP_PIECE_MS = 1_000
/** The server is ready after this time at the latest, warm or not. */
const WARM_UP_WAIT_MS = 1_000
const WARM_NEXT_MS = 1_000
/** What takes longer is long enough that even a cold thread shortens it. */
const LATE_HELP_MS = 150
/** The longest timer there is; `query.timeout: off` means it. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** Languages of the counters; jobs that are not named here are PromQL's. */
const LANGUAGES: Readonly<Record<string, string>> = { logs: 'logql', traces: 'traceql', joins: 'joins' }

export interface QueryPoolOptions {
  readonly store: MetricStore
  /** Of logs and spans; jobs of theirs need it. */
  readonly columns?: ColumnStore
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly limits: QueryLimits
  readonly timeoutMs: number
  readonly heavyWorkers: number
  readonly queueMax: number
  /** True while queries are refused (memory above hard). */
  readonly isRefusing: () => boolean
  /** Between one worker that is ready and the start of the next. */
  readonly warmNextMs?: number
  /** Until a question that nobody could help with gets a cold thread. */
  readonly lateHelpMs?: number
  /** Becomes the first worker. */
  readonly early?: EarlyThread | undefined
  spawn(data: QueryWorkerData): ThreadPort
}

/** Runs query jobs in threads, each over the store's shared memory; started on demand. */
export class QueryPool implements MetricQueries {
  readonly #options: QueryPoolOptions
  readonly #workers: Worker[] = []
  readonly #queues: Record<Lane, Waiting[]> = { small: [], heavy: [] }
  readonly #queries: Counter
  readonly #limited: Counter
  readonly #helped: Counter
  readonly #quick: QuickAnswers
  readonly #idleTimer: NodeJS.Timeout
  /** Of warm-ups: nobody leaves them. */
  readonly #never = new AbortController()
  #names = 0
  #ids = 0
  #isClosed = false
  /** Lanes whose workers are still to be started and warmed; undefined where none is warmed. */
  #toWarm: Lane[] | undefined
  #whenWarm: () => void = () => {}
  #warmTimer: NodeJS.Timeout | undefined
  /** Threads that are being ended. */
  readonly #ending = new Set<Promise<number>>()

  constructor(options: QueryPoolOptions) {
    this.#options = options
    const { registry } = options
    const activeMs = () => performance.eventLoopUtilization().active
    this.#quick = new QuickAnswers(options.store.reader(), options.limits, options.clock, activeMs)
    this.#queries = registry.counter('vantage_queries_total', 'Queries by outcome.', ['lang', 'outcome'])
    for (const lang of ['promql', ...Object.values(LANGUAGES)]) this.#queries.begin(lang, 'success')
    this.#limited = registry.counter('vantage_query_limited_total', 'Queries that hit a limit.', ['reason'])
    this.#helped = registry.counter('vantage_query_helped_total', 'Queries that a second thread helped with.', [])
    registry.computed('vantage_query_workers', 'Threads that answer queries.', 'gauge', () => this.#workers.length)
    const quick = 'Queries that the main thread answered, because a thread had answered them at once.'
    registry.computed('vantage_queries_quick_total', quick, 'counter', () => this.#quick.answered)
    this.#idleTimer = setInterval(() => this.#endIdle(), UNASKED_MS / 4)
    this.#idleTimer.unref()
  }

  /** @param onKnown called before the answer, where the job asks for it to be kept and it can be */
  async ask(
    tenant: TenantId,
    job: WorkerJob,
    options: AskOptions,
    onKnown: (known: KnownSteps) => void = () => {},
  ): Promise<Result<Uint8Array, Fault>> {
    const result = this.#answerQuickly(tenant, job, onKnown) ?? (await this.#enqueue(tenant, job, options, onKnown))
    this.#queries.add(1, LANGUAGES[job.kind] ?? 'promql', result.ok ? 'success' : result.error.code)
    if (!result.ok && result.error.limit !== undefined) this.#limited.add(1, result.error.limit)
    return result
  }

  /** Samples and rows that threads have read so far for whoever waits with this signal, of what they are at now. */
  rowsRead(signal: AbortSignal): number {
    const running = this.#workers.flatMap((one) => (one.running?.waiting.signal === signal ? one.running : []))
    return running.reduce((sum, { words }) => sum + rowsReadOf(words), 0)
  }

  #answerQuickly(
    tenant: TenantId,
    job: WorkerJob,
    onKnown: (known: KnownSteps) => void,
  ): Result<Uint8Array> | undefined {
    if (this.#isClosed || this.#options.isRefusing()) return undefined
    return this.#quick.answer(tenant, job, onKnown)
  }

  /**
   * Starts workers and compiles the engine in them, before anybody asks: one after the other, so that the first of
   * them is soon there.
   * @returns when the first worker has met every shape once, but waits `WARM_UP_WAIT_MS` at most
   */
  async warmUp(): Promise<void> {
    this.#quick.warmUp()
    this.#toWarm = ['heavy', 'small', ...Array.from({ length: this.#options.heavyWorkers - 1 }, (): Lane => 'heavy')]
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WARM_UP_WAIT_MS)
      this.#whenWarm = resolve
      this.#warmNext()
    })
    clearTimeout(timer)
  }

  /** A thread that starts takes a core for a while: not while the first questions are asked. */
  #warmNextLater(): void {
    this.#warmTimer = setTimeout(() => {
      if (this.#workers.some(isAnswering)) this.#warmNextLater()
      else this.#warmNext()
    }, this.#options.warmNextMs ?? WARM_NEXT_MS)
    this.#warmTimer.unref()
  }

  #warmNext(): void {
    const lane = this.#toWarm?.shift()
    if (lane === undefined || this.#isClosed) return
    const max = lane === 'small' ? 1 : this.#options.heavyWorkers
    // Questions may have started it meanwhile.
    if (this.#workers.filter((one) => one.lane === lane).length < max) this.#spawn(lane)
    this.#dispatch()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#quick.close()
    clearInterval(this.#idleTimer)
    clearTimeout(this.#warmTimer)
    for (const lane of ['small', 'heavy'] as const) {
      for (const waiting of this.#queues[lane].splice(0)) {
        waiting.leaveQueue()
        waiting.settle(err(draining()))
      }
    }
    for (const worker of [...this.#workers]) void this.#end(worker, draining())
    await Promise.all(this.#ending)
  }

  #enqueue(
    tenant: TenantId,
    job: WorkerJob,
    options: AskOptions,
    onKnown: (known: KnownSteps) => void,
  ): Promise<Result<Uint8Array, Fault>> {
    if (this.#isClosed) return Promise.resolve(err(draining()))
    if (this.#options.isRefusing()) {
      return Promise.resolve(
        err(fault('unavailable', 'query: memory is short', { reason: 'memory', retryAfterSeconds: 5 })),
      )
    }
    const lane = laneOf(job)
    if (this.#queues[lane].length >= this.#options.queueMax) {
      const message = `query: want at most ${this.#options.queueMax} waiting queries (query.queue), got one more`
      const detail = { reason: 'queue', limit: 'query.queue', retryAfterSeconds: RETRY_QUEUE_SECONDS }
      return Promise.resolve(err(fault('too_many', message, detail)))
    }
    return new Promise((resolve) => {
      const timeoutMs = Math.min(options.timeoutMs ?? this.#options.timeoutMs, this.#options.timeoutMs, TIMER_MAX_MS)
      const waiting: Waiting = {
        tenant,
        job,
        timeoutMs,
        signal: options.signal,
        startedMs: this.#options.clock.monotonicMs(),
        settle: resolve,
        onKnown,
        onBegin: options.onBegin,
        onPart: options.onPart,
        leaveQueue: this.#watchQueue(options.signal, timeoutMs, (reason) => {
          this.#queues[lane].splice(this.#queues[lane].indexOf(waiting), 1)
          resolve(err(reason))
        }),
      }
      this.#queues[lane].push(waiting)
      this.#dispatch()
    })
  }

  /** A query that waits ends like one that runs: at its deadline, or when its caller goes. @returns ends the watch */
  #watchQueue(signal: AbortSignal, timeoutMs: number, giveUp: (reason: Fault) => void): () => void {
    const end = (reason: Fault): void => {
      leave()
      giveUp(reason)
      this.#dispatch()
    }
    const onAbort = (): void => end(cancelled())
    const timer = setTimeout(() => end(timedOut(timeoutMs)), Math.max(0, timeoutMs))
    signal.addEventListener('abort', onAbort, { once: true })
    const leave = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    return leave
  }

  /** Questions of all lanes come before any thread that gets ready. */
  #dispatch(): void {
    for (const lane of ['small', 'heavy'] as const) this.#serve(lane)
    // Getting ready is for later: the answers that somebody waits for now have the processor to themselves.
    if (this.#workers.some(isAnswering)) return
    for (const worker of [...this.#workers]) if (worker.running === undefined) this.#warm(worker)
  }

  #serve(lane: Lane): void {
    const queue = this.#queues[lane]
    while (queue.length > 0) {
      const worker = this.#freeWorker(lane)
      if (worker === undefined) return
      const waiting = queue.shift() as Waiting
      waiting.leaveQueue()
      const waitedMs = this.#options.clock.monotonicMs() - waiting.startedMs
      if (waiting.signal.aborted) waiting.settle(err(cancelled()))
      else if (waitedMs >= waiting.timeoutMs) waiting.settle(err(timedOut(waiting.timeoutMs)))
      else this.#run(worker, waiting, waiting.timeoutMs - waitedMs)
    }
  }

  /** A worker without a question does the next piece of its warm-up. */
  #warm(worker: Worker): void {
    if (this.#isClosed || worker.warmedPieces >= WARM_UP_PIECES) {
      if (worker.warmedPieces === WARM_UP_PIECES) this.#warmNextLater()
      worker.warmedPieces = WARM_UP_PIECES + 1
      return
    }
    if (worker.warmedPieces === WARM_UP_FIRST_PIECES && worker.rest !== 'over') {
      this.#whenWarm()
      this.#rest(worker)
      return
    }
    const piece = worker.warmedPieces++
    const waiting: Waiting = {
      tenant: DEFAULT_TENANT,
      job: { kind: 'warm-up', piece },
      timeoutMs: WARM_UP_PIECE_MS,
      signal: this.#never.signal,
      startedMs: this.#options.clock.monotonicMs(),
      settle: () => {},
      onKnown: () => {},
      onBegin: undefined,
      leaveQueue: () => {},
    }
    this.#run(worker, waiting, waiting.timeoutMs)
  }

  /** Who asks as soon as the server is ready does not wait for a piece. */
  #rest(worker: Worker): void {
    if (worker.rest === 'now') return
    worker.rest = 'now'
    setTimeout(() => {
      worker.rest = 'over'
      this.#dispatch()
    }, this.#options.warmNextMs ?? WARM_NEXT_MS).unref()
  }

  #freeWorker(lane: Lane): Worker | undefined {
    let mine = this.#workers.filter((one) => one.lane === lane)
    // While workers are made ready one after the other, the first of them serves both lanes.
    if (mine.length === 0 && this.#isWarming) mine = this.#workers
    const free = mine.find((one) => one.running === undefined)
    if (free !== undefined) return free
    // One that gets ready is free in a few milliseconds: far sooner than a new thread.
    if (mine.some((one) => !isAnswering(one))) return undefined
    const max = lane === 'small' ? 1 : this.#options.heavyWorkers
    return mine.length < max ? this.#spawn(lane) : undefined
  }

  #spawn(lane: Lane): Worker {
    const name = `query-${++this.#names}`
    const { store, columns } = this.#options
    const view = { metrics: store.viewOptions(), columns: columns?.viewOptions() }
    const early = this.#options.early?.take()
    early?.postMessage({ view } satisfies OpenView)
    const port = early ?? this.#options.spawn({ view })
    const worker: Worker = {
      name,
      lane,
      port,
      running: undefined,
      idleSinceMs: this.#options.clock.monotonicMs(),
      isAsked: false,
      warmedPieces: this.#toWarm === undefined ? WARM_UP_PIECES + 1 : 0,
      rest: 'before',
    }
    this.#workers.push(worker)
    port.on('message', (message) => {
      const reply = message as WorkerReply | WorkerPart | HelpRequest
      if ('share' in reply) this.#callHelp(worker, reply)
      else if ('part' in reply) passOn(worker, reply)
      else this.#settle(worker, reply)
    })
    port.on('error', (error) => {
      this.#options.logger.error('a query worker failed', { worker: name, error: error.message })
      void this.#end(worker, fault('internal', 'query: internal error'))
    })
    port.on('exit', () => void this.#end(worker, fault('internal', 'query: the worker ended')))
    return worker
  }

  /** Passes a call for help on to a worker that has nothing else to do, or starts one; the asker waits for neither. */
  #callHelp(asker: Worker, request: HelpRequest): void {
    const { running } = asker
    if (running?.id !== request.id || this.#queues.heavy.length > 0) {
      request.share.port.close()
      return
    }
    const helper = this.#helper() ?? (isLong(request.share) ? this.#freeWorker('heavy') : undefined)
    if (helper !== undefined) this.#share(helper, running.waiting, request.share)
    else if (this.#isWarming)
      running.timers.push(setTimeout(() => this.#helpLate(asker, request), this.#options.lateHelpMs ?? LATE_HELP_MS))
    else request.share.port.close()
  }

  /** The timer ends with the question: a call that it was set for is still open. */
  #helpLate(asker: Worker, { share }: HelpRequest): void {
    const { running } = asker
    const helper = this.#queues.heavy.length > 0 ? undefined : (this.#helper() ?? this.#freeWorker('heavy'))
    if (running === undefined || helper === undefined) share.port.close()
    else this.#share(helper, running.waiting, share)
  }

  #share(helper: Worker, { tenant, timeoutMs, signal }: Waiting, share: SharedTask): void {
    const board = new RunBoard(share.task.runs, share.words)
    const waiting: Waiting = {
      tenant,
      job: { kind: 'share', share },
      timeoutMs,
      signal,
      startedMs: this.#options.clock.monotonicMs(),
      settle: (result) => {
        if (!result.ok) board.fail()
      },
      onKnown: () => {},
      onBegin: undefined,
      leaveQueue: () => {},
    }
    this.#helped.add(1)
    this.#run(helper, waiting, timeoutMs)
  }

  /** A cold thread would only take time from who asked; later calls find it. */
  #helper(): Worker | undefined {
    const free = this.#workers.find(({ lane, running, warmedPieces }) => {
      return lane === 'heavy' && running === undefined && warmedPieces >= WARM_UP_FIRST_PIECES
    })
    return free ?? (this.#isWarming ? undefined : this.#freeWorker('heavy'))
  }

  /** True while workers are still to be started. */
  get #isWarming(): boolean {
    return this.#toWarm !== undefined && this.#toWarm.length > 0
  }

  #run(worker: Worker, waiting: Waiting, timeoutMs: number): void {
    const id = ++this.#ids
    const words = sharedWords()
    const stop = (code: number): void => {
      stopQuery(words, code)
      const late = code === CANCELLED ? cancelled() : timedOut(waiting.timeoutMs)
      worker.running?.timers.push(setTimeout(() => void this.#end(worker, late), TERMINATE_AFTER_MS))
    }
    const onAbort = (): void => stop(CANCELLED)
    const timer = setTimeout(() => stop(TIMED_OUT), timeoutMs)
    if (waiting.job.kind !== 'warm-up') worker.isAsked = true
    const { release, ...updates } = this.#look(worker, waiting)
    waiting.onBegin?.()
    worker.running = { id, waiting, release, words, timers: [timer], onAbort }
    waiting.signal.addEventListener('abort', onAbort, { once: true })
    const question: WorkerQuestion = {
      id,
      tenant: waiting.tenant,
      ...updates,
      job: waiting.job,
      limits: this.#options.limits,
      timeoutMs,
      words,
    }
    worker.port.postMessage(question, waiting.job.kind === 'share' ? [waiting.job.share.port] : [])
  }

  /** Pins the stores that a job reads. @returns what the thread lacks of them */
  #look(
    { name }: Worker,
    { job, tenant }: Waiting,
  ): Pick<WorkerQuestion, 'update' | 'rows'> & { readonly release: () => void } {
    const { store, columns } = this.#options
    const ofRows = job.kind === 'share' ? job.share.lang !== 'promql' : job.kind === 'logs' || job.kind === 'traces'
    const readsBoth = job.kind === 'joins' || (job.kind === 'warm-up' && columns !== undefined)
    const readsRows = ofRows || readsBoth
    assert(!readsRows || columns !== undefined, 'a pool without columns was asked for rows')
    const rowsPin = readsRows ? columns?.pin() : undefined
    const rows = readsRows ? columns?.viewFor(name, tenant) : undefined
    const pin = readsRows && !readsBoth ? undefined : store.pin()
    const update = pin === undefined ? undefined : store.viewFor(name, tenant)
    const release = (): void => {
      if (rowsPin !== undefined) columns?.release(rowsPin)
      if (pin !== undefined) store.release(pin)
    }
    return { update, rows, release }
  }

  #settle(worker: Worker, reply: WorkerReply): void {
    for (const problem of reply.problems) this.#options.logger.error('query problem', { problem })
    if (worker.running?.id !== reply.id) return
    const { tenant, job, onKnown } = worker.running.waiting
    if (reply.known !== undefined) onKnown(reply.known)
    if (reply.result.ok) this.#quick.note(tenant, job, reply)
    this.#answer(worker, reply.result)?.()
    this.#dispatch()
  }

  /** @returns gives back what the query still holds of its store: to be called once its thread reads no more */
  #answer(worker: Worker, result: Result<Uint8Array, Fault>): (() => void) | undefined {
    const { running } = worker
    if (running === undefined) return undefined
    worker.running = undefined
    worker.idleSinceMs = this.#options.clock.monotonicMs()
    for (const timer of running.timers) clearTimeout(timer)
    running.waiting.signal.removeEventListener('abort', running.onAbort)
    running.waiting.settle(result)
    return running.release
  }

  /** Ends a thread; its query fails with `reason`, its pins go, others take over. */
  async #end(worker: Worker, reason: Fault): Promise<void> {
    const at = this.#workers.indexOf(worker)
    if (at < 0) return
    this.#workers.splice(at, 1)
    // The caller need not wait for the thread, the store's memory must.
    const release = this.#answer(worker, err(reason))
    const ending = worker.port.terminate()
    this.#ending.add(ending)
    await ending
    this.#options.store.forgetReader(worker.name)
    this.#options.columns?.forgetReader(worker.name)
    release?.()
    this.#ending.delete(ending)
    if (!this.#isClosed) this.#dispatch()
  }

  #endIdle(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const worker of [...this.#workers]) {
      const keepMs = worker.isAsked ? IDLE_MS : UNASKED_MS
      if (worker.running === undefined && worker.idleSinceMs < nowMs - keepMs) void this.#end(worker, draining())
    }
  }
}

/** A part comes too late where its question is answered. */
function passOn({ running }: Worker, { id, part }: WorkerPart): void {
  if (running?.id === id) running.waiting.onPart?.(part)
}
