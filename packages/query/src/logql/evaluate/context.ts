import {
  FaultError,
  fault,
  type LogBlock,
  type LogReader,
  type NsRange,
  type QueryBudget,
  type TenantId,
} from '@vantage/model'
import { CHECK_EVERY_ROWS, type LogqlLimits } from '../limits.ts'
import type { LogqlHelpers } from './share.ts'

/** What was read for an answer. */
export interface LogqlStats {
  rowsRead: number
  bytesRead: number
  rowsKept: number
}

/** What evaluators share. One belongs to one query. */
export interface Context {
  readonly tenant: TenantId
  readonly reader: LogReader
  readonly budget: QueryBudget
  readonly limits: LogqlLimits
  readonly nowNs: bigint
  /** Adds `detected_level` to rows. */
  readonly detectsLevels: boolean
  readonly stats: LogqlStats
  /** Of other threads; undefined where there are none. */
  readonly helpers?: LogqlHelpers | undefined
}

/** The steps of an evaluation, unix ns: `startNs + i * stepNs`. An instant query has one step and `stepNs` 0. */
export interface Grid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly steps: number
}

/** Counts a row of a block and looks at the budget now and then; the reader has charged the row. */
export function chargeRow(context: Context, { columns }: LogBlock, at: number): void {
  const { stats, budget } = context
  stats.bytesRead += (columns.bodies.to[at] as number) - (columns.bodies.from[at] as number)
  if (++stats.rowsRead % CHECK_EVERY_ROWS === 0) budget.check()
}

/** The same for all rows of a block whose lines nobody looks at. */
export function chargeRows({ stats, budget }: Context, { rows }: LogBlock): void {
  stats.rowsRead += rows.length
  budget.check()
}

export function chargeSeries(context: Context, count: number): void {
  const max = context.limits.seriesMax
  context.budget.chargeSeries(1)
  if (count <= max) return
  const message = `maximum number of series (${max}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()`
  throw new FaultError(fault('bad_request', message, { reason: 'execution', limit: 'query.maxLogSeries' }))
}

/** Times of rows in (afterNs, untilNs] as readers take them. */
export function rangeOf(afterNs: bigint, untilNs: bigint): NsRange {
  return { startNs: afterNs + 1n, endNs: untilNs + 1n }
}
