import { dataView, type Zone } from '@vantage/charts'
import type { TimeSeriesChart } from '@vantage/charts/time-series'
import { PanelLeftClose, PanelLeftOpen, Play, Plus } from 'lucide-react'
import { type RefObject, useEffect, useMemo, useRef } from 'react'
import { useNavigate, usePane, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useUrlSwitch } from '../app/url-text.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { frameCsv, frameJson } from '../share/export.ts'
import { canvasPng } from '../share/png.ts'
import { useShare } from '../share/share-store.ts'
import { usePaneTime } from '../time/pane-time.ts'
import { rangeOf, useTimeMemory } from '../time/time-store.ts'
import { loadCatalogue, useCatalogue } from './catalogue.ts'
import { EditMode, useBuilder } from './edit-mode.tsx'
import { type ExploreFrame, exploreFrame } from './frame-model.ts'
import { HistoryMenu } from './history-menu.tsx'
import { MetricBrowser } from './metric-browser.tsx'
import { ExploreModes } from './modes.tsx'
import { QueryRowEditor } from './query-row.tsx'
import { steppedRange } from './range-steps.ts'
import { ResultPanel } from './result-panel.tsx'
import { type RowResults, useQueryRun } from './run-queries.ts'
import { type Explore, useExplore } from './use-explore.ts'
import { useLiveRefresh } from './use-live-refresh.ts'

/** Up to this width the metric browser stands above the queries and is closed at first; as in explore.css. */
const NARROW_PX = 1180

/** Explore › Metrics: ask PromQL, look at the answer as chart, table or plan. */
export default function ExplorePage() {
  const explore = useExplore()
  const { state, drafts, actions } = explore
  const isBuilder = useBuilder()
  const time = usePaneTime()
  const { nowMs } = useTimeMemory()
  const range = steppedRange(rangeOf(time, nowMs, time.shiftMs))
  const results = useQueryRun(state.rows, range, state.view)
  const frame = useFrame(explore, results, nowMs, time.zone)
  const chart = useRef<TimeSeriesChart | undefined>(undefined)
  const [hasBrowser, setBrowser] = useBrowserFold()
  const [isTable, setTable] = useUrlSwitch('table')
  useLiveRefresh(time.isLive, range)
  useCatalogueOnce()
  const root = useRef<HTMLDivElement>(null)
  usePageShortcuts(root, actions.onRun, () => setTable(!isTable))
  useExports(frame, chart)
  const Fold = hasBrowser ? PanelLeftClose : PanelLeftOpen
  return (
    <div className="explore" ref={root}>
      <div className="page-head">
        <button
          type="button"
          className="button icon-only"
          aria-pressed={hasBrowser}
          aria-label="Metric browser"
          title="Metric browser"
          onClick={() => setBrowser(!hasBrowser)}
        >
          <Fold className="icon" />
        </button>
        <ExploreModes signal="metrics" />
        <div className="tools">
          <EditMode />
          <HistoryMenu language="promql" onPick={actions.onQuery} />
          <button type="button" className="button primary" title="Run (Ctrl or ⌘ ↵)" onClick={actions.onRun}>
            <Play className="icon" aria-hidden="true" />
            {explore.hasChanges ? 'Run changes' : 'Run'}
          </button>
        </div>
      </div>
      <div className="explore-columns" data-browser={hasBrowser}>
        {hasBrowser && <MetricBrowser onPick={actions.onPick} />}
        <div className="explore-main">
          <section className="card queries" aria-label="Queries">
            {drafts.map((row) => (
              <QueryRowEditor
                key={row.ref}
                row={row}
                result={results[row.ref]}
                isOnly={drafts.length === 1}
                canAdd={drafts.length < 6}
                isBuilder={isBuilder}
                range={range}
                {...actions}
              />
            ))}
            <div className="queries-foot">
              <button
                type="button"
                className="button small quiet"
                disabled={drafts.length >= 6}
                onClick={actions.onAdd}
              >
                <Plus className="icon" aria-hidden="true" />
                Add query
              </button>
            </div>
          </section>
          <ResultPanel
            explore={explore}
            results={results}
            shown={frame}
            range={range}
            chart={chart}
            isTable={isTable}
            setTable={setTable}
          />
        </div>
      </div>
    </div>
  )
}

/** Whether the metric browser is there: as the URL says, else where there is room for it. */
function useBrowserFold(): readonly [isOpen: boolean, set: (isOpen: boolean) => void] {
  const pane = usePane()
  const navigate = useNavigate()
  const isUsual = useMemo(() => innerWidth > NARROW_PX && pane === '', [pane])
  const said = useSearch().get('browser')
  const set = (isOpen: boolean) => navigate({ browser: isOpen === isUsual ? null : isOpen ? 'open' : 'closed' })
  return [said === null ? isUsual : said === 'open', set]
}

function useFrame(explore: Explore, results: RowResults, nowMs: number, zone: Zone): ExploreFrame {
  const { metrics } = useCatalogue()
  const { rows, mode, hidden, top } = explore.state
  const hiddenKey = hidden.join(' ')
  const hiddenSet = useMemo(() => new Set(hiddenKey.split(' ')), [hiddenKey])
  return useMemo(
    () => exploreFrame(rows, results, { mode, hidden: hiddenSet, top, zone, nowMs, metrics }),
    [rows, results, mode, hiddenSet, top, zone, nowMs, metrics],
  )
}

function useCatalogueOnce(): void {
  useEffect(loadCatalogue, [])
}

function usePageShortcuts(root: RefObject<HTMLDivElement | null>, onRun: () => void, onTable: () => void): void {
  const latest = useRef({ onRun, onTable })
  latest.current = { onRun, onTable }
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: 'mod+Enter', label: 'Run the queries', run: () => latest.current.onRun() },
      { keys: '/', label: 'Focus the first query', run: () => focusQuery(root.current) },
      { keys: 'shift+t', label: 'Chart as table', run: () => latest.current.onTable() },
    ],
    [root],
  )
  useShortcuts(shortcuts)
}

/** The editor of the first query, or the first field of its builder, or what stands in their place. */
function focusQuery(page: HTMLElement | null): void {
  const editor = page?.querySelector('[data-editor]')?.shadowRoot
  const field =
    editor?.querySelector<HTMLElement>('.cm-content') ??
    page?.querySelector<HTMLElement>('.builder-field, .plain-query')
  field?.focus()
}

function useExports(shown: ExploreFrame, chart: RefObject<TimeSeriesChart | undefined>): void {
  const latest = useRef(shown)
  latest.current = shown
  const offers = useMemo(() => {
    const whenData = (make: () => string, type: string) => () =>
      dataView(latest.current.frame).rows.length === 0 ? undefined : new Blob([make()], { type })
    return [
      { label: 'Save chart as PNG', fileName: 'vantage-chart.png', make: () => canvasPng(chart.current?.canvas()) },
      {
        label: 'Save data as CSV',
        fileName: 'vantage-metrics.csv',
        make: whenData(() => frameCsv(latest.current.frame), 'text/csv'),
      },
      {
        label: 'Save data as JSON',
        fileName: 'vantage-metrics.json',
        make: whenData(() => frameJson(latest.current.frame), 'application/json'),
      },
    ]
  }, [chart])
  useShare(offers)
}
