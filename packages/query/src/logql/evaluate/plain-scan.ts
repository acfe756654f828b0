import type { Labels, LogReader, LogScan, QueryBudget, TenantId } from '@vantage/model'
import { LOGQL_LIMITS } from '../limits.ts'
import { SOURCE } from '../stages/row.ts'
import { type Context, chargeRow } from './context.ts'
import { RowFilter } from './streams.ts'

/** A row with the labels of its stream and all its metadata, `detected_level` with them. */
export interface PlainRow {
  readonly timeNs: bigint
  readonly line: string
  readonly stream: Labels
  readonly metadata: Labels
}

/** Rows of a scan as LogQL shows them, without a query. @returns as many as the limit allows, and whether there are more */
export function scanRows(
  scan: LogScan,
  limit: number,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
): { readonly rows: readonly PlainRow[]; readonly isCut: boolean } {
  const stats = { rowsRead: 0, bytesRead: 0, rowsKept: 0 }
  const context: Context = { tenant, reader, budget, limits: LOGQL_LIMITS, nowNs: 0n, detectsLevels: true, stats }
  const filter = new RowFilter({ kind: 'selector', matchers: scan.matchers, stages: [] }, context)
  const rows: PlainRow[] = []
  for (const block of reader.scan(tenant, scan, budget)) {
    for (let i = 0; i < block.rows.length; i++) {
      if (rows.length >= limit) return { rows, isCut: true }
      const at = block.rows[i] as number
      chargeRow(context, block, at)
      if (!filter.take(block, at)) continue
      const { row } = filter
      budget.chargeBytes(row.line.length)
      rows.push({ timeNs: row.timeNs, line: row.line, stream: row.stream, metadata: row.labelsOf(SOURCE.metadata) })
    }
  }
  return { rows, isCut: false }
}
