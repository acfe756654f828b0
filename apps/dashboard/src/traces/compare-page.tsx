import { formatInstant, formatMs, formatValue, PLAIN, type Zone } from '@vantage/charts'
import {
  COMPARE_MARKS,
  COMPARE_RULE,
  type ComparedCall,
  type CompareMark,
  compareCalls,
  type MergedCall,
  mergedCalls,
} from '@vantage/charts/trace'
import { ArrowLeftRight, Equal, Minus, Plus, TrendingDown, TrendingUp } from 'lucide-react'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigatePath, navigateSearch, readSearch, usePath, useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Choice } from '../parts/choice.tsx'
import { timeStateOf } from '../time/time-store.ts'
import { TraceFault } from './trace-fault.tsx'
import { counted, nameAt, serviceAt, type TraceView, traceView } from './trace-view.ts'

/** Rows of the tree; differences alone are fewer. */
const ROWS_MAX = 1_000
const INDENTS_MAX = 14

const MARKS = {
  added: { Icon: Plus, text: 'added' },
  missing: { Icon: Minus, text: 'missing' },
  slower: { Icon: TrendingUp, text: 'slower' },
  faster: { Icon: TrendingDown, text: 'faster' },
  same: { Icon: Equal, text: 'same' },
} as const

/** Two traces in one tree: what the second does more, less, slower and faster than the first. */
export default function ComparePage() {
  const [, , id = '', , other = ''] = usePath().split('/')
  const first = useTraceView(id)
  const second = useTraceView(other)
  const failed = [first, second].filter(({ asked }) => asked.fault !== undefined && !asked.isLoading)
  if (failed[0] !== undefined) {
    const retry = () => {
      for (const { asked } of failed) asked.retry()
    }
    return <TraceFault traceId={failed[0] === first ? id : other} asked={{ ...failed[0].asked, retry }} />
  }
  if (first.view === undefined || second.view === undefined) {
    return <div className="skeleton page-skeleton" aria-busy="true" />
  }
  return <Compared before={first.view} after={second.view} />
}

function useTraceView(traceId: string) {
  const asked = useAsked(traceId, (signal) => client.traceColumns(traceId, signal))
  const { answer } = asked
  const view = useMemo(() => (answer === undefined ? undefined : traceView(answer)), [answer])
  return { view, asked }
}

interface ComparedProps {
  readonly before: TraceView
  readonly after: TraceView
}

function Compared({ before, after }: ComparedProps) {
  const search = useSearch()
  const { zone } = timeStateOf(search)
  const wanted = search.get('show') === 'all' ? 'all' : 'different'
  const longestMs = Math.max(before.tree.durationMs, after.tree.durationMs)
  const rows = useMemo(
    () => compareCalls(mergedCalls(before.tree), mergedCalls(after.tree), longestMs),
    [before, after, longestMs],
  )
  const shown = wanted === 'all' ? rows : leadingToDifferences(rows)
  const swap = () => {
    const path = `/trace/${after.columns.traceId}/compare/${before.columns.traceId}`
    navigatePath(path, { show: readSearch().get('show') })
  }
  return (
    <div className="compare">
      <div className="page-head">
        <h1>Two traces compared</h1>
        <div className="tools">
          <Choice
            label="Rows"
            value={wanted}
            options={[
              { value: 'different', label: 'Differences' },
              { value: 'all', label: 'All calls' },
            ]}
            onChoose={(value) => navigateSearch({ show: value === 'all' ? 'all' : null })}
          />
          <button type="button" className="button" onClick={swap}>
            <ArrowLeftRight className="icon" aria-hidden="true" />
            Swap
          </button>
        </div>
      </div>
      <div className="compare-sides">
        <Side name="First" view={before} zone={zone} />
        <Side name="Second" view={after} zone={zone} />
      </div>
      <section className="card" aria-labelledby="compare-title">
        <div className="card-head">
          <h2 id="compare-title">Calls</h2>
          <Counts rows={rows} />
        </div>
        {shown.length === 0 ? (
          <p className="span-part span-none">Both made the same calls in about the same time ({COMPARE_RULE}).</p>
        ) : (
          <CallTable rows={shown.slice(0, ROWS_MAX)} longestMs={longestMs} />
        )}
        <p className="flame-note">
          Calls of one operation on the same way from the root are one row; marked is what the second does other than
          the first ({COMPARE_RULE}).
          {shown.length > ROWS_MAX &&
            ` The first ${formatValue(ROWS_MAX, PLAIN)} of ${formatValue(shown.length, PLAIN)} rows.`}
        </p>
      </section>
    </div>
  )
}

/** Rows that differ, and those above them. */
function leadingToDifferences(rows: readonly ComparedCall[]): ComparedCall[] {
  const kept: ComparedCall[] = []
  let neededDepth = 0
  for (const row of rows.toReversed()) {
    if (row.mark === 'same' && row.depth >= neededDepth) continue
    kept.push(row)
    neededDepth = row.depth
  }
  return kept.reverse()
}

function Side({ name, view, zone }: { readonly name: string; readonly view: TraceView; readonly zone: Zone }) {
  const { columns, tree, root, errors } = view
  return (
    <section className="card compare-side" aria-label={`${name} trace`}>
      <strong>{name}</strong>{' '}
      <Link to={`/trace/${columns.traceId}`}>
        {root === undefined ? columns.traceId : `${serviceAt(columns, root)} ${nameAt(columns, root)}`}
      </Link>
      <p className="trace-facts">
        <strong>{formatMs(tree.durationMs)}</strong> <span>{counted(columns.count, 'span')}</span>
        {errors > 0 ? <span className="badge critical">◆ {counted(errors, 'error')}</span> : <span>no errors</span>}
        <span>{formatInstant(Number(columns.startNs / 1_000_000n), zone)}</span>
      </p>
    </section>
  )
}

function Counts({ rows }: { readonly rows: readonly ComparedCall[] }) {
  const counts = Map.groupBy(rows, ({ mark }) => mark)
  return (
    <ul className="compare-counts">
      {COMPARE_MARKS.map((mark) => (
        <li key={mark}>
          <Mark mark={mark} /> {counts.get(mark)?.length ?? 0}
        </li>
      ))}
    </ul>
  )
}

function Mark({ mark }: { readonly mark: CompareMark }) {
  const { Icon, text } = MARKS[mark]
  return (
    <span className="compare-mark" data-mark={mark}>
      <Icon className="icon" aria-hidden="true" />
      {text}
    </span>
  )
}

function CallTable({ rows, longestMs }: { readonly rows: readonly ComparedCall[]; readonly longestMs: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" tabIndex={0} aria-label="Calls of both traces">
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">Call</th>
            <th scope="col">Second</th>
            <th scope="col" className="number">
              Difference
            </th>
            <th scope="col">Time: first above, second below</th>
            <th scope="col" className="number">
              Calls
            </th>
            <th scope="col" className="number">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: calls have no identity but their place; the list is replaced as a whole.
            <CallRow key={i} row={row} longestMs={longestMs} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function CallRow({ row, longestMs }: { readonly row: ComparedCall; readonly longestMs: number }) {
  const { service, name, depth, before, after, mark, deltaMs } = row
  const figures = (figure: 'count' | 'errors') => `${before?.[figure] ?? '–'} → ${after?.[figure] ?? '–'}`
  return (
    <tr data-mark={mark}>
      <th scope="row" style={{ paddingLeft: `${12 + Math.min(depth, INDENTS_MAX) * 14}px` }}>
        <span className="compare-service">{service}</span> <span className="compare-name">{name}</span>
      </th>
      <td>
        <Mark mark={mark} />
      </td>
      <td className="number">{mark === 'same' ? '' : `${deltaMs < 0 ? '−' : '+'}${formatMs(Math.abs(deltaMs))}`}</td>
      <td className="compare-bars">
        <Bar call={before} longestMs={longestMs} side="first" />
        <Bar call={after} longestMs={longestMs} side="second" />
      </td>
      <td className="number">{before?.count === after?.count ? before?.count : figures('count')}</td>
      <td className="number">{before?.errors === after?.errors ? before?.errors : figures('errors')}</td>
    </tr>
  )
}

interface BarProps {
  readonly call: MergedCall | undefined
  readonly longestMs: number
  readonly side: 'first' | 'second'
}

function Bar({ call, longestMs, side }: BarProps) {
  return (
    <span className="compare-bar" data-side={side}>
      <span style={{ width: `${Math.min(1, (call?.totalMs ?? 0) / longestMs) * 100}%` }} aria-hidden="true" />
      {call === undefined ? '–' : formatMs(call.totalMs)}
    </span>
  )
}
