import type { LabelRecord } from '@vantage/api/client'
import { METRIC_NAME } from '@vantage/model'
import type { SearchChange } from '../app/router.ts'
import type { QueryRow } from './explore-url.ts'
import type { RowResults } from './run-queries.ts'

export interface InstantRow {
  readonly key: string
  readonly ref: string
  readonly labels: LabelRecord
  readonly value: number
}

export interface InstantTable {
  readonly columns: readonly string[]
  readonly rows: readonly InstantRow[]
  readonly rowsLeftOut: number
}

/** Rows that are drawn. */
const TABLE_ROWS_MAX = 1_000

export interface TableSort {
  /** A label, `value`, or `query`. */
  readonly column: string
  readonly isDescending: boolean
}

/** As the URL says it: `job`, `-job` for the other way round; null = the largest value first. */
export function tableSortOf(text: string | null): TableSort {
  if (text === null || text === '') return { column: 'value', isDescending: true }
  const isDescending = text.startsWith('-')
  return { column: isDescending ? text.slice(1) : text, isDescending }
}

/** The inverse. */
export function sortChange({ column, isDescending }: TableSort): SearchChange {
  return { sort: column === 'value' && isDescending ? null : `${isDescending ? '-' : ''}${column}` }
}

/** The instant values of all rows that are on, one column per label that occurs. */
export function instantTable(rows: readonly QueryRow[], results: RowResults, sort: TableSort): InstantTable {
  const all: InstantRow[] = []
  for (const row of rows) {
    const data = row.isOff ? undefined : results[row.ref]?.answer?.data
    if (data?.kind === 'vector') {
      data.samples.forEach((sample, i) => {
        all.push({ key: `${row.ref}${i}`, ref: row.ref, labels: sample.metric, value: sample.value })
      })
    } else if (data?.kind === 'scalar') all.push({ key: row.ref, ref: row.ref, labels: {}, value: data.value })
  }
  const names = new Set(all.flatMap((row) => Object.keys(row.labels)))
  const columns = [...names].sort((a, b) => Number(b === METRIC_NAME) - Number(a === METRIC_NAME) || (a < b ? -1 : 1))
  all.sort(comparator(sort))
  return { columns, rows: all.slice(0, TABLE_ROWS_MAX), rowsLeftOut: Math.max(0, all.length - TABLE_ROWS_MAX) }
}

function comparator({ column, isDescending }: TableSort): (a: InstantRow, b: InstantRow) => number {
  const direction = isDescending ? -1 : 1
  return (a, b) => {
    if (column === 'value') return compareNumbers(a.value, b.value) * direction
    const x = column === 'query' ? a.ref : (a.labels[column] ?? '')
    const y = column === 'query' ? b.ref : (b.labels[column] ?? '')
    return x.localeCompare(y, 'en', { numeric: true }) * direction
  }
}

/** NaN sorts below every number. */
function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  if (Number.isNaN(b)) return 1
  return a < b ? -1 : a > b ? 1 : 0
}
