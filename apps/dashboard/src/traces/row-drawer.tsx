import { formatMs, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { groupMs, type WaterfallRow } from '@vantage/charts/trace'
import { spanIdAt } from '@vantage/model'
import { navigateSearch } from '../app/router.ts'
import { Drawer } from '../parts/drawer.tsx'
import { SpanDrawer } from './span-drawer.tsx'
import { closeSpan } from './trace-url.ts'
import { counted, nameAt, serviceAt, type TraceView } from './trace-view.ts'

interface RowDrawerProps {
  readonly view: TraceView
  readonly row: WaterfallRow
  readonly zone: Zone
}

/** Members of a group that are listed. */
const MEMBERS_MAX = 50

/** Everything about the selected row. */
export function RowDrawer({ view, row, zone }: RowDrawerProps) {
  if (row.kind === 'span') return <SpanDrawer key={row.key} view={view} place={row.place} zone={zone} />
  if (row.kind === 'group') return <GroupDrawer view={view} places={row.places} />
  return (
    <Drawer onClose={closeSpan} title="A parent that was not received">
      <p className="span-part">
        {counted(row.places.length, 'span')} {row.places.length === 1 ? 'names' : 'name'} <code>{row.spanId}</code> as{' '}
        {row.places.length === 1 ? 'its' : 'their'} parent. It was not sampled, is still on its way, or was sent
        somewhere else.
      </p>
    </Drawer>
  )
}

/** Siblings of one operation: how long together and each, the longest first. */
function GroupDrawer({ view, places }: { readonly view: TraceView; readonly places: readonly number[] }) {
  const { tree, columns } = view
  const first = places[0] as number
  const took = (place: number) => columns.durationMs[place] as number
  const longest = places.toSorted((a, b) => took(b) - took(a))
  const failed = places.filter((place) => columns.isError[place] === 1).length
  const sumMs = groupMs(tree, places)
  const open = (place: number) =>
    navigateSearch({ span: spanIdAt(columns, place), fold: `g${spanIdAt(columns, first)}` }, { replace: true })
  return (
    <Drawer onClose={closeSpan} title={`${places.length} × ${nameAt(columns, first)}`}>
      <dl className="span-facts">
        <dt>Service</dt>
        <dd>{serviceAt(columns, first)}</dd>
        <dt>Together</dt>
        <dd>
          {formatMs(sumMs)}, {formatMs(sumMs / places.length)} each on average
        </dd>
        <dt>Failed</dt>
        <dd>{failed === 0 ? 'none' : <span className="badge critical">◆ {formatValue(failed, PLAIN)}</span>}</dd>
      </dl>
      <section className="span-part">
        <h3>The longest</h3>
        <ol className="group-members">
          {longest.slice(0, MEMBERS_MAX).map((place) => (
            <li key={place}>
              <button type="button" className="text-button" onClick={() => open(place)}>
                {formatMs(took(place))}
              </button>{' '}
              after {formatMs(columns.startMs[place] as number)}
              {columns.isError[place] === 1 && <span className="badge critical">◆ failed</span>}
            </li>
          ))}
        </ol>
      </section>
    </Drawer>
  )
}
