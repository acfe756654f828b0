import { formatMs, formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { groupMs, type WaterfallRow } from '@vantage/charts/trace'
import { NumberHeads } from '../services/figures.tsx'
import { nameAt, serviceAt, type TraceView } from './trace-view.ts'

/** Rows of the table; filter or fold for others. */
const ROWS_MAX = 1_000

interface WaterfallTableProps {
  readonly view: TraceView
  readonly rows: readonly WaterfallRow[]
}

/** The rows of the waterfall as a table, for eyes that read numbers and for screen readers (Shift+T). */
export function WaterfallTable({ view, rows }: WaterfallTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll waterfall-table" tabIndex={0} aria-label="Waterfall as table">
      <table>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Service</th>
            <NumberHeads names={['Level', 'Start', 'Duration', 'Own time', 'On critical path', 'Failed']} />
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map((row) => (
            <Row key={row.key} view={view} row={row} />
          ))}
        </tbody>
      </table>
      {rows.length > ROWS_MAX && (
        <p className="browser-note">
          The first {formatValue(ROWS_MAX, PLAIN)} of {formatValue(rows.length, PLAIN)} rows; filter or fold for others.
        </p>
      )}
    </section>
  )
}

function Row({ view: { tree, columns, criticalMs }, row }: { readonly view: TraceView; readonly row: WaterfallRow }) {
  if (row.kind === 'missing') {
    return (
      <tr>
        <th scope="row">Parent {row.spanId}, not received</th>
        <td colSpan={7}>{NO_DATA}</td>
      </tr>
    )
  }
  const places = row.kind === 'group' ? row.places : [row.place]
  const first = places[0] as number
  const sum = (column: Float64Array | Uint8Array) => places.reduce((all, place) => all + (column[place] as number), 0)
  return (
    <tr>
      <th scope="row" style={{ paddingLeft: `${12 + Math.min(row.depth, 12) * 10}px` }}>
        {row.kind === 'group' && `${places.length} × `}
        {nameAt(columns, first)}
      </th>
      <td>{serviceAt(columns, first)}</td>
      <td className="number">{row.depth + 1}</td>
      <td className="number">{formatMs(columns.startMs[first] as number)}</td>
      <td className="number">{formatMs(groupMs(tree, places))}</td>
      <td className="number">{formatMs(sum(tree.selfMs))}</td>
      <td className="number">{formatMs(sum(criticalMs))}</td>
      <td className="number">{formatValue(sum(columns.isError), PLAIN)}</td>
    </tr>
  )
}
