import {
  compareLabels,
  type Labels,
  type LogBlock,
  type LogColumns,
  type LogCounts,
  type LogReader,
  type LogScan,
  labelsKey,
  type Matcher,
  type NsRange,
  type Origin,
  type QueryBudget,
  type RangeCuts,
  type TenantId,
} from '@vantage/model'
import { enclosedTokens } from '../files/tokens.ts'
import { LOGS } from '../rows/column-set.ts'
import type { ColumnView } from '../view.ts'
import { type CountGrid, LogCounter } from './log-counter.ts'
import { compileMatchers, LogFilter, matchesAll } from './log-filter.ts'
import { PieceMerge } from './merge-pieces.ts'
import type { PieceRef } from './piece.ts'
import type { ScanPart } from './scan-part.ts'
import { cutsOf, isWithin, piecesOf, type RowSource, rangeOf, rowsLeft } from './source.ts'
import { StreamBook } from './stream-book.ts'
import { TraceOwners } from './trace-owners.ts'

/** Reads logs of hot rows and files through the view of its thread. */
export class ColumnLogReader implements LogReader {
  readonly #view: ColumnView
  readonly #streams = new StreamBook()

  constructor(view: ColumnView) {
    this.#view = view
  }

  *scan(tenant: TenantId, scan: LogScan, budget: QueryBudget): Generator<LogBlock> {
    const merge = new PieceMerge(LOGS, this.#pieces(tenant, scan, budget), scan.direction, budget)
    for (const block of merge.blocks()) yield { ...block, streams: this.#streams.all(block.origins) }
  }

  streams(
    tenant: TenantId,
    matcherSets: readonly (readonly Matcher[])[],
    range: NsRange,
    budget: QueryBudget,
  ): Labels[] {
    const sets = (matcherSets.length === 0 ? [[]] : matcherSets).map(compileMatchers)
    const found = new Map<string, Labels>()
    const add = (labels: Labels): void => {
      const key = labelsKey(labels)
      if (!found.has(key) && sets.some((matchers) => matchesAll(matchers, labels))) found.set(key, labels)
    }
    // Stripes of a file share its list: most of their origins are known from the stripe before.
    const met = new Map<readonly Origin[], Set<number>>()
    for (const source of this.#view.tenant(tenant)?.logs.sources(range) ?? []) {
      budget.check()
      const { origins } = source
      const places = met.get(origins) ?? new Set()
      met.set(origins, places)
      for (const origin of originsIn(source, range)) {
        if (places.has(origin)) continue
        places.add(origin)
        add(this.#streams.of(origins, origin))
      }
    }
    budget.chargeSeries(found.size)
    return [...found.values()].sort(compareLabels)
  }

  cuts(tenant: TenantId, range: NsRange, runs: number): RangeCuts {
    return cutsOf(this.#view.tenant(tenant)?.logs.sources(range) ?? [], range, runs)
  }

  count(
    tenant: TenantId,
    scan: LogScan,
    what: 'rows' | 'bytes',
    by: readonly string[],
    grid: CountGrid,
    budget: QueryBudget,
  ): LogCounts[] {
    const counter = new LogCounter(what, by, grid, this.#streams)
    const parts: ScanPart[] = what === 'bytes' ? ['line'] : []
    if (by.includes('severity')) parts.push('level')
    const wanted = { ...scan, direction: 'any', grid: { everyNs: grid.stepNs, phaseNs: grid.startNs } } as const
    for (const ref of this.#pieces(tenant, wanted, budget, parts)) {
      budget.check()
      counter.add(ref.open())
    }
    return counter.counts()
  }

  #pieces(tenant: TenantId, scan: LogScan, budget: QueryBudget, parts?: readonly ScanPart[]): PieceRef<LogColumns>[] {
    const view = this.#view.tenant(tenant)
    const filter = new LogFilter(scan, this.#streams)
    if (view === undefined) return []
    const { direction, traceId, ownTraceId } = scan
    const owners = ownTraceId === undefined ? undefined : new TraceOwners(ownTraceId)
    const wanted = scan.lineFilters.filter((one) => one.isWanted && one.isPattern !== true)
    const words = wanted.flatMap((one) => enclosedTokens(Buffer.from(one.text)))
    return piecesOf(view.logs.sources(scan), {
      range: scan,
      direction,
      filter,
      budget,
      look: scan.looksAt,
      grid: direction === 'any' ? scan.grid : undefined,
      ...(parts === undefined ? {} : { parts }),
      mayHold: (source) =>
        (traceId === undefined || source.mayHoldTrace(traceId)) &&
        (owners === undefined || owners.mayBeIn(source)) &&
        source.mayHoldWords(words),
    })
  }
}

/** The origins of the rows in the range. */
function originsIn(source: RowSource<LogColumns>, range: NsRange): readonly number[] {
  // Fast path: known without a look at the rows.
  if (source.tombstones.length === 0 && isWithin(source, range) && source.originPlaces !== undefined)
    return source.originPlaces
  const { set, origins, order } = rowsLeft(source)
  const { from, to } = rangeOf(set, order, range)
  return originsOf(set.origins, order, from, to, origins.length)
}

/** The origins that rows `order[from, to)` have, each once. */
function originsOf(places: Int32Array, order: Int32Array, from: number, to: number, count: number): number[] {
  const seen = new Uint8Array(count)
  const found: number[] = []
  for (let i = from; i < to; i++) {
    const origin = places[order[i] as number] as number
    if (seen[origin] === 1) continue
    seen[origin] = 1
    found.push(origin)
  }
  return found
}
