import { SPAN_KINDS, type SpanBlock, STATUS_CODES } from '@vantage/model'
import { SpanView } from '../traceql/evaluate/span-view.ts'
import { type Latency, Times } from './service-graph.ts'
import { ServiceNames } from './span-facts.ts'

/** Rate, errors and duration of one operation. Rates are the caller's: calls by the length of the range. */
export interface OperationFigures {
  readonly service: string
  /** Name of the span. */
  readonly operation: string
  readonly kind: (typeof SPAN_KINDS)[number]
  readonly status: (typeof STATUS_CODES)[number]
  readonly calls: number
  readonly seconds: Latency
}

/** Operations told apart; of more, the rest of each service is counted under the operation `other`. */
const OPERATIONS_MAX = 10_000
const OTHER = 'other'

interface Tally {
  readonly service: string
  readonly operation: string
  readonly kind: (typeof SPAN_KINDS)[number]
  readonly status: (typeof STATUS_CODES)[number]
  calls: number
  readonly times: Times
}

/** Counts spans by service, operation, kind and status. */
export class OperationCounter {
  readonly #tallies = new Map<string, Tally>()
  readonly #names = new ServiceNames()
  readonly #view = new SpanView()

  add({ columns, rows, origins }: SpanBlock): void {
    const view = this.#view
    for (const row of rows) {
      view.moveTo(columns, origins, row)
      const tally = tallyOf(this.#tallies, this.#names.of(view.origin), view)
      tally.calls++
      tally.times.add(view.durationNs / 1e9)
    }
  }

  /** @returns most calls first */
  finish(): OperationFigures[] {
    return [...this.#tallies.values()]
      .map(({ times, ...figures }) => ({ ...figures, seconds: times.latency() }))
      .sort((a, b) => b.calls - a.calls)
  }
}

function tallyOf(tallies: Map<string, Tally>, service: string, span: SpanView): Tally {
  const kind = SPAN_KINDS[span.kind] ?? 'unspecified'
  const status = STATUS_CODES[span.statusCode] ?? 'unset'
  const { name } = span
  const known = tallies.get(tallyKey(service, name, kind, status))
  if (known !== undefined) return known
  const operation = tallies.size < OPERATIONS_MAX ? name : OTHER
  const key = tallyKey(service, operation, kind, status)
  const tally = tallies.get(key) ?? { service, operation, kind, status, calls: 0, times: new Times() }
  tallies.set(key, tally)
  return tally
}

function tallyKey(service: string, operation: string, kind: string, status: string): string {
  return `${service.length}:${service}${kind}${status}${operation}`
}
