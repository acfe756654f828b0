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

/** Questions to one worker, each with its answer. A worker that dies fails the calls that wait, and later ones. */
export class WorkerClient<Request, Answer> {
  readonly #port: WorkerPort
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  #calls = 0
  #dead: Error | undefined

  constructor(port: WorkerPort) {
    this.#port = port
    port.on('message', (message) => this.#settle(message as Reply<Answer>))
    port.on('error', (error) => this.#die(error))
    port.on('exit', (code) => this.#die(new Error(`worker ended with code ${code}`)))
  }

  get isDead(): boolean {
    return this.#dead !== undefined
  }

  ask(request: Request): Promise<Answer> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    if (this.#waiting.size >= CALLS_MAX) return Promise.reject(new Error(`more than ${CALLS_MAX} calls wait`))
    const call = ++this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject })
      this.#port.postMessage({ call, request } satisfies Ask<Request>)
    })
  }

  /** Ends the worker; calls that wait fail. */
  async end(): Promise<void> {
    this.#die(new Error('the store is closed'))
    await (this.#port.terminate?.() ?? this.#port.close?.())
  }

  #settle(reply: Reply<Answer>): void {
    const waiting = this.#waiting.get(reply.call)
    if (waiting === undefined) return
    this.#waiting.delete(reply.call)
    if (reply.ok) waiting.resolve(reply.answer)
    else waiting.reject(new Error(reply.message))
  }

  #die(error: Error): void {
    this.#dead ??= error
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
