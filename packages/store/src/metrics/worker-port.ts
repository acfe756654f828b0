import type { Ask, Reply } from './catalogue/protocol.ts'

/** What a worker (or a message port in tests) looks like from here. */
export interface WorkerPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
  /** A worker's way to end. */
  terminate?(): unknown
  /** A message port's way to end. */
  close?(): unknown
}

/** Starts threads; passed in, because only the composition root knows its entry files. */
export interface WorkerHost {
  spawn(role: 'catalogue' | 'background', data: unknown): WorkerPort
}

/** Calls that may wait at once; more is a bug of the caller, who seals and merges one by one. */
const CALLS_MAX = 64

/** A thread that was asked nothing for this time ends: idle it would hold 20 MB. */
const REST_AFTER_MS = 30_000

/**
 * Questions to one thread, each with its answer. The first question starts the thread, as does the next one after it
 * died or rested. A thread that dies fails the calls that wait.
 */
export class WorkerClient<Request, Answer> {
  readonly #spawn: () => WorkerPort
  readonly #farewell: Request | undefined
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  #port: WorkerPort | undefined
  #calls = 0
  #isClosed = false
  #seenCalls = 0
  #unaskedSinceMs = Number.POSITIVE_INFINITY

  /** @param farewell the last question before the thread is ended: what it has open is closed by it */
  constructor(spawn: () => WorkerPort, farewell?: Request) {
    this.#spawn = spawn
    this.#farewell = farewell
  }

  /** False = the next question starts a thread, which knows nothing of what was said before. */
  get isRunning(): boolean {
    return this.#port !== undefined
  }

  ask(request: Request): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(new Error('the store is closed'))
    if (this.#waiting.size >= CALLS_MAX) return Promise.reject(new Error(`more than ${CALLS_MAX} calls wait`))
    this.#port ??= this.#start()
    const port = this.#port
    const call = ++this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      port.postMessage({ call, request } satisfies Ask<Request>)
    })
  }

  /**
   * To be called about once a second: ends the thread once it was asked nothing for `REST_AFTER_MS`. Nobody may ask
   * before this resolves.
   */
  async rest(monotonicMs: number): Promise<void> {
    if (this.#calls !== this.#seenCalls || this.#waiting.size > 0) {
      this.#seenCalls = this.#calls
      this.#unaskedSinceMs = monotonicMs
    } else if (monotonicMs - this.#unaskedSinceMs >= REST_AFTER_MS) {
      await this.#stop()
      this.#seenCalls = this.#calls
    }
  }

  /** Ends the thread for good; calls that wait fail. */
  async end(): Promise<void> {
    const stopped = this.#stop()
    this.#isClosed = true
    await stopped
  }

  async #stop(): Promise<void> {
    const port = this.#port
    if (port === undefined) return
    // What it cannot close itself, its end closes.
    if (this.#farewell !== undefined) await this.ask(this.#farewell).catch(() => {})
    this.#forget(port, new Error('the store is closed'))
    await (port.terminate?.() ?? port.close?.())
  }

  #start(): WorkerPort {
    const port = this.#spawn()
    port.on('message', (message) => this.#settle(message as Reply<Answer>))
    port.on('error', (error) => this.#forget(port, error))
    port.on('exit', (code) => this.#forget(port, new Error(`worker ended with code ${code}`)))
    return port
  }

  #settle(reply: Reply<Answer>): void {
    const waiting = this.#waiting.get(reply.call)
    if (waiting === undefined) return
    this.#waiting.delete(reply.call)
    if (reply.ok) waiting.resolve(reply.answer)
    else waiting.reject(new Error(reply.message))
  }

  /** The thread is gone. One that others replaced has nobody waiting. */
  #forget(port: WorkerPort, error: Error): void {
    if (this.#port !== port) return
    this.#port = undefined
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}

/** The other side: answers each question in turn. */
export function serve<Request, Answer>(port: WorkerPort, answer: (request: Request) => Answer): void {
  port.on('message', (message) => {
    const { call, request } = message as Ask<Request>
    let reply: Reply<Answer>
    try {
      reply = { call, ok: true, answer: answer(request) }
    } catch (error) {
      reply = { call, ok: false, message: error instanceof Error ? error.message : String(error) }
    }
    port.postMessage(reply)
  })
}
