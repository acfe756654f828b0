import { formatInstant } from '@vantage/charts'
import { type CSSProperties, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Link } from '../app/link.tsx'
import { navigateSearch, readSearch, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { Notice } from '../parts/notice.tsx'
import { useZone } from '../time/pane-time.ts'
import { Corner } from './corner.tsx'
import { LiveCard } from './live-card.tsx'
import { linesOf } from './live-chart.ts'
import { LiveControls } from './live-controls.tsx'
import type { LiveFacts, LiveSession } from './live-session.ts'
import { type LiveSort, readLive, thresholdTexts } from './live-url.ts'
import { orderedCharts, sortNow } from './order.ts'
import { PauseBar } from './pause-bar.tsx'
import { useLive } from './use-live.ts'

/** Live: every series that matches, at display rate. */
export default function LivePage() {
  const search = useSearch()
  const state = useMemo(() => readLive(search), [search])
  const { session, facts } = useLive(state.matchers)
  const freeze = useFreeze(session)
  const [frozenOrder, setFrozenOrder] = useState<readonly string[]>([])
  usePageShortcuts(freeze.toggle)
  const charts = useMemo(
    () => orderedCharts(facts.charts, state.pinned, frozenOrder).filter((one) => linesOf(one, state.host).length > 0),
    [facts.charts, state.pinned, state.host, frozenOrder],
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
  const onSort = async (sort: LiveSort) => {
    const figures = (await session?.lineFigures(undefined)) ?? new Map()
    setFrozenOrder(sortNow(facts.charts, figures, sort))
  }
  return (
    <div className="live" style={{ '--columns': state.columns } as CSSProperties}>
      <LiveControls
        state={state}
        hosts={facts.hosts}
        isFrozen={freeze.atMs !== undefined}
        onFreeze={freeze.toggle}
        onSort={onSort}
      />
      <LiveNotices facts={facts} />
      {session !== undefined && freeze.atMs !== undefined && (
        <PauseBar session={session} atMs={freeze.atMs} onScrub={freeze.to} onResume={freeze.toggle} />
      )}
      {facts.connection === 'open' && charts.length === 0 && <NothingYet hasHost={state.host !== ''} />}
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

interface Freeze {
  readonly atMs: number | undefined
  readonly toggle: () => void
  readonly to: (atMs: number) => void
}

/** Freezing stops the picture; data goes on into the buffers. */
function useFreeze(session: LiveSession | undefined): Freeze {
  const [atMs, setAtMs] = useState<number | undefined>(undefined)
  const latest = useRef(session)
  latest.current = session
  // biome-ignore lint/correctness/useExhaustiveDependencies: another session starts running.
  useEffect(() => setAtMs(undefined), [session])
  const to = useCallback((toMs: number) => {
    latest.current?.freeze(toMs)
    setAtMs(toMs)
  }, [])
  const toggle = useCallback(() => {
    const current = latest.current
    if (current === undefined) return
    if (!current.isFrozen) to(current.nowMs())
    else {
      current.freeze(undefined)
      setAtMs(undefined)
    }
  }, [to])
  return useMemo(() => ({ atMs, toggle, to }), [atMs, toggle, to])
}

function LiveNotices({ facts }: { readonly facts: LiveFacts }) {
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
      {facts.failure !== undefined && <Notice kind="critical">The server refused: {facts.failure}</Notice>}
      {facts.isTruncated && (
        <Notice kind="info">More series match than one page shows. Narrow the selector to see the others.</Notice>
      )}
    </div>
  )
}

function NothingYet({ hasHost }: { readonly hasHost: boolean }) {
  return (
    <div className="empty">
      <strong>{hasHost ? 'This host sends nothing that matches' : 'Nothing matches yet'}</strong>
      <p>New series appear here by themselves.</p>
      <Link to="/setup">Get data in</Link>
    </div>
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
