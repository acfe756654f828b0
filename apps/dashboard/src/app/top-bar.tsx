import { ArrowLeft, ChevronRight, Moon, Sun } from 'lucide-react'
import { memo } from 'react'
import type { ThemeChoice } from '../boot/theme-choice.ts'
import { Popover } from '../parts/popover.tsx'
import { ShareMenu } from '../share/share-menu.tsx'
import { TimeControl } from '../time/time-control.tsx'
import { ViewMenu } from '../views/view-menu.tsx'
import { isSavable } from '../views/view-model.ts'
import { Link } from './link.tsx'
import { chooseTheme, usePreferences } from './preferences.ts'
import { navigateHref, usePath, useWayBack } from './router.ts'
import { type Route, railOf, routeOf, titleOf } from './routes.ts'
import { useScreenName } from './screen-name.ts'

export const TopBar = memo(function TopBar({ route }: { readonly route: Route | undefined }) {
  const path = usePath()
  const parent = railOf(route)
  const name = useScreenName() ?? titleOf(route, path)
  return (
    <header className="top-bar">
      <nav className="breadcrumb" aria-label="Breadcrumb">
        <WayBackLink />
        {route?.group !== undefined && (
          <>
            {parent === undefined || parent === route ? (
              <span>{route.group}</span>
            ) : (
              <Link to={parent.path}>{parent.rail}</Link>
            )}
            <ChevronRight className="icon" aria-hidden="true" />
          </>
        )}
        <span aria-current="page" dir="auto" title={name}>
          {name}
        </span>
      </nav>
      {route?.hasTime === true && <TimeControl />}
      {route !== undefined && isSavable(route.path) && <ViewMenu hasTime={route.hasTime} />}
      {route !== undefined && <ShareMenu hasTime={route.hasTime} />}
      <ThemeMenu />
    </header>
  )
})

/** To where a jump began, exactly as it was. */
function WayBackLink() {
  const way = useWayBack()
  if (way === undefined) return null
  const name = titleOf(routeOf(way.path), way.path)
  return (
    <>
      <a
        className="way-back"
        href={way.href}
        title={`Back to ${name}, as it was`}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          navigateHref(way.href)
        }}
      >
        <ArrowLeft className="icon" aria-hidden="true" />
        <span>{name}</span>
      </a>
      <ChevronRight className="icon" aria-hidden="true" />
    </>
  )
}

const THEMES: readonly { readonly value: ThemeChoice; readonly label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
]

function ThemeMenu() {
  const { theme, drawnTheme } = usePreferences()
  const Icon = drawnTheme === 'dark' ? Sun : Moon
  return (
    <Popover
      label="Theme"
      kind="menu"
      triggerLabel="Theme"
      triggerClass="button icon-only wide-only"
      trigger={<Icon className="icon" aria-hidden="true" />}
    >
      {(close) =>
        THEMES.map(({ value, label }) => (
          <button
            key={value}
            type="button"
            role="menuitemradio"
            aria-checked={theme === value}
            className="menu-item"
            onClick={() => {
              chooseTheme(value)
              close()
            }}
          >
            {label}
          </button>
        ))
      }
    </Popover>
  )
}
