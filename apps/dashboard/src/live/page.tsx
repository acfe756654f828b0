import type { ClientFault } from '@vantage/api/client'
import { formatInstant } from '@vantage/charts'
import { type CSSProperties, useCallback, useMemo } from 'react'
import { navigateSearch, readSearch, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { SeriesCulprits } from '../explore/empty-panel.tsx'
import { Faults } from '../parts/faults.tsx'
import { NoneCalled, Nothing } from '../parts/nothing.tsx'
import { Notice } from '../parts/notice.tsx'
import { pageNowMs } from '../time/page-clock.ts'
import { useZone } from '../time/pane-time.ts'
import { Corner } from './corner.tsx'
import { LiveCard } from './live-card.tsx'
import { linesOf } from './live-chart.ts'
import { LiveControls } from './live-controls.tsx'
import type { LiveFacts } from './live-session.ts'
import { DEFAULT_MATCHERS, type LiveState, readLive, SERIES_LIMITS, seriesText, thresholdTexts } from './live-url.ts'
import { orderedCharts } from './order.ts'
import { PauseBar } from './pause-bar.tsx'
import { useFreeze } from './use-freeze.ts'
import { useLive } from './use-live.ts'
import { useOrder } from './use-order.ts'

/** Live: every series that matches, at display rate. */
export default function LivePage() {
  const search = useSearch()
  const state = useMemo(() => readLive(search), [search])
  const { session, facts, retry } = useLive(state.matchers, state.seriesMax)
  const freeze = useFreeze(session, facts.connection !== 'connecting', state.frozenAtMs)
  const [order, askOrder] = useOrder(session, facts, state.sort)
  usePageShortcuts(freeze.toggle)
  const charts = useMemo(
    () => orderedCharts(facts.charts, state.pinned, order).filter((one) => linesOf(one, state.host).length > 0),
    [facts.charts, state.pinned, state.host, order],
  )
  const onPin = useCallback((metric: string) => {
    navigateSearch({ pin: toggled(readLive(readSearch()).pinned, metric) })
  }, [])
  const onTable = useCallback((metric: string) => {
    navigateSearch({ table: toggled(readLive(readSearch()).tables, metric) })
  }, [])
  const onThreshold = useCallback((metric: string, value: number | undefined) => {
    const thresholds = new Map(readLive(readSearch()).thresholds)
    if (value === undefined) thresholds.delete(metric)
    else thresholds.set(metric, value)
    navigateSearch({ threshold: thresholdTexts(thresholds) })
  }, [])
  return (
    <div className="live" style={{ '--columns': state.columns } as CSSProperties}>
      <LiveControls
        state={state}
        facts={facts}
        session={session}
        isFrozen={freeze.atMs !== undefined}
        onFreeze={freeze.toggle}
        onSort={askOrder}
      />
      <LiveNotices facts={facts} state={state} retry={retry} />
      {session !== undefined && freeze.atMs !== undefined && (
        <PauseBar session={session} atMs={freeze.atMs} onScrub={freeze.to} onResume={freeze.toggle} />
      )}
      {facts.connection === 'connecting' && <div className="skeleton page-skeleton" aria-busy="true" />}
      {facts.connection === 'open' && facts.failure === undefined && charts.length === 0 && (
        <NothingYet state={state} charts={facts.charts.length} />
      )}
      <div className="live-grid">
        {session !== undefined &&
          charts.map((chart) => (
            <LiveCard
              key={chart.metric}
              chart={chart}
              session={session}
              host={state.host}
              windowS={state.windowS}
              isTable={state.tables.includes(chart.metric)}
              isPinned={state.pinned.includes(chart.metric)}
              threshold={state.thresholds.get(chart.metric)}
              onTable={onTable}
              onPin={onPin}
              onThreshold={onThreshold}
            />
          ))}
      </div>
      {session !== undefined && <Corner session={session} dropped={facts.dropped} />}
    </div>
  )
}

function toggled(metrics: readonly string[], metric: string): readonly string[] {
  return metrics.includes(metric) ? metrics.filter((one) => one !== metric) : [...metrics, metric]
}

interface LiveNoticesProps {
  readonly facts: LiveFacts
  readonly state: LiveState
  readonly retry: () => void
}

function LiveNotices({ facts, state, retry }: LiveNoticesProps) {
  const zone = useZone()
  return (
    <div className="live-notices" role="status">
      {facts.connection === 'lost' && (
        <Notice kind="warning">
          The connection is lost
          {facts.lostSinceMs > 0 && `; the last data is of ${formatInstant(facts.lostSinceMs, zone).slice(11, 19)}`}.
          Trying again by itself; what was missed is filled in.
        </Notice>
      )}
      {facts.failure !== undefined && (
        <Faults
          of={{
            'The server refused': { query: state.matchers, answer: undefined, fault: refusal(facts.failure), retry },
          }}
        />
      )}
      <SeriesLimit matched={facts.matched} seriesMax={state.seriesMax} />
    </div>
  )
}

/** How many series match where that is more than are shown, and the way to have more of them. */
function SeriesLimit({ matched, seriesMax }: { readonly matched: number; readonly seriesMax: number }) {
  const isCut = matched > seriesMax
  if (!isCut && seriesText(seriesMax) === null) return null
  return (
    <Notice kind="info">
      <label className="series-limit">
        {isCut ? 'The first' : 'At most'}
        <select
          aria-label="Series shown at most"
          value={seriesMax}
          onChange={(event) => navigateSearch({ series: seriesText(Number(event.target.value)) })}
        >
          {SERIES_LIMITS.map((limit) => (
            <option key={limit} value={limit}>
              {limit.toLocaleString('en')}
            </option>
          ))}
        </select>
        {isCut ? `of ${countText(matched)} series that match. Narrow the selector to see others.` : 'series are shown.'}
      </label>
    </Notice>
  )
}

function countText(matched: number): string {
  return Number.isFinite(matched) ? matched.toLocaleString('en') : 'still more'
}

/** What a socket is told has no status and no id. */
function refusal(message: string): ClientFault {
  return { code: 'bad_request', message, status: 0, errorType: undefined, requestId: undefined }
}

interface NothingYetProps {
  readonly state: LiveState
  /** With those of other hosts. */
  readonly charts: number
}

/** In place of the charts: what removes them all, or that none ever came. */
function NothingYet({ state: { matchers, host }, charts }: NothingYetProps) {
  const apply = (q: string | null) => navigateSearch({ q })
  if (charts > 0) {
    return <NoneCalled one="chart" find={host} total={charts} onDrop={() => navigateSearch({ host: null })} />
  }
  const isAll = matchers === DEFAULT_MATCHERS
  const all = (
    <button type="button" className="button" onClick={() => apply(null)}>
      Show all series
    </button>
  )
  return (
    <Nothing title="Nothing matches yet" signal="metrics" isOfNow actions={!isAll && all}>
      <p>New series appear here by themselves.</p>
      {!isAll && <SeriesCulprits query={matchers} endMs={pageNowMs()} onQuery={apply} />}
    </Nothing>
  )
}

function usePageShortcuts(toggle: () => void): void {
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: ' ', label: 'Freeze or resume all charts (Space)', run: toggle },
      {
        keys: '.',
        label: 'Freeze or resume',
        run: toggle,
      },
      { keys: '/', label: 'Focus the selector', run: () => document.getElementById('live-matchers')?.focus() },
      {
        keys: 'k',
        label: 'Kiosk mode',
        run: () => navigateSearch({ kiosk: readLive(readSearch()).isKiosk ? null : '1' }),
      },
    ],
    [toggle],
  )
  useShortcuts(shortcuts)
}
