import { type Clock, FaultError, fault, type QueryBudget } from '@vantage/model'

/** What an answer lacks, and the limit that says so. */
export interface Cut {
  readonly section: string
  readonly limit: string
  readonly message: string
}

/** What an answer says where there is more than it looks at: `newest`, 20000, `spans`. */
export function cutText(which: 'newest' | 'first', count: number, what: string): string {
  return `only the ${which} ${count.toLocaleString('en')} ${what} were looked at, there are more`
}

/** Parts of one answer that must not cost each other theirs: each has its time, and what fails is named. */
export class Sections {
  readonly cuts: Cut[] = []
  readonly #clock: Clock
  readonly #budget: QueryBudget
  readonly #startedMs: number
  readonly #timeoutMs: number
  readonly #count: number
  #begun = 0

  /** @param count of the sections; each may use what those before it left of the time */
  constructor(count: number, timeoutMs: number, budget: QueryBudget, clock: Clock) {
    this.#count = count
    this.#timeoutMs = timeoutMs
    this.#budget = budget
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  cut(section: string, limit: string, message: string): void {
    this.cuts.push({ section, limit, message })
  }

  /** Makes one section. @returns undefined where its time or the query's budget is used up, which is noted */
  run<T>(section: string, make: (budget: QueryBudget) => T): T | undefined {
    this.#begun++
    const untilMs = this.#startedMs + (this.#timeoutMs * this.#begun) / this.#count
    try {
      return make(new SectionBudget(this.#budget, this.#clock, untilMs))
    } catch (error) {
      if (!(error instanceof FaultError) || error.fault.code === 'cancelled') throw error
      this.cut(section, error.fault.limit ?? error.fault.code, error.fault.message)
      return undefined
    }
  }
}

/** The query's budget with an earlier end. */
class SectionBudget implements QueryBudget {
  readonly #outer: QueryBudget
  readonly #clock: Clock
  readonly #untilMs: number

  constructor(outer: QueryBudget, clock: Clock, untilMs: number) {
    this.#outer = outer
    this.#clock = clock
    this.#untilMs = untilMs
  }

  check(): void {
    this.#outer.check()
    if (this.#clock.monotonicMs() <= this.#untilMs) return
    throw new FaultError(fault('timeout', 'the time of this section is over', { limit: 'timeout' }))
  }

  chargeSamples(count: number): void {
    this.#outer.chargeSamples(count)
    this.check()
  }

  chargeBytes(bytes: number): void {
    this.#outer.chargeBytes(bytes)
  }

  chargeSeries(count: number): void {
    this.#outer.chargeSeries(count)
    this.check()
  }
}
