import type { TimeSeriesChart } from '@vantage/charts/time-series'
import type { Panel } from '@vantage/model/dashboards'
import { Ellipsis, Info, Maximize2, Minimize2 } from 'lucide-react'
import { type RefObject, useRef } from 'react'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { announceDone } from '../app/toast.tsx'
import { CANCELLED, Faults } from '../parts/faults.tsx'
import { IconButton } from '../parts/icon-button.tsx'
import { Popover } from '../parts/popover.tsx'
import { download } from '../share/download.ts'
import { canvasPng } from '../share/png.ts'
import { exploreTarget } from './explore-link.ts'
import { InspectDialog } from './inspect-dialog.tsx'
import { PanelBody } from './panel-body.tsx'
import { FULL_PARAM, INSPECT_PARAM, TABLE_PARAM, toggleFull, toggleTable } from './panel-url.ts'
import { isEmptyView } from './panel-view.ts'
import { TwinRows } from './row-panels.tsx'
import { type Twin, twinCsv, twinJson, twinOf } from './twin.ts'
import { type PanelContext, type PanelState, useOnScreen, usePanel } from './use-panel.ts'

interface PanelCardProps {
  readonly panel: Panel
  readonly context: PanelContext
}

/** One panel: its title, its tools, what it shows, or why it does not. Others go on. */
export function PanelCard({ panel: given, context }: PanelCardProps) {
  const host = useRef<HTMLElement>(null)
  const chart = useRef<TimeSeriesChart>(undefined)
  const state = usePanel(given, context, useOnScreen(host))
  const search = useSearch()
  const { id, title, description, place, kind } = given
  const { asked, view, panel } = state
  const isFull = search.get(FULL_PARAM) === id
  return (
    <section
      className="card panel"
      ref={host}
      aria-label={title}
      aria-busy={asked.isLoading}
      data-panel={id}
      data-kind={kind}
      data-state={stateName(state)}
      style={{ '--x': place.x + 1, '--y': place.y + 1, '--w': place.width, '--h': place.height } as React.CSSProperties}
    >
      <div className="card-head">
        <h2 title={title}>{title}</h2>
        {description !== '' && (
          <span className="panel-about" title={description}>
            <Info className="icon" aria-hidden="true" />
            <span className="visually-hidden">{description}</span>
          </span>
        )}
        {isKept(state) && (
          <button type="button" className="button small" title={CANCELLED} onClick={asked.retry}>
            Cancelled: retry
          </button>
        )}
        <PanelTools state={state} host={host} isFull={isFull} />
      </div>
      <div className="panel-body">
        <PanelContent
          state={state}
          marks={context.marks}
          explain={context.explain}
          chart={chart}
          isTable={search.getAll(TABLE_PARAM).includes(id)}
        />
      </div>
      {search.get(INSPECT_PARAM) === id && (
        <InspectDialog
          panel={panel}
          asked={asked}
          twin={view === undefined ? undefined : twinOf(view)}
          onClose={() => navigateSearch({ [INSPECT_PARAM]: null })}
        />
      )}
    </section>
  )
}

/** Cancelled, with what was shown before: the head says so, as that needs the whole of its place. */
function isKept({ asked, view }: Pick<PanelState, 'asked' | 'view'>): boolean {
  return asked.fault?.code === 'cancelled' && view !== undefined
}

/** For styles and tests: what the panel shows now. */
function stateName({ asked, view }: PanelState): string {
  if (asked.fault !== undefined && !isKept({ asked, view })) return 'failed'
  if (view === undefined) return 'waiting'
  return isEmptyView(view) ? 'empty' : 'shown'
}

interface PanelContentProps {
  readonly state: PanelState
  readonly marks: PanelContext['marks']
  readonly explain: PanelContext['explain']
  readonly chart: RefObject<TimeSeriesChart | undefined>
  readonly isTable: boolean
}

function PanelContent({ state, marks, explain, chart, isTable }: PanelContentProps) {
  const { panel, asked, view } = state
  const fault = isKept(state) ? undefined : asked.fault
  const hasFailed = fault !== undefined
  const query = panel.queries.length === 1 ? panel.queries[0]?.text : undefined
  return (
    <>
      <Faults of={{ [panel.title]: { ...asked, fault, query } }} />
      {view === undefined && !hasFailed && <div className="skeleton panel-skeleton" />}
      {view !== undefined && isEmptyView(view) && !hasFailed && (
        <p className="panel-none">{panel.empty || 'Nothing in this time.'}</p>
      )}
      {view !== undefined && !isEmptyView(view) && (
        <div className="panel-shown" data-old={hasFailed}>
          {'others' in view && view.others > 0 && <p className="panel-warning">{view.others} more are not shown.</p>}
          {isTable ? (
            <TwinRows title={panel.title} twin={twinOf(view)} />
          ) : (
            <PanelBody panel={panel} view={view} marks={marks} explain={explain} chart={chart} />
          )}
        </div>
      )}
    </>
  )
}

interface PanelToolsProps {
  readonly state: PanelState
  readonly host: RefObject<HTMLElement | null>
  readonly isFull: boolean
}

function PanelTools({ state: { panel, view }, host, isFull }: PanelToolsProps) {
  const { id, title } = panel
  const fullLabel = isFull ? 'Back to all panels' : `Fill the page with ${title}`
  return (
    <div className="tools panel-tools">
      <IconButton label={fullLabel} keys="v" icon={isFull ? Minimize2 : Maximize2} onClick={() => toggleFull(id)} />
      <Popover
        label={`What to do with ${title}`}
        kind="menu"
        triggerLabel={`What to do with ${title}`}
        triggerClass="button quiet icon-only small"
        trigger={<Ellipsis className="icon" aria-hidden="true" />}
      >
        {(close) => <PanelMenu panel={panel} twin={view && twinOf(view)} host={host} close={close} />}
      </Popover>
    </div>
  )
}

interface PanelMenuProps {
  readonly panel: Panel
  readonly twin: Twin | undefined
  readonly host: RefObject<HTMLElement | null>
  readonly close: () => void
}

function PanelMenu({ panel, twin, host, close }: PanelMenuProps) {
  const { id } = panel
  const target = exploreTarget(panel)
  const save = (end: string, type: string, text: (twin: Twin) => string) => () => {
    if (twin === undefined || twin.rows.length === 0) announceDone('There is nothing to save yet')
    else download(new Blob([text(twin)], { type }), `vantage-${id}.${end}`)
  }
  const items: readonly (readonly [string, () => void])[] = [
    ['Inspect: query and data', () => navigateSearch({ [INSPECT_PARAM]: id })],
    ['As table, or as it is drawn', () => toggleTable(id)],
    ['Save data as CSV', save('csv', 'text/csv', twinCsv)],
    ['Save data as JSON', save('json', 'application/json', twinJson)],
    ['Save picture as PNG', () => void savePicture(host.current, id)],
  ]
  return (
    <>
      {target !== undefined && (
        <Link role="menuitem" className="menu-item" to={target.path} params={target.params}>
          Open in Explore
        </Link>
      )}
      {items.map(([label, run]) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          className="menu-item"
          onClick={() => {
            close()
            run()
          }}
        >
          {label}
        </button>
      ))}
    </>
  )
}

async function savePicture(host: HTMLElement | null, id: string): Promise<void> {
  const canvas = host?.querySelector('canvas') ?? undefined
  const blob = await canvasPng(canvas)
  if (blob === undefined) announceDone('This panel is no picture: save its data')
  else download(blob, `vantage-${id}.png`)
}
