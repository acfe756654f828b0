import { Activity, ChevronsLeft, ChevronsRight, Keyboard, Search } from 'lucide-react'
import { memo } from 'react'
import { IconButton } from '../parts/icon-button.tsx'
import { IngestHealth } from './ingest-health.tsx'
import { Link } from './link.tsx'
import { toggleRail, usePreferences } from './preferences.ts'
import { ROUTES, type Route, railOf } from './routes.ts'

interface NavigationProps {
  readonly current: Route | undefined
  readonly onPalette: () => void
  readonly onShortcuts: () => void
}

const RAIL = ROUTES.filter((route) => route.rail !== undefined)

const SECTIONS = [...new Set(RAIL.map(({ section }) => section))]

/** Those that the bar of a small screen has room for; the search leads to the others. */
const BAR_PATHS: readonly string[] = ['/', '/services', '/explore/metrics', '/live']
const BAR = RAIL.filter(({ path }) => BAR_PATHS.includes(path))

export const Rail = memo(function Rail({ current, onPalette, onShortcuts }: NavigationProps) {
  const isCollapsed = usePreferences((one) => one.isRailCollapsed)
  const foldLabel = isCollapsed ? 'Expand the rail' : 'Collapse the rail'
  return (
    <div className="rail">
      <div className="brand">
        <span className="mark" aria-hidden="true">
          <Activity className="icon" />
        </span>
        <div>
          <div className="name">Vantage</div>
          <div className="where">{location.host}</div>
        </div>
      </div>
      <button type="button" className="button rail-search" aria-label="Search or jump" onClick={onPalette}>
        <Search className="icon" aria-hidden="true" />
        <span className="label">Search or jump</span>
        <kbd>{isApple() ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <nav aria-label="Main">
        {SECTIONS.map((section) => (
          <div key={section ?? ''}>
            {section !== undefined && <p className="rail-group">{section}</p>}
            <ul aria-label={section}>
              {RAIL.filter((route) => route.section === section).map((route) => (
                <li key={route.path}>
                  <NavLink route={route} isCurrent={route === railOf(current)} />
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="rail-foot">
        <IngestHealth />
        <div className="row">
          <IconButton label="Keyboard shortcuts" keys="?" icon={Keyboard} onClick={onShortcuts} />
          <IconButton
            label={foldLabel}
            keys={'\\'}
            icon={isCollapsed ? ChevronsRight : ChevronsLeft}
            onClick={toggleRail}
          />
        </div>
      </div>
    </div>
  )
})

function NavLink({ route, isCurrent }: { readonly route: Route; readonly isCurrent: boolean }) {
  const Icon = route.icon
  return (
    <Link
      to={route.path}
      className="nav-link"
      aria-current={isCurrent ? 'page' : undefined}
      aria-label={route.rail}
      title={route.rail}
    >
      <Icon className="icon" aria-hidden="true" />
      <span className="label">{route.rail}</span>
    </Link>
  )
}

/** The same places below 720 px. */
export const BottomBar = memo(function BottomBar({ current, onPalette }: Omit<NavigationProps, 'onShortcuts'>) {
  return (
    <nav className="bottom-bar" aria-label="Main, small screen">
      {BAR.map((route) => {
        const Icon = route.icon
        return (
          <Link key={route.path} to={route.path} aria-current={route === railOf(current) ? 'page' : undefined}>
            <Icon className="icon" aria-hidden="true" />
            {route.rail}
          </Link>
        )
      })}
      <button type="button" onClick={onPalette}>
        <Search className="icon" aria-hidden="true" />
        Search
      </button>
    </nav>
  )
})

export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform)
}
