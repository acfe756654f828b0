import { setTimeout as sleep } from 'node:timers/promises'

/** What users do: `weight` says how often, among all tasks. */
export interface LoadTask {
  readonly name: string
  readonly weight: number
  readonly method: 'GET' | 'POST'
  readonly path: (random: () => number) => string
  readonly body?: (random: () => number) => object
}

/** Figures of one task. Times are ms. */
export interface TaskFigures {
  readonly name: string
  readonly requests: number
  readonly failures: number
  readonly requestsPerSecond: number
  readonly medianMs: number
  readonly p95Ms: number
  readonly p99Ms: number
}

const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 900
const TIMEOUT_MS = 10_000
/** Times that percentiles are made of: the last ones of each task. */
const TIMES_KEPT = 2_000
const RATE_WINDOW_MS = 10_000
const USERS_MAX = 1_000

interface TaskState {
  readonly task: LoadTask
  requests: number
  failures: number
  /** The last times, ms, and when they ended. */
  readonly times: number[]
  readonly ends: number[]
}

/** Users that come and do tasks until it is stopped. */
export class LoadRun {
  readonly #states: readonly TaskState[]
  readonly #host: string
  readonly #random: () => number
  readonly #totalWeight: number
  #users = 0
  #wanted = 0
  #spawning: NodeJS.Timeout | undefined

  constructor(tasks: readonly LoadTask[], host: string, random: () => number) {
    this.#states = tasks.map((task) => ({ task, requests: 0, failures: 0, times: [], ends: [] }))
    this.#totalWeight = tasks.reduce((sum, task) => sum + task.weight, 0)
    this.#host = host
    this.#random = random
  }

  get users(): number {
    return this.#users
  }

  /** Brings the number of users to `users`, so many a second. */
  start(users: number, spawnRate: number): void {
    this.#wanted = Math.min(USERS_MAX, Math.max(0, Math.floor(users)))
    clearInterval(this.#spawning)
    this.#spawning = setInterval(() => {
      if (this.#users < this.#wanted) void this.#behave()
    }, 1_000 / Math.max(0.1, spawnRate))
  }

  stop(): void {
    this.#wanted = 0
    clearInterval(this.#spawning)
  }

  figures(): TaskFigures[] {
    const since = performance.now() - RATE_WINDOW_MS
    return this.#states.map(({ task, requests, failures, times, ends }) => {
      const sorted = [...times].sort((a, b) => a - b)
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
      const recent = ends.filter((end) => end > since).length
      return {
        name: task.name,
        requests,
        failures,
        requestsPerSecond: recent / (RATE_WINDOW_MS / 1_000),
        medianMs: at(0.5),
        p95Ms: at(0.95),
        p99Ms: at(0.99),
      }
    })
  }

  /** A table for terminals. */
  report(): string {
    const rows = this.figures().map((one) =>
      [
        one.name.padEnd(24),
        String(one.requests).padStart(8),
        String(one.failures).padStart(8),
        one.medianMs.toFixed(0).padStart(8),
        one.p95Ms.toFixed(0).padStart(8),
        one.p99Ms.toFixed(0).padStart(8),
        one.requestsPerSecond.toFixed(1).padStart(8),
      ].join(' '),
    )
    const head = [
      'task'.padEnd(24),
      ...['reqs', 'fails', 'p50 ms', 'p95 ms', 'p99 ms', 'req/s'].map((one) => one.padStart(8)),
    ]
    return [head.join(' '), ...rows].join('\n')
  }

  async #behave(): Promise<void> {
    this.#users++
    while (this.#users <= this.#wanted) {
      await this.#request(this.#choose())
      await sleep(PAUSE_MS_MIN + this.#random() * (PAUSE_MS_MAX - PAUSE_MS_MIN))
    }
    this.#users--
  }

  #choose(): TaskState {
    let rest = this.#random() * this.#totalWeight
    for (const state of this.#states) {
      rest -= state.task.weight
      if (rest < 0) return state
    }
    return this.#states[0] as TaskState
  }

  async #request(state: TaskState): Promise<void> {
    const { method, path, body } = state.task
    const startedMs = performance.now()
    let isGood = false
    try {
      const response = await fetch(`${this.#host}${path(this.#random)}`, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body(this.#random)) }),
      })
      await response.arrayBuffer()
      isGood = response.ok
    } catch (error) {
      // A refused or late connection is a failure like any other.
      if (!(error instanceof Error)) throw error
    }
    const endedMs = performance.now()
    state.requests++
    if (!isGood) state.failures++
    state.times.push(endedMs - startedMs)
    state.ends.push(endedMs)
    if (state.times.length > TIMES_KEPT) {
      state.times.shift()
      state.ends.shift()
    }
  }
}
