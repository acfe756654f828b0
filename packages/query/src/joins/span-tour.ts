import { NO_ORIGIN, type SpanBlock } from '@vantage/model'
import { SpanView } from '../traceql/evaluate/span-view.ts'
import { OperationCounter, type OperationFigures } from '../traces/red.ts'
import { type ServiceEdge, ServiceGraphBuilder } from '../traces/service-graph.ts'
import { KIND, ServiceNames, STATUS_ERROR } from '../traces/span-facts.ts'
import { ABOUT_LIMITS } from './limits.ts'

/** A request, as the span that took it tells it. */
export interface EntrySpan {
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly operation: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly isFailed: boolean
}

export interface SpanFigures {
  readonly spans: number
  readonly operations: readonly OperationFigures[]
  /** Of which one side is a wanted service. */
  readonly dependencies: readonly ServiceEdge[]
  /** Slowest first. */
  readonly slowest: readonly EntrySpan[]
  /** Newest first. */
  readonly failed: readonly EntrySpan[]
}

/** Looks at spans once, newest first, for all that they tell of some services. */
export class SpanTour {
  readonly #services: ReadonlySet<string> | undefined
  readonly #graph = new ServiceGraphBuilder()
  readonly #operations = new OperationCounter()
  readonly #names = new ServiceNames()
  readonly #view = new SpanView()
  #slowest: EntrySpan[] = []
  readonly #failed: EntrySpan[] = []
  #spans = 0

  /** @param services undefined = all */
  constructor(services: ReadonlySet<string> | undefined) {
    this.#services = services
  }

  add(block: SpanBlock): void {
    const services = this.#services
    const { columns, origins } = block
    const nameOf = (row: number) => this.#names.of(origins[columns.origins[row] as number] ?? NO_ORIGIN)
    this.#graph.add(block)
    const rows = services === undefined ? block.rows : block.rows.filter((row) => services.has(nameOf(row)))
    this.#operations.add({ ...block, rows })
    for (const row of rows) {
      this.#view.moveTo(columns, origins, row)
      if (this.#isEntry()) this.#addEntry()
    }
    this.#spans += rows.length
  }

  finish(): SpanFigures {
    const services = this.#services
    const edges = this.#graph.finish()
    return {
      spans: this.#spans,
      operations: this.#operations.finish(),
      dependencies: edges.filter(
        (edge) => services === undefined || services.has(edge.client) || services.has(edge.server),
      ),
      slowest: this.#slowest.sort(bySlowness).slice(0, ABOUT_LIMITS.tracesMax),
      failed: this.#failed,
    }
  }

  /** Of a service: what others asked of it; of all: what came from outside. */
  #isEntry(): boolean {
    const { kind, parentSpanId } = this.#view
    if (this.#services === undefined) return parentSpanId === ''
    return kind === KIND.server || kind === KIND.consumer || parentSpanId === ''
  }

  #addEntry(): void {
    const view = this.#view
    const isFailed = view.statusCode === STATUS_ERROR
    const slowest = this.#slowest
    const max = ABOUT_LIMITS.tracesMax
    const isNoted = isFailed && this.#failed.length < max
    const isSlow = slowest.length < max || view.durationNs > (slowest[max - 1] as EntrySpan).durationNs
    if (!isNoted && !isSlow) return
    const entry: EntrySpan = {
      traceId: view.traceId,
      spanId: view.spanId,
      service: this.#names.of(view.origin),
      operation: view.name,
      startNs: view.startNs,
      durationNs: view.durationNs,
      isFailed,
    }
    if (isNoted) this.#failed.push(entry)
    if (!isSlow) return
    slowest.push(entry)
    // In order as soon as it is full, so that the last one is the one to beat.
    if (slowest.length >= max) this.#slowest = slowest.sort(bySlowness).slice(0, max)
  }
}

function bySlowness(a: EntrySpan, b: EntrySpan): number {
  return b.durationNs - a.durationNs
}
