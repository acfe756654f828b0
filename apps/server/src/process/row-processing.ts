import { encodeCanonical } from '@vantage/decode/canonical'
import {
  type EarlyProcessor,
  isEarly,
  type LateProcessor,
  type Processor,
  type RowWork,
  runEarly,
  runLate,
} from '@vantage/decode/process'
import { assert, type LogBatch, PAYLOAD_FORMATS, type SpanBatch } from '@vantage/model'
import type { Registry } from '@vantage/observe'
import { DerivedMetrics, type Measured } from '../derive/derived-metrics.ts'

/** A request's rows as they are logged, where processors changed them. */
export interface CanonicalPayload {
  readonly format: typeof PAYLOAD_FORMATS.canonicalLogs | typeof PAYLOAD_FORMATS.canonicalSpans
  readonly bytes: Uint8Array<ArrayBuffer>
}

type CountRows = (processor: string, signal: string, effect: 'dropped' | 'masked', rows: number) => void

/** @returns counts what processors do; one for all signals */
export function processorCounts(registry: Registry): CountRows {
  const rows = registry.counter(
    'vantage_processor_rows_total',
    'Rows that processors dropped or masked before they were logged.',
    ['processor', 'signal', 'effect'],
  )
  return (processor, signal, effect, count) => rows.add(count, processor, signal, effect)
}

/** The processors that the configuration declares, applied to rows on their way. */
export class RowProcessing {
  readonly #early: readonly EarlyProcessor[]
  readonly #late: readonly LateProcessor[]
  readonly #count: CountRows
  readonly derived: DerivedMetrics

  constructor(processors: readonly Processor[], count: CountRows) {
    this.#early = processors.filter(isEarly)
    this.#late = processors.filter((one): one is LateProcessor => !isEarly(one))
    this.#count = count
    this.derived = new DerivedMetrics(this.#late.filter((one) => one.kind === 'derive'))
  }

  /** Before the log. @returns what is to be logged in place of the sender's bytes; undefined where nothing was changed */
  *early(batch: LogBatch | SpanBatch): RowWork<CanonicalPayload | undefined> {
    if (this.#early.length === 0) return undefined
    const isLogs = 'bodies' in batch.columns
    const effects = yield* runEarly(this.#early, batch)
    for (const { name, dropped, changed } of effects) {
      if (dropped > 0) this.#count(name, isLogs ? 'logs' : 'spans', 'dropped', dropped)
      if (changed > 0) this.#count(name, isLogs ? 'logs' : 'spans', 'masked', changed)
    }
    if (effects.length === 0) return undefined
    const format = isLogs ? PAYLOAD_FORMATS.canonicalLogs : PAYLOAD_FORMATS.canonicalSpans
    return { format, bytes: encodeCanonical(batch) }
  }

  /** Behind the log: the same at a replay. @returns what `count` wants once the rows are stored */
  *late(batch: LogBatch | SpanBatch): RowWork<readonly Measured[]> {
    if (this.#late.length === 0) return []
    yield* runLate(this.#late, batch)
    return yield* this.derived.measure(batch)
  }
}

/** Where a batch was read again from what is logged, nothing can be wrong with it. */
export function assertReadAgain(problem: { readonly message: string } | undefined): void {
  assert(problem === undefined, `canonical rows are not read: ${problem?.message}`)
}
