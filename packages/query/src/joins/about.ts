import {
  type Clock,
  err,
  type Fault,
  FaultError,
  fault,
  hexBytes,
  type LogCounts,
  type LogReader,
  type LogScan,
  labelValue,
  type Matcher,
  type MetricReader,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type ScanRange,
  type SpanReader,
  serviceOf,
  type TenantId,
} from '@vantage/model'
import { type PlainRow, scanRows } from '../logql/evaluate/plain-scan.ts'
import { readTrace } from '../traceql/evaluate/read-trace.ts'
import type { TraceView } from '../traceql/evaluate/trace-view.ts'
import type { TraceqlLimits } from '../traceql/limits.ts'
import { type ServiceEdge, serviceGraph } from '../traces/service-graph.ts'
import { ABOUT_LIMITS, AROUND_TRACE_NS, LINES_REACH_NS } from './limits.ts'
import {
  exemplarsOf,
  type FoundExemplar,
  type FoundMetrics,
  metricsOf,
  quotedRegex,
  seriesOfService,
} from './metric-series.ts'
import { type Cut, cutText, Sections } from './sections.ts'
import { type SpanFigures, SpanTour } from './span-tour.ts'

/** What an answer is about. Ids in hex; a window has nothing but its time. */
export type Subject =
  | { readonly kind: 'trace'; readonly traceId: string; readonly spanId: string | undefined }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'window' }

export interface AboutRequest {
  readonly subject: Subject
  /** Of a service or a window. Of a trace: undefined, its own time and what is around it. */
  readonly range: NsRange | undefined
  /** Log lines of the answer. */
  readonly linesMax: number
  /** For all sections together. */
  readonly timeoutMs: number
}

export interface TraceSummary {
  readonly traceId: string
  readonly rootService: string
  readonly rootOperation: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly spans: number
  readonly errors: number
  /** In the order in which they first appear. */
  readonly services: readonly { readonly service: string; readonly spans: number; readonly errors: number }[]
}

/** Everything that is stored about a subject, as far as limits and time went; undefined = see `cuts`. */
export interface About {
  readonly range: NsRange
  /** Whom figures, metrics and exemplars are of; empty = everybody. */
  readonly services: readonly string[]
  readonly trace: TraceSummary | undefined
  readonly lines: readonly PlainRow[] | undefined
  /** Deploys and other events of the services, newest first. */
  readonly changes: readonly PlainRow[] | undefined
  /** Rows by service and severity; not of a trace. */
  readonly lineCounts: readonly LogCounts[] | undefined
  readonly figures: SpanFigures | undefined
  readonly metrics: FoundMetrics | undefined
  readonly exemplars: readonly FoundExemplar[] | undefined
  readonly cuts: readonly Cut[]
}

export interface Readers {
  readonly metrics: MetricReader
  readonly logs: LogReader
  readonly spans: SpanReader
}

/** Trace; lines and their counts; changes; figures; metrics; exemplars. */
const SECTIONS = 7
const NS_PER_MS = 1_000_000n

/** @returns faults: `not_found` for a trace that is not stored */
export function aboutSubject(
  request: AboutRequest,
  tenant: TenantId,
  readers: Readers,
  budget: QueryBudget,
  limits: TraceqlLimits,
  clock: Clock,
): Result<About, Fault> {
  try {
    return new Inquiry(request, tenant, readers, new Sections(SECTIONS, request.timeoutMs, budget, clock), limits).run()
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

class Inquiry {
  readonly #request: AboutRequest
  readonly #tenant: TenantId
  readonly #readers: Readers
  readonly #sections: Sections
  readonly #limits: TraceqlLimits

  constructor(request: AboutRequest, tenant: TenantId, readers: Readers, sections: Sections, limits: TraceqlLimits) {
    this.#request = request
    this.#tenant = tenant
    this.#readers = readers
    this.#sections = sections
    this.#limits = limits
  }

  run(): Result<About, Fault> {
    const sections = this.#sections
    const { subject } = this.#request
    const trace = sections.run('trace', (budget) => this.#trace(budget))
    if (subject.kind === 'trace' && trace === undefined && sections.cuts.length === 0) {
      return err(fault('not_found', `trace ${subject.traceId} not found`))
    }
    const range = this.#rangeOf(trace)
    const services = this.#servicesOf(trace)
    const lines = sections.run('logs', (budget) => this.#lines(trace, range, budget))
    const lineCounts = sections.run('logCounts', (budget) => this.#lineCounts(range, budget))
    const changes = sections.run('changes', (budget) => this.#changes(services, range, budget))
    const figures = sections.run('spans', (budget) => this.#figures(services, range, budget))
    const metrics = sections.run('metrics', (budget) => this.#metrics(services, range, budget))
    const exemplars = sections.run('exemplars', (budget) => this.#exemplars(services, range, budget))
    return ok({
      range,
      services,
      trace: trace === undefined ? undefined : summaryOf(trace, this.#subjectTrace),
      lines,
      lineCounts,
      changes,
      figures,
      metrics,
      exemplars,
      cuts: sections.cuts,
    })
  }

  get #subjectTrace(): string {
    const { subject } = this.#request
    return subject.kind === 'trace' ? subject.traceId : ''
  }

  #trace(budget: QueryBudget): TraceView | undefined {
    const { subject } = this.#request
    if (subject.kind !== 'trace') return undefined
    const id = hexBytes(subject.traceId, 16) as Uint8Array
    return readTrace(id, this.#tenant, this.#readers.spans, budget, this.#limits)
  }

  #rangeOf(trace: TraceView | undefined): NsRange {
    const { range } = this.#request
    if (range !== undefined) return range
    if (trace === undefined) return { startNs: 0n, endNs: 0n }
    return { startNs: trace.startNs - AROUND_TRACE_NS, endNs: trace.endNs + AROUND_TRACE_NS }
  }

  #servicesOf(trace: TraceView | undefined): string[] {
    const { subject } = this.#request
    if (subject.kind === 'service') return [subject.service]
    if (trace === undefined) return []
    const all = [...new Set(trace.spans.map((span) => serviceOf(span.origin)))]
    this.#cutList('services', all, ABOUT_LIMITS.servicesMax)
    return all.slice(0, ABOUT_LIMITS.servicesMax)
  }

  /** Of a trace, and of one of its spans, by their ids; of a service by its streams; newest first. */
  #lines(trace: TraceView | undefined, range: NsRange, budget: QueryBudget): readonly PlainRow[] {
    const { subject, linesMax } = this.#request
    const scan: LogScan =
      subject.kind !== 'trace'
        ? { ...range, matchers: linesOf(subject), lineFilters: [], direction: 'backward' }
        : {
            startNs: (trace?.startNs ?? range.startNs) - LINES_REACH_NS,
            endNs: (trace?.endNs ?? range.endNs) + LINES_REACH_NS,
            matchers: [],
            lineFilters: [],
            traceId: hexBytes(subject.traceId, 16),
            spanId: subject.spanId === undefined ? undefined : hexBytes(subject.spanId, 8),
            direction: 'forward',
          }
    const { rows, isCut } = scanRows(scan, linesMax, this.#tenant, this.#readers.logs, budget)
    if (isCut) this.#sections.cut('logs', 'limit', cutText('first', linesMax, 'lines'))
    return rows
  }

  #lineCounts(range: NsRange, budget: QueryBudget): readonly LogCounts[] | undefined {
    const { subject } = this.#request
    if (subject.kind === 'trace') return undefined
    const scan = { ...range, matchers: linesOf(subject), lineFilters: [], direction: 'forward' } as const
    const grid = { startNs: range.endNs, stepNs: range.endNs - range.startNs + 1n, steps: 1 }
    return this.#readers.logs.count(this.#tenant, scan, 'rows', ['service_name', 'severity'], grid, budget)
  }

  #changes(services: readonly string[], range: NsRange, budget: QueryBudget): readonly PlainRow[] {
    const ofServices: Matcher = { name: 'service_name', op: '=~', value: services.map(quotedRegex).join('|') }
    const matchers = services.length === 0 ? [IS_EVENT] : [IS_EVENT, ofServices]
    const scan: LogScan = { ...range, matchers, lineFilters: [], direction: 'backward' }
    const { changesMax } = ABOUT_LIMITS
    const { rows, isCut } = scanRows(scan, changesMax, this.#tenant, this.#readers.logs, budget)
    if (isCut) this.#sections.cut('changes', 'changesMax', `the newest ${changesMax} of more`)
    return rows
  }

  #figures(services: readonly string[], range: NsRange, budget: QueryBudget): SpanFigures {
    const tour = new SpanTour(services.length === 0 ? undefined : new Set(services))
    const scan = { ...range, conditions: [], isAll: true, direction: 'backward' } as const
    let spans = 0
    let oldestNs = range.endNs
    for (const block of this.#readers.spans.scan(this.#tenant, scan, budget)) {
      budget.check()
      if (spans >= ABOUT_LIMITS.spansMax) {
        this.#sections.cut('spans', 'spansMax', `figures are of the newest ${spans} spans, those since ${oldestNs} ns`)
        break
      }
      tour.add(block)
      spans += block.rows.length
      oldestNs = block.columns.startTimes[block.rows.at(-1) ?? 0] ?? oldestNs
    }
    const found = tour.finish()
    const { operationsMax, dependenciesMax } = ABOUT_LIMITS
    const dependencies = this.#ownDependencies(budget) ?? found.dependencies
    this.#cutList('operations', found.operations, operationsMax)
    this.#cutList('dependencies', dependencies, dependenciesMax)
    return {
      ...found,
      operations: found.operations.slice(0, operationsMax),
      dependencies: dependencies.slice(0, dependenciesMax),
    }
  }

  /** A trace has the calls that it made itself. */
  #ownDependencies(budget: QueryBudget): ServiceEdge[] | undefined {
    const { subject } = this.#request
    if (subject.kind !== 'trace') return undefined
    const id = hexBytes(subject.traceId, 16) as Uint8Array
    return serviceGraph(this.#readers.spans.trace(this.#tenant, id, budget), budget)
  }

  #metrics(services: readonly string[], range: NsRange, budget: QueryBudget): FoundMetrics {
    const found = metricsOf(matcherSets(services), msRange(range), this.#tenant, this.#readers.metrics, budget)
    if (found.isCut) this.#sections.cut('metrics', 'seriesMax', 'there are more metrics or series than are shown')
    return found
  }

  #exemplars(services: readonly string[], range: NsRange, budget: QueryBudget): FoundExemplar[] {
    const traceId = this.#subjectTrace === '' ? undefined : this.#subjectTrace
    const sets = matcherSets(services)
    const found = exemplarsOf(sets, traceId, msRange(range), this.#tenant, this.#readers.metrics, budget)
    this.#cutList('exemplars', found, ABOUT_LIMITS.exemplarsMax)
    return found.slice(0, ABOUT_LIMITS.exemplarsMax)
  }

  #cutList(section: string, list: readonly unknown[], max: number): void {
    if (list.length > max) this.#sections.cut(section, `${section}Max`, `${max} of ${list.length} are shown`)
  }
}

/** Events are rows of streams of their own. */
const IS_EVENT: Matcher = { name: 'event', op: '=~', value: '.+' }
const IS_LINE: Matcher = { name: 'event', op: '=', value: '' }

/** Lines of a service; of a window, all. */
function linesOf(subject: Subject): readonly Matcher[] {
  return subject.kind === 'service' ? [IS_LINE, { name: 'service_name', op: '=', value: subject.service }] : [IS_LINE]
}

/** Nobody named: every series. */
function matcherSets(services: readonly string[]): readonly (readonly Matcher[])[] {
  return services.length === 0 ? [[]] : services.flatMap(seriesOfService)
}

function msRange({ startNs, endNs }: NsRange): ScanRange {
  return { startMs: Number(startNs / NS_PER_MS), endMs: Number(endNs / NS_PER_MS) }
}

function summaryOf(trace: TraceView, traceId: string): TraceSummary {
  const services = new Map<string, { service: string; spans: number; errors: number }>()
  let errors = 0
  for (const span of trace.spans) {
    const service = serviceOf(span.origin)
    const tally = services.get(service) ?? { service, spans: 0, errors: 0 }
    services.set(service, tally)
    tally.spans++
    if (span.statusCode !== 2) continue
    tally.errors++
    errors++
  }
  const { root } = trace
  return {
    traceId,
    rootService: root === undefined ? '' : serviceOf(root.origin),
    rootOperation: root?.name ?? '',
    startNs: trace.startNs,
    durationNs: Number(trace.endNs - trace.startNs),
    spans: trace.spans.length,
    errors,
    services: [...services.values()],
  }
}

/** Rows of a count that has one step. */
export function countedRows({ labels, values }: LogCounts): { service: string; severity: string; rows: number } {
  const [service, severity] = [labelValue(labels, 'service_name'), labelValue(labels, 'severity')]
  return { service, severity, rows: values[0] as number }
}
