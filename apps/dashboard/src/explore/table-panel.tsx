import { formatExact, formatValue, type Unit } from '@vantage/charts'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useMemo } from 'react'
import { useNavigate, useSearch } from '../app/router.ts'
import type { QueryRow } from './explore-url.ts'
import type { RowResults } from './run-queries.ts'
import { instantTable, sortChange, type TableSort, tableSortOf } from './table-model.ts'

interface TablePanelProps {
  readonly rows: readonly QueryRow[]
  readonly results: RowResults
  readonly unit: Unit
}

/** The values at the end of the range, sortable by every column. */
export function TablePanel({ rows, results, unit }: TablePanelProps) {
  const navigate = useNavigate()
  const sortText = useSearch().get('sort')
  const sort = useMemo(() => tableSortOf(sortText), [sortText])
  const table = useMemo(() => instantTable(rows, results, sort), [rows, results, sort])
  if (table.rows.length === 0) return <p className="empty">No values at the end of this range.</p>
  const isMany = rows.length > 1
  const click = (column: string) =>
    navigate(sortChange({ column, isDescending: sort.column === column ? !sort.isDescending : column === 'value' }))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll result-table" tabIndex={0} aria-label="Values">
      <table>
        <thead>
          <tr>
            {isMany && <SortHead column="query" title="Query" sort={sort} onClick={click} />}
            {table.columns.map((column) => (
              <SortHead key={column} column={column} title={column} sort={sort} onClick={click} />
            ))}
            <SortHead column="value" title="Value" sort={sort} onClick={click} />
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.key}>
              {isMany && <td>{row.ref.toUpperCase()}</td>}
              {table.columns.map((column) => (
                <td key={column} className="code cell" title={row.labels[column]}>
                  {row.labels[column] ?? ''}
                </td>
              ))}
              <td className="number" title={formatExact(row.value)}>
                {formatValue(row.value, unit)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {table.rowsLeftOut > 0 && <p className="browser-note">{table.rowsLeftOut} more rows are not shown.</p>}
    </section>
  )
}

interface SortHeadProps {
  readonly column: string
  readonly title: string
  readonly sort: TableSort
  readonly onClick: (column: string) => void
}

function SortHead({ column, title, sort, onClick }: SortHeadProps) {
  const isSorted = sort.column === column
  const Arrow = sort.isDescending ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      className={column === 'value' ? 'number' : ''}
      aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : undefined}
    >
      <button type="button" className="sort-button" onClick={() => onClick(column)}>
        {title}
        {isSorted && <Arrow className="icon" aria-hidden="true" />}
      </button>
    </th>
  )
}
