import { FaultError, fault, type QueryBudget } from '@vantage/model'

/** Limits of one query, `query.*`. */
export interface QueryLimits {
  readonly maxSamples: number
  readonly maxBytes: number
  readonly maxSeries: number
}

/** Words that a query shares with the thread that asked: what ends it from outside (0 = go on), and what it has read so far. */
const STOP = 0
const ROWS_READ = 1
const WORDS = 2
const WORD_MAX = 2 ** 31 - 1

export function sharedWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT))
}

/** @param code one of those below */
export function stopQuery(words: Int32Array, code: number): void {
  Atomics.store(words, STOP, code)
}

/** Samples and rows that a query has read; more than two billion are not told apart. */
export function rowsReadOf(words: Int32Array): number {
  return Atomics.load(words, ROWS_READ)
}

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
  readonly #words: Int32Array | undefined
  readonly #timeoutMs: number
  #checks = 0

  /** @param timeoutMs from now; @param words of `sharedWords`, shared with the thread that asked */
  constructor(limits: QueryLimits, timeoutMs: number, words?: Int32Array) {
    this.#limits = limits
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = performance.now() + timeoutMs
    this.#words = words
  }

  check(): void {
    const word = this.#words === undefined ? 0 : Atomics.load(this.#words, STOP)
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
    if (this.#words !== undefined) this.#words[ROWS_READ] = Math.min(this.samples, WORD_MAX)
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
