import { type Labels, labelsKey, type NsRange, type QueryBudget } from '@vantage/model'
import type { Grouping, RangeAggregation } from '../language/plan.ts'
import type { LogqlLimits } from '../limits.ts'
import type { Context, Grid, LogqlStats } from './context.ts'
import type { Cells } from './count-pushdown.ts'

/**
 * Part of one query for other threads: to count rows of some runs of a range aggregation's time. Plain data. Each thread
 * reads what it sees of its runs, so a row is counted by one of them, wherever it lies by then.
 */
export interface LogqlShareTask {
  readonly plan: RangeAggregation
  readonly outer: Grouping | undefined
  readonly grid: Grid
  /** Where the store counts by itself. */
  readonly cells: Cells | undefined
  readonly detectsLevels: boolean
  readonly limits: LogqlLimits
  readonly nowNs: bigint
  /** Run i is of [edgesNs[i], edgesNs[i + 1]). */
  readonly edgesNs: readonly bigint[]
  readonly runs: number
  /** Of all runs together, at most. */
  readonly rows: number
}

/** What a thread has counted of one series: rows, and sums of their numbers, by cell or by step. */
export interface CountPart {
  readonly labels: Labels
  readonly rows: Float64Array
  readonly sums: Float64Array
}

/** What another thread made of the runs that it claimed. Plain data. */
export interface LogqlShareAnswer {
  readonly parts: readonly CountPart[]
  readonly stats: LogqlStats
  /** Charged there, to be charged to the query as a whole. */
  readonly samples: number
}

/** Where other threads can be asked for help. */
export interface LogqlHelpers {
  offer(task: LogqlShareTask): LogqlOffer
}

/** Runs of one task, claimed by the asker and by whoever came to help. */
interface LogqlOffer {
  /** @returns the next run for this thread, or -1 when all are taken */
  claim(): number
  /**
   * Waits for those who came.
   * @throws FaultError theirs, or what ends the query meanwhile
   */
  collect(): readonly LogqlShareAnswer[]
}

/** Enough that threads end together, few enough that what lies across their borders costs little. */
const RUNS = 16
/** Fewer rows are read before help could come. */
const OFFER_ROWS_MIN = 400_000

/**
 * Reads a range in runs, shared with other threads where it is long.
 * @param work reads one run
 * @returns parts that others made
 */
export function inRuns(
  range: NsRange,
  context: Context,
  taskOf: (edgesNs: readonly bigint[], rows: number) => LogqlShareTask,
  work: (run: NsRange) => void,
): CountPart[] {
  const { helpers, reader, tenant, stats, budget } = context
  const cuts = helpers && reader.cuts(tenant, range, RUNS)
  if (cuts === undefined || cuts.rows < OFFER_ROWS_MIN || cuts.cutsNs.length === 0) {
    work(range)
    return []
  }
  const edgesNs = [range.startNs, ...cuts.cutsNs, range.endNs]
  const offer = (helpers as LogqlHelpers).offer(taskOf(edgesNs, cuts.rows))
  workRuns(edgesNs, () => offer.claim(), work)
  return offer.collect().flatMap((answer) => {
    stats.rowsRead += answer.stats.rowsRead
    stats.bytesRead += answer.stats.bytesRead
    budget.chargeSamples(answer.samples)
    return answer.parts
  })
}

export function workRuns(edgesNs: readonly bigint[], claim: () => number, work: (run: NsRange) => void): void {
  for (let run = claim(); run >= 0; run = claim()) {
    work({ startNs: edgesNs[run] as bigint, endNs: edgesNs[run + 1] as bigint })
  }
}

/** Passes on what is charged, and counts samples. */
export class CountingBudget implements QueryBudget {
  samples = 0
  readonly #budget: QueryBudget

  constructor(budget: QueryBudget) {
    this.#budget = budget
  }

  check(): void {
    this.#budget.check()
  }

  chargeSamples(count: number): void {
    this.samples += count
    this.#budget.chargeSamples(count)
  }

  chargeBytes(bytes: number): void {
    this.#budget.chargeBytes(bytes)
  }

  chargeSeries(count: number): void {
    this.#budget.chargeSeries(count)
  }
}

/** Parts of equal labels become one. */
export function joinParts(parts: readonly CountPart[]): CountPart[] {
  const joined = new Map<string, CountPart>()
  for (const part of parts) {
    const key = labelsKey(part.labels)
    const known = joined.get(key)
    if (known === undefined) joined.set(key, part)
    else addPart(known, part)
  }
  return [...joined.values()]
}

function addPart({ rows, sums }: CountPart, more: CountPart): void {
  for (let i = 0; i < rows.length; i++) {
    rows[i] = (rows[i] as number) + (more.rows[i] as number)
    sums[i] = (sums[i] as number) + (more.sums[i] as number)
  }
}
