import {
  type Clock,
  err,
  type Fault,
  FaultError,
  type LogReader,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type SpanReader,
  type TenantId,
  unreachable,
} from '@vantage/model'
import type { TraceqlLimits } from '../../traceql/limits.ts'
import { type Cut, Sections } from '../sections.ts'
import { DifferenceCounter, SIDE, type Side } from './counter.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'
import { LogRowsSource } from './log-rows-source.ts'
import { type Ranked, rankDifferences } from './rank.ts'
import { SpansSource } from './spans-source.ts'

/** What is selected, and what it is held against. */
export interface DifferenceRequest {
  readonly signal: 'spans' | 'logs'
  /** TraceQL that selects spans, or a LogQL log query; `{ }` with a baseline of `previous` is the window itself. */
  readonly query: string
  /** In the same language: only this is looked at, on both sides; '' = everything. */
  readonly scope: string
  readonly range: NsRange
  /** What the selection is held against. */
  readonly baseline: Baseline
  /** Of spans: what is counted. A trace has every value that one of its spans has. */
  readonly unit: 'trace' | 'span'
  readonly timeoutMs: number
}

/**
 * `rest`: what the query leaves out of the range. `previous`: what it selects in the time before, just as long.
 * A range: what it selects in that time before and after the range of the selection.
 */
export type Baseline = 'rest' | 'previous' | NsRange

export interface FoundDifference extends Ranked {
  readonly selectedUnits: number
  readonly baselineUnits: number
  readonly baselineRange: NsRange
  /** Spans or rows that were looked at. */
  readonly rows: number
  readonly cuts: readonly Cut[]
}

/** Which side something that the query wants, and that it does not want, is on. */
export interface Sides {
  readonly wanted: Side
  readonly other: Side
}

/** Reads one signal into a counter. */
export interface DifferenceSource {
  /** @returns rows that were looked at */
  read(range: NsRange, sides: Sides, counter: DifferenceCounter, budget: QueryBudget): ReadOutcome
  /** True for attributes that the query itself names. */
  isNamed(attribute: string): boolean
}

export interface ReadOutcome {
  readonly rows: number
  /** Limits that ended the reading. */
  readonly cuts: readonly { readonly limit: string; readonly message: string }[]
}

/**
 * Says what is different: values of attributes that are more frequent in a selection than beside or before it.
 * @returns faults: `bad_request` for the query, `unprocessable` where a limit was hit
 */
export function findDifference(
  request: DifferenceRequest,
  tenant: TenantId,
  readers: { readonly logs: LogReader; readonly spans: SpanReader },
  budget: QueryBudget,
  limits: TraceqlLimits,
  clock: Clock,
): Result<FoundDifference, Fault> {
  const source = sourceOf(request, tenant, readers, limits)
  if (!source.ok) return source
  try {
    const { range, baseline } = request
    const others = baselineRanges(range, baseline)
    const sections = new Sections(1 + others.length, request.timeoutMs, budget, clock)
    const counter = new DifferenceCounter(budget)
    let rows = 0
    const read = (section: string, from: NsRange, sides: Sides): void => {
      const outcome = sections.run(section, (own) => source.value.read(from, sides, counter, own))
      rows += outcome?.rows ?? 0
      for (const { limit, message } of outcome?.cuts ?? []) sections.cut(section, limit, message)
    }
    read('selection', range, { wanted: SIDE.selection, other: baseline === 'rest' ? SIDE.baseline : SIDE.none })
    for (const other of others) read('baseline', other, { wanted: SIDE.baseline, other: SIDE.none })
    const ranked = rankDifferences(counter, (attribute) => source.value.isNamed(attribute))
    if (counter.isCut) {
      const { attributesMax, valuesMax, entriesMax } = DIFFERENCE_LIMITS
      const limit = `${attributesMax} attributes, ${valuesMax} values of each, ${entriesMax} in all`
      sections.cut('values', 'entriesMax', `rare values beyond ${limit} are left out`)
    }
    return ok({
      ...ranked,
      selectedUnits: counter.unitsOf(SIDE.selection),
      baselineUnits: counter.unitsOf(SIDE.baseline),
      baselineRange: baseline === 'rest' ? range : baseline === 'previous' ? before(range) : baseline,
      rows,
      cuts: sections.cuts,
    })
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

/** Times that are read for the baseline alone. */
function baselineRanges(range: NsRange, baseline: Baseline): readonly NsRange[] {
  if (baseline === 'rest') return []
  if (baseline === 'previous') return [before(range)]
  const parts = [
    { startNs: baseline.startNs, endNs: range.startNs },
    { startNs: range.endNs, endNs: baseline.endNs },
  ]
  return parts.filter(({ startNs, endNs }) => endNs > startNs)
}

function before({ startNs, endNs }: NsRange): NsRange {
  return { startNs: startNs - (endNs - startNs), endNs: startNs }
}

function sourceOf(
  request: DifferenceRequest,
  tenant: TenantId,
  { logs, spans }: { readonly logs: LogReader; readonly spans: SpanReader },
  limits: TraceqlLimits,
): Result<DifferenceSource, Fault> {
  switch (request.signal) {
    case 'spans':
      return SpansSource.open(request, tenant, spans, limits)
    case 'logs':
      return LogRowsSource.open(request, tenant, logs)
    default:
      return unreachable(request.signal)
  }
}
