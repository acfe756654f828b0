import { shownText } from '@vantage/charts'
import { Component, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { EXPLAIN_PARAM } from '../drill/explain-url.ts'
import { MenuLayer } from '../drill/menu-layer.ts'
import { useRecentViews } from '../home/recent-views.ts'
import { Notice } from '../parts/notice.tsx'
import { copyLink } from '../share/share-menu.tsx'
import { useTimePanel } from '../time/time-control.tsx'
import { askAgain, shiftWindow, toggleLive, zoomBack, zoomOut } from '../time/time-store.ts'
import { onDemand } from './on-demand.tsx'
import { Palette } from './palette.tsx'
import { switchTheme, toggleRail, usePreferences } from './preferences.ts'
import { BottomBar, Rail } from './rail.tsx'
import { navigatePath, useParam, usePath } from './router.ts'
import { ROUTES, type Route, routeOf, titleOf } from './routes.ts'
import { ShortcutList } from './shortcut-list.tsx'
import type { Shortcut } from './shortcuts.ts'
import { Toast } from './toast.tsx'
import { TopBar } from './top-bar.tsx'
import { useShortcutListener, useShortcuts } from './use-shortcuts.ts'
import { WaitingNote } from './waiting-note.tsx'

type Layer = 'none' | 'palette' | 'shortcuts'

export function App() {
  const path = usePath()
  const route = routeOf(path)
  const isKiosk = useParam('kiosk') === '1' && path === '/live'
  const isRailCollapsed = usePreferences((one) => one.isRailCollapsed)
  const [layer, setLayer] = useState<Layer>('none')
  useShellShortcuts(setLayer, route)
  useShortcutListener()
  useTitle(route, path)
  const openPalette = useCallback(() => setLayer('palette'), [])
  const openShortcuts = useCallback(() => setLayer('shortcuts'), [])
  return (
    <div className="shell" data-rail={isRailCollapsed ? 'collapsed' : 'open'} data-kiosk={isKiosk}>
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      {!isKiosk && <Rail current={route} onPalette={openPalette} onShortcuts={openShortcuts} />}
      {!isKiosk && <TopBar route={route} />}
      <WaitingNote />
      <main className="main" id="main" tabIndex={-1}>
        <PageBoundary key={path}>{route === undefined ? <NotFound path={path} /> : <route.page />}</PageBoundary>
      </main>
      {!isKiosk && <BottomBar current={route} onPalette={openPalette} />}
      {layer === 'palette' && <Palette onClose={() => setLayer('none')} onShortcuts={openShortcuts} />}
      {layer === 'shortcuts' && <ShortcutList onClose={() => setLayer('none')} />}
      {!isKiosk && <Explained />}
      <MenuLayer path={path} />
      <Toast />
      <RecentViews />
    </div>
  )
}

const ExplainSheet = onDemand(() => import('../drill/explain-sheet.tsx'))

/** Beside any page: what is different about a region of one of its charts. */
function Explained() {
  if (useParam(EXPLAIN_PARAM) === null) return null
  return (
    <aside className="explain-sheet" aria-label="What is different">
      <ExplainSheet />
    </aside>
  )
}

/** By itself, so that what it watches draws nothing else again. */
function RecentViews() {
  useRecentViews()
  return null
}

function NotFound({ path }: { readonly path: string }) {
  return (
    <div className="empty">
      <h1>There is no page here</h1>
      <p className="code">{path}</p>
      <button type="button" className="button" onClick={() => navigatePath('/')}>
        Go to Home
      </button>
    </div>
  )
}

/** A page that fails to draw says so in its place; rail and time control go on. */
class PageBoundary extends Component<{ readonly children: ReactNode }, { readonly failure: string | undefined }> {
  override state = { failure: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { failure: error instanceof Error ? error.message : String(error) }
  }

  override render() {
    if (this.state.failure === undefined) return this.props.children
    return (
      <Notice
        kind="critical"
        actions={
          <button type="button" className="button small" onClick={() => location.reload()}>
            Reload
          </button>
        }
      >
        This page stopped: {this.state.failure}
      </Notice>
    )
  }
}

function useTitle(route: Route | undefined, path: string): void {
  useEffect(() => {
    document.title = route === undefined ? 'Vantage' : `${shownText(titleOf(route, path))} · Vantage`
  }, [route, path])
}

function useShellShortcuts(setLayer: (layer: Layer) => void, route: Route | undefined): void {
  const hasTime = useRef(false)
  hasTime.current = route?.hasTime === true
  const shortcuts = useMemo<readonly Shortcut[]>(() => {
    const timed = (run: () => void) => () => {
      if (hasTime.current) run()
    }
    return [
      { keys: 'mod+k', label: 'Search or jump', run: () => setLayer('palette') },
      { keys: '?', label: 'Keyboard shortcuts', run: () => setLayer('shortcuts') },
      ...ROUTES.flatMap(({ keys, rail, path }) =>
        keys === undefined ? [] : [{ keys, label: `Go to ${rail}`, run: () => navigatePath(path) }],
      ),
      { keys: '\\', label: 'Collapse the rail', run: toggleRail },
      { keys: 'y', label: 'Copy link', run: copyLink },
      { keys: 'shift+d', label: 'Switch theme', run: switchTheme },
      { keys: 't', label: 'Time control', run: timed(() => useTimePanel.setState({ isOpen: true })) },
      { keys: ',', label: 'Window back', run: timed(() => shiftWindow(-1)) },
      { keys: ';', label: 'Window forward', run: timed(() => shiftWindow(1)) },
      { keys: '-', label: 'Zoom out', run: timed(zoomOut) },
      { keys: 'z', label: 'Previous zoom', run: timed(zoomBack) },
      { keys: '.', label: 'Live on or pause', run: timed(toggleLive) },
      { keys: 'r', label: 'Refresh', run: timed(askAgain) },
    ]
  }, [setLayer])
  useShortcuts(shortcuts)
}
