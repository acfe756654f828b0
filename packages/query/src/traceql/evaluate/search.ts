import {
  assert,
  err,
  type Fault,
  FaultError,
  fault,
  hexBytes,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  serviceOf,
  type TenantId,
} from '@vantage/model'
import { checkQuery } from '../language/check.ts'
import { parseTraceql } from '../language/parser.ts'
import { printField } from '../language/print.ts'
import type { Field, Query, Stage } from '../language/syntax.ts'
import { CHECK_EVERY_ROWS, type TraceqlLimits } from '../limits.ts'
import { type Follower, type Progress, SEARCH_PARTS, searchedParts } from '../progress.ts'
import type { Value } from '../value.ts'
import { compileCondition } from './compile.ts'
import { readerOf } from './fields.ts'
import { compileStages, type SpanSet, wholeTrace } from './pipeline.ts'
import { type Candidates, candidatesOf } from './pushdown.ts'
import { shownFields } from './shown-fields.ts'
import { SpanView } from './span-view.ts'
import { ByteMeter, TraceCollector, type TraceView } from './trace-view.ts'

export interface SearchRequest extends NsRange {
  readonly query: string
  /** Traces of the answer. */
  readonly limit: number
  /** Spans shown of each spanset. */
  readonly spansPerSet: number
}

export interface NamedValue {
  readonly name: string
  readonly value: Value
}

export interface FoundSpan {
  readonly spanId: string
  readonly name: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly attributes: readonly NamedValue[]
}

export interface FoundSet {
  /** Spans of the set, of which `spans` are the first. */
  readonly matched: number
  readonly attributes: readonly NamedValue[]
  readonly spans: readonly FoundSpan[]
}

export interface FoundTrace {
  readonly traceId: string
  readonly rootServiceName: string
  readonly rootTraceName: string
  readonly startNs: bigint
  readonly durationNs: number
  readonly sets: readonly FoundSet[]
  readonly services: ReadonlyMap<string, { spanCount: number; errorCount: number }>
}

export interface SearchResult {
  /** Newest first. */
  readonly traces: readonly FoundTrace[]
  readonly inspectedSpans: number
  readonly inspectedTraces: number
}

/** What stands in an answer for a root that has not been stored. */
const NO_ROOT = '<root span not yet received>'

/** Parses and checks a query. */
export function planTraceql(text: string, limits: TraceqlLimits): Result<Query, Fault> {
  const query = parseTraceql(text, limits)
  return query.ok ? checkQuery(query.value, limits) : query
}

/** Who is told what a search has found so far. */
export interface SearchFollower extends Follower {
  /** @param traces all of them, in the order in which they were found */
  search(traces: readonly FoundTrace[], progress: Progress): void
}

/** Who is told where a search is that goes back in time. */
interface Reach {
  isDue(reachedNs: bigint): boolean
  /** Nothing newer is left to be looked at. */
  reached(reachedNs: bigint, counts: Counts): void
}

/** Spans and traces that were looked at. */
interface Counts {
  inspectedSpans: number
  inspectedTraces: number
}

/**
 * Finds traces with a span that began in the range, newest first, and stops once there are enough.
 * @returns faults: `bad_request` for the query, `unprocessable` where a limit was hit
 */
export function searchTraces(
  request: SearchRequest,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  follower?: SearchFollower,
): Result<SearchResult, Fault> {
  const traces: FoundTrace[] = []
  const { startNs, endNs, spansPerSet } = request
  const placeOf = (reachedNs: bigint) => ({ done: searchedParts(startNs, endNs, reachedNs), total: SEARCH_PARTS })
  const reach = follower && {
    isDue: (reachedNs: bigint) => follower.isDue(placeOf(reachedNs)),
    reached: (reachedNs: bigint, counts: Counts) => follower.search(traces, { ...placeOf(reachedNs), ...counts }),
  }
  const visit: Parameters<typeof findTraces>[5] = (id, trace, sets, shown) => {
    traces.push(foundTrace(id, trace, sets, shown, spansPerSet))
  }
  const found = findTraces(request, tenant, reader, budget, limits, visit, reach)
  if (!found.ok) return found
  traces.sort((a, b) => (a.startNs < b.startNs ? 1 : a.startNs > b.startNs ? -1 : 0))
  return ok({ traces, ...found.value })
}

/**
 * The traces themselves, as `searchTraces` finds them.
 * @param visit with the spansets of the trace and the fields that the query speaks of
 */
export function findTraces(
  request: Omit<SearchRequest, 'spansPerSet'>,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  visit: (id: string, trace: TraceView, sets: readonly SpanSet[], shown: readonly Field[]) => void,
  reach?: Reach,
): Result<Counts, Fault> {
  const query = planTraceql(request.query, limits)
  if (!query.ok) return query
  if (query.value.kind !== 'search') {
    return err(fault('bad_request', 'TraceQL: want a query that selects spans, got one that makes series'))
  }
  try {
    const { stages } = query.value.pipeline
    const run = compileStages(stages, limits)
    const shown = shownFields(stages)
    let count = 0
    const visitAll = (id: string, trace: TraceView): boolean => {
      const sets = run(trace, wholeTrace(trace))
      if (sets.length > 0) {
        count++
        visit(id, trace, sets, shown)
      }
      return count < request.limit
    }
    return ok(forEachTrace(stages, request, tenant, reader, budget, limits, visitAll, reach))
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** Traces that are read whole in one go. */
const FIRST_BATCH = 32
const BATCH_MAX = 512
/** How far beyond the range a trace that touches it is read. */
const TRACE_REACH_NS = 3_600_000_000_000n

/**
 * Reads whole every trace of which a span may match and began in the range, newest such span first.
 * @param visit false = enough
 */
export function forEachTrace(
  stages: readonly Stage[],
  range: NsRange,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  visit: (id: string, trace: TraceView) => boolean,
  reach?: Reach,
): Counts {
  const seen = new Set<string>()
  const pending: string[] = []
  let batch = FIRST_BATCH
  const counts = { inspectedSpans: 0, inspectedTraces: 0 }
  const meter = new ByteMeter(budget)
  const drain = (): boolean => {
    const ids = pending.splice(0, batch)
    const traces = readTraces(ids, range, tenant, reader, budget, limits, meter)
    meter.release()
    counts.inspectedTraces += ids.length
    batch = Math.min(BATCH_MAX, batch * 2)
    return ids.every((id) => {
      const trace = traces.get(id)
      return trace === undefined || visit(id, trace)
    })
  }
  const candidates = candidatesOf(stages)
  let formerNs: bigint | undefined
  for (const { ids, reachedNs } of candidateIds(candidates, range, tenant, reader, budget, limits, counts)) {
    // Told when there is more to come: what one step finds is told by the answer.
    if (formerNs !== undefined && reach?.isDue(formerNs) === true) {
      while (pending.length > 0) if (!drain()) return counts
      reach.reached(formerNs, counts)
    }
    for (const id of ids) {
      if (seen.has(id)) continue
      seen.add(id)
      pending.push(id)
    }
    if (seen.size > limits.tracesMax) throw tooManyTraces(limits.tracesMax)
    while (pending.length >= batch) if (!drain()) return counts
    formerNs = reachedNs
  }
  while (pending.length > 0 && drain());
  return counts
}

function tooManyTraces(max: number): FaultError {
  const message = `the query reads too many traces whole: want at most ${max} (query.maxTraces)`
  return new FaultError(fault('unprocessable', message, { limit: 'query.maxTraces' }))
}

/** Trace ids of the spans that fulfil a condition, a block at a time, with the begin of its last span. */
function* candidateIds(
  { conditions, hints, isAll, traceIds }: Candidates,
  range: NsRange,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  counts: { inspectedSpans: number },
): Iterable<{ readonly ids: readonly string[]; readonly reachedNs: bigint }> {
  const tests = conditions.map((condition) => compileCondition(condition, limits.regexCharsMax))
  const view = new SpanView()
  const { startNs, endNs } = range
  const scan = { startNs, endNs, conditions: hints, isAll, direction: 'backward' as const, traceIds }
  for (const { columns, rows, origins } of reader.scan(tenant, scan, budget)) {
    const ids: string[] = []
    for (let i = 0; i < rows.length; i++) {
      if (i % CHECK_EVERY_ROWS === 0) budget.check()
      view.moveTo(columns, origins, rows[i] as number)
      if (tests.some((test) => test(view))) ids.push(view.traceId)
    }
    counts.inspectedSpans += rows.length
    yield { ids, reachedNs: columns.startTimes[rows.at(-1) as number] ?? startNs }
  }
}

function readTraces(
  ids: readonly string[],
  range: NsRange,
  tenant: TenantId,
  reader: SpanReader,
  budget: QueryBudget,
  limits: TraceqlLimits,
  meter: ByteMeter,
): Map<string, TraceView> {
  const collector = new TraceCollector(limits, meter)
  const scan = {
    startNs: range.startNs - TRACE_REACH_NS,
    endNs: range.endNs + TRACE_REACH_NS,
    traceIds: ids.map(idBytes),
    conditions: [],
    isAll: true,
    direction: 'forward' as const,
  }
  const wanted = new Set(ids)
  for (const block of reader.scan(tenant, scan, budget)) {
    budget.check()
    collector.add(block, wanted)
  }
  return collector.finish()
}

function idBytes(hex: string): Uint8Array {
  const bytes = hexBytes(hex, 16)
  assert(bytes !== undefined, `trace id ${hex} is not hex of 16 bytes`)
  return bytes
}

function foundTrace(
  id: string,
  trace: TraceView,
  sets: readonly SpanSet[],
  shown: readonly Field[],
  spansPerSet: number,
): FoundTrace {
  const { root } = trace
  return {
    traceId: id,
    rootServiceName: root === undefined ? NO_ROOT : serviceOf(root.origin),
    rootTraceName: root === undefined ? NO_ROOT : root.name,
    startNs: trace.startNs,
    durationNs: Number(trace.endNs - trace.startNs),
    sets: sets.map((set) => foundSet(trace, set, shown, spansPerSet)),
    services: servicesOf(trace),
  }
}

function foundSet(
  trace: TraceView,
  { places, facts }: SpanSet,
  shown: readonly Field[],
  spansPerSet: number,
): FoundSet {
  const reads = shown.map((field) => ({ name: printField(field), read: readerOf(field) }))
  const count = spansPerSet > 0 ? Math.min(spansPerSet, places.length) : places.length
  const spans = places.slice(0, count).map((place): FoundSpan => {
    const span = trace.spans[place] as SpanView
    const attributes = reads
      .map(({ name, read }) => ({ name, value: read(span) }))
      .filter(({ value }) => value.kind !== 'empty')
    return { spanId: span.spanId, name: span.name, startNs: span.startNs, durationNs: span.durationNs, attributes }
  })
  return { matched: places.length, attributes: facts, spans }
}

function servicesOf(trace: TraceView): Map<string, { spanCount: number; errorCount: number }> {
  const services = new Map<string, { spanCount: number; errorCount: number }>()
  for (const span of trace.spans) {
    const name = serviceOf(span.origin)
    const stats = services.get(name) ?? { spanCount: 0, errorCount: 0 }
    stats.spanCount++
    if (span.statusCode === 2) stats.errorCount++
    services.set(name, stats)
  }
  return services
}
