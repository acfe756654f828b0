import { FaultError, fault, type QueryBudget } from '@vantage/model'

/** Limits of one query, `query.*`. */
export interface QueryLimits {
  readonly maxSamples: number
  readonly maxBytes: number
  readonly maxSeries: number
}

/** The shared word that ends a query from outside: 0 = go on. */
export const CANCELLED = 1
export const TIMED_OUT = 2

/** Steps between two looks at the clock: a look costs about 50 ns. */
const CLOCK_EVERY_CHECKS = 16

/** Counts what one query uses up; ends it by throwing the fault that its caller answers with. */
export class Budget implements QueryBudget {
  samples = 0
  bytes = 0
  series = 0
  readonly #limits: QueryLimits
  readonly #deadlineMs: number
  readonly #word: Int32Array | undefined
  readonly #timeoutMs: number
  #checks = 0

  /** @param timeoutMs from now; @param word shared with the thread that may end the query */
  constructor(limits: QueryLimits, timeoutMs: number, word?: Int32Array) {
    this.#limits = limits
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = performance.now() + timeoutMs
    this.#word = word
  }

  check(): void {
    const word = this.#word === undefined ? 0 : Atomics.load(this.#word, 0)
    if (word === CANCELLED) throw new FaultError(fault('cancelled', 'query: the caller went away'))
    this.#checks++
    const isLate =
      word === TIMED_OUT || (this.#checks % CLOCK_EVERY_CHECKS === 0 && performance.now() > this.#deadlineMs)
    if (isLate) {
      const message = `query timed out: want at most ${this.#timeoutMs} ms (query.timeout)`
      throw new FaultError(fault('timeout', message, { limit: 'query.timeout' }))
    }
  }

  chargeSamples(count: number): void {
    this.samples += count
    if (this.samples > this.#limits.maxSamples) throw this.#over('samples', this.#limits.maxSamples, 'query.maxSamples')
    this.check()
  }

  chargeBytes(bytes: number): void {
    this.bytes += bytes
    if (this.bytes > this.#limits.maxBytes) throw this.#over('bytes', this.#limits.maxBytes, 'query.maxBytes')
  }

  chargeSeries(count: number): void {
    this.series += count
    if (this.series > this.#limits.maxSeries) throw this.#over('series', this.#limits.maxSeries, 'query.maxSeries')
    this.check()
  }

  #over(what: string, max: number, key: string): FaultError {
    const message = `query processing would load too many ${what} into memory: want at most ${max} (${key})`
    return new FaultError(fault('unprocessable', message, { reason: 'execution', limit: key }))
  }
}
