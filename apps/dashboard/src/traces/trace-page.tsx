import { formatInstant, formatMs, type Zone } from '@vantage/charts'
import { matchingSpans } from '@vantage/charts/trace'
import { Copy } from 'lucide-react'
import { memo, useMemo } from 'react'
import { client } from '../app/client.ts'
import { onDemand } from '../app/on-demand.tsx'
import { usePath, useSearch } from '../app/router.ts'
import { useNamedScreen } from '../app/screen-name.ts'
import { copyText } from '../app/toast.tsx'
import { useAsked } from '../explore/use-asked.ts'
import { Notice } from '../parts/notice.tsx'
import { timeStateOf } from '../time/time-store.ts'
import { CompareMenu } from './compare-menu.tsx'
import { FlameView } from './flame-view.tsx'
import { OperationsView } from './operations-view.tsx'
import { RowDrawer } from './row-drawer.tsx'
import { TraceFault } from './trace-fault.tsx'
import { TraceLogs } from './trace-logs.tsx'
import { TraceTools } from './trace-tools.tsx'
import { type TraceState, traceStateOf } from './trace-url.ts'
import { counted, nameAt, serviceAt, type TraceView, traceView } from './trace-view.ts'
import { useRevealed, useTraceKeys } from './use-trace-keys.ts'
import { useWaterfallRows } from './use-waterfall-rows.ts'
import { WaterfallView } from './waterfall-view.tsx'

const TraceMap = onDemand(() => import('./trace-map.tsx'))

/** One trace: waterfall, flame graph, operations, map, log lines, and everything about the selected span. */
export default function TracePage() {
  const traceId = usePath().split('/')[2] ?? ''
  const search = useSearch()
  const { zone } = timeStateOf(search)
  const asked = useAsked(traceId, (signal) => client.traceColumns(traceId, signal))
  const { answer } = asked
  const view = useMemo(() => (answer === undefined ? undefined : traceView(answer)), [answer])
  if (view !== undefined) return <Trace view={view} state={traceStateOf(search)} zone={zone} />
  if (!asked.isLoading && asked.fault !== undefined) return <TraceFault traceId={traceId} asked={asked} />
  return <div className="skeleton page-skeleton" aria-busy="true" />
}

interface TraceProps {
  readonly view: TraceView
  readonly state: TraceState
  readonly zone: Zone
}

function Trace({ view, state, zone }: TraceProps) {
  const matches = useMemo(() => matchingSpans(view.tree, state.filter), [view.tree, state.filter])
  const { rows, base } = useWaterfallRows(view, state, matches)
  const at = rows.findIndex((row) => row.key === state.selected)
  const row = rows[at]
  useRevealed({ view, state, base, at })
  useTraceKeys({ view, state, rows, base, at })
  return (
    <div className="trace" data-drawer={row !== undefined && state.view !== 'logs'}>
      <TraceHead view={view} zone={zone} />
      <TraceTools view={view} state={state} matches={matches} />
      <div className="trace-main">
        {state.view === 'waterfall' && (
          <WaterfallView view={view} state={state} rows={rows} at={at} matches={matches} zone={zone} />
        )}
        {state.view === 'flame' && <FlameView view={view} state={state} />}
        {state.view === 'operations' && <OperationsView view={view} state={state} />}
        {state.view === 'map' && <TraceMap view={view} state={state} />}
        {state.view === 'logs' && <TraceLogs view={view} zone={zone} />}
      </div>
      {row !== undefined && state.view !== 'logs' && <RowDrawer view={view} row={row} zone={zone} />}
    </div>
  )
}

const TraceHead = memo(function TraceHead({ view, zone }: { readonly view: TraceView; readonly zone: Zone }) {
  const { columns, tree, root, errors } = view
  const [service, name] = root === undefined ? ['Trace', ''] : [serviceAt(columns, root), nameAt(columns, root)]
  useNamedScreen(`${service} ${name}`)
  const { traceId } = columns
  return (
    <header className="trace-head">
      <div className="page-head">
        <h1>
          {service} <span className="trace-name">{name}</span>
        </h1>
        <div className="tools">
          <CompareMenu view={view} />
        </div>
      </div>
      <ul className="trace-facts">
        <li>
          <strong>{formatMs(tree.durationMs)}</strong> in all
        </li>
        <li>{formatInstant(Number(columns.startNs / 1_000_000n), zone)}</li>
        <li>{counted(columns.count, 'span')}</li>
        <li>{counted(columns.services.length, 'service')}</li>
        <li>{errors === 0 ? 'no errors' : <span className="badge critical">◆ {counted(errors, 'error')}</span>}</li>
        <li>
          <button
            type="button"
            className="button small quiet"
            title="Copy the trace id"
            onClick={() => copyText(traceId, 'Trace id')}
          >
            <Copy className="icon" aria-hidden="true" />
            <span className="code">{traceId}</span>
          </button>
        </li>
      </ul>
      <Doubts view={view} />
    </header>
  )
})

/** What is not as it was: parents that did not arrive, clocks that differ, events that are not drawn. */
function Doubts({ view: { missingParents, skewed, columns } }: { readonly view: TraceView }) {
  if (missingParents === 0 && skewed.spans === 0 && !columns.isEventsCut) return null
  return (
    <Notice kind="warning">
      {missingParents > 0 && (
        <p>
          Partial: {counted(missingParents, 'parent')} that {missingParents === 1 ? 'is' : 'are'} named{' '}
          {missingParents === 1 ? 'was' : 'were'} not received. Dashed rows stand in{' '}
          {missingParents === 1 ? 'its' : 'their'} place.
        </p>
      )}
      {skewed.spans > 0 && (
        <p>
          {counted(skewed.spans, 'span')} {skewed.spans === 1 ? 'begins' : 'begin'} before{' '}
          {skewed.spans === 1 ? 'its' : 'their'} parent, by {formatMs(skewed.maxMs)} at most: clocks of their hosts
          differ. Times are shown as they were sent.
        </p>
      )}
      {columns.isEventsCut && <p>Only the first events are drawn; a span lists all of its own.</p>}
    </Notice>
  )
}
