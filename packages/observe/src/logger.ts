import type { Clock } from '@vantage/model'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** One line of a repeated problem in so many ms; what is left out is counted on the next line. */
const REPEAT_MS = 10_000
/** Kinds of repeated problems that are remembered. */
const REPEATS_MAX = 1_000

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Structured lines about ourselves: one JSON object each. Never payload, never header values. */
export class Logger {
  readonly #write: (line: string) => void
  readonly #clock: Clock
  readonly #level: LogLevel
  readonly #repeats = new Map<string, { atMs: number; leftOut: number }>()

  constructor(write: (line: string) => void, clock: Clock, level: LogLevel = 'info') {
    this.#write = write
    this.#clock = clock
    this.#level = level
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#log('debug', message, fields)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#log('info', message, fields)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#log('warn', message, fields)
  }

  error(message: string, fields: LogFields = {}): void {
    this.#log('error', message, fields)
  }

  /** As `warn`, but at most one line per `kind` in REPEAT_MS, with the count left out since. */
  warnSparsely(kind: string, message: string, fields: LogFields = {}): void {
    const nowMs = this.#clock.monotonicMs()
    const last = this.#repeats.get(kind)
    if (last !== undefined && nowMs - last.atMs < REPEAT_MS) {
      last.leftOut++
      return
    }
    if (last === undefined && this.#repeats.size >= REPEATS_MAX) this.#repeats.clear()
    this.#repeats.set(kind, { atMs: nowMs, leftOut: 0 })
    this.#log('warn', message, last === undefined || last.leftOut === 0 ? fields : { ...fields, leftOut: last.leftOut })
  }

  #log(level: LogLevel, message: string, fields: LogFields): void {
    if (RANK[level] < RANK[this.#level]) return
    const time = new Date(this.#clock.nowMs()).toISOString()
    this.#write(`${JSON.stringify({ time, level, message, ...fields })}\n`)
  }
}
