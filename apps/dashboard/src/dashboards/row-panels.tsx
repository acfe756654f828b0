import type { FoundTrace, LogLine } from '@vantage/api/client'
import { formatExact, formatInstant, formatMs, formatValue, type Zone } from '@vantage/charts'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { Link } from '../app/link.tsx'
import { levelOf } from '../logs/log-model.ts'
import { RootName } from '../traces/root-name.tsx'
import type { Twin } from './twin.ts'
import { TWIN_ROWS_MAX } from './twin.ts'
import { sortAfter, type TableSort, type ValueTable } from './value-table.ts'

interface ValueRowsProps {
  readonly title: string
  readonly table: ValueTable
  readonly onSort: (sort: TableSort | undefined) => void
}

/** Last values side by side; the heads of columns sort them. */
export function ValueRows({ title, table, onSort }: ValueRowsProps) {
  const { labels, columns, rows, rowsLeftOut, sort } = table
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll panel-rows" tabIndex={0} aria-label={`${title}: values`}>
      <table>
        <thead>
          <tr>
            {labels.map((name) => (
              <SortHead key={name} name={name} column={`l.${name}`} sort={sort} onSort={onSort} />
            ))}
            {columns.map(({ name }, i) => (
              // Two queries may have one name.
              // biome-ignore lint/suspicious/noArrayIndexKey: columns stand in the order of the document.
              <SortHead key={i} name={name} column={`v.${i}`} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.labels.map((text, i) => (
                <td key={labels[i]} className="cell" title={text}>
                  {text}
                </td>
              ))}
              {row.values.map((value, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same.
                <td key={i} className="number" title={formatExact(value)}>
                  {formatValue(value, (columns[i] as ValueTable['columns'][number]).unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rowsLeftOut > 0 && <p className="panel-note">{rowsLeftOut} more rows are not shown.</p>}
    </section>
  )
}

interface SortHeadProps {
  readonly name: string
  readonly column: string
  readonly sort: TableSort | undefined
  readonly onSort: (sort: TableSort | undefined) => void
}

function SortHead({ name, column, sort, onSort }: SortHeadProps) {
  const own = sort?.column === column ? sort : undefined
  const Arrow = own?.isDescending === true ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      className={column.startsWith('v.') ? 'number' : undefined}
      aria-sort={own === undefined ? undefined : own.isDescending ? 'descending' : 'ascending'}
    >
      <button type="button" className="sort-button" onClick={() => onSort(sortAfter(sort, column))}>
        {name}
        {own !== undefined && <Arrow className="icon" aria-hidden="true" />}
      </button>
    </th>
  )
}

/** A panel shows lines, not texts: Explore has the rest of a longer one. */
const LINE_CHARS_MAX = 400

interface LogRowsProps {
  readonly title: string
  readonly lines: readonly LogLine[]
  readonly zone: Zone
}

/** The newest lines; one that names a trace leads to it. */
export function LogRows({ title, lines, zone }: LogRowsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="panel-rows" tabIndex={0} aria-label={`${title}: lines`}>
      <ol className="span-lines">
        {lines.map((line, i) => (
          // Lines have no identity of their own: equal ones may follow each other.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
          <li key={`${line.timeNs} ${i}`} data-level={levelOf(line.labels)}>
            <time>{formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(5, 19)}</time>
            <span className="panel-line-service">{line.labels['service_name'] ?? ''}</span>
            <span className="code" dir="auto">
              {line.line.slice(0, LINE_CHARS_MAX)}
              {line.line.length > LINE_CHARS_MAX && '…'}
            </span>{' '}
            <TraceOfLine labels={line.labels} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function TraceOfLine({ labels }: { readonly labels: LogLine['labels'] }) {
  const { trace_id: traceId, span_id: spanId } = labels
  if (traceId === undefined || traceId === '') return null
  return (
    <Link to={`/trace/${traceId}`} params={{ span: spanId ?? null }}>
      trace
    </Link>
  )
}

interface TraceRowsProps {
  readonly title: string
  readonly traces: readonly FoundTrace[]
  readonly zone: Zone
}

export function TraceRows({ title, traces, zone }: TraceRowsProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll panel-rows" tabIndex={0} aria-label={`${title}: traces`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Start</th>
            <th scope="col">Root</th>
            <th scope="col" className="number">
              Duration
            </th>
            <th scope="col" className="number">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {traces.map((trace) => (
            <tr key={trace.traceId}>
              <td className="trace-start">{formatInstant(Number(trace.startNs / 1_000_000n), zone).slice(5, 19)}</td>
              <td className="cell">
                <Link to={`/trace/${trace.traceId}`} title={`${trace.rootService} ${trace.rootName}`}>
                  <RootName of={trace} />
                </Link>
              </td>
              <td className="number">{formatMs(trace.durationMs)}</td>
              <td className="number">
                <Errors count={trace.services.reduce((sum, one) => sum + one.errors, 0)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Errors({ count }: { readonly count: number }) {
  return count === 0 ? '0' : <span className="badge critical">{count}</span>
}

/** Any panel as a table. */
export function TwinRows({ title, twin }: { readonly title: string; readonly twin: Twin }) {
  const left = twin.rows.length - TWIN_ROWS_MAX
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll panel-rows panel-twin" tabIndex={0} aria-label={`${title} as table`}>
      <table>
        <thead>
          <tr>
            {twin.columns.map((name, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two series may have one name.
              <th key={i} scope="col" className={twin.rows[0]?.[i]?.isNumber === true ? 'number' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {twin.rows.slice(0, TWIN_ROWS_MAX).map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity of their own.
            <tr key={at}>
              {row.map(({ text, exact, isNumber }, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the same.
                <td key={i} className={isNumber ? 'number' : 'cell'} title={exact}>
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p className="panel-note">{left} more rows are in the export.</p>}
    </section>
  )
}
