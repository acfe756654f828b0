import { create } from 'zustand'
import { THEME_KEY, type ThemeChoice, themeChoice, themeFor } from '../boot/theme-choice.ts'
import { keepStored, readStoredList } from './stored-list.ts'

const RAIL_KEY = 'vantage.rail'
const SINGLE_KEYS_KEY = 'vantage.single-keys'
const STARRED_KEY = 'vantage.starred'
/** Services that one browser stars. */
const STARRED_MAX = 200

interface Preferences {
  readonly theme: ThemeChoice
  /** What is drawn: the choice, or what the system prefers now. */
  readonly drawnTheme: 'dark' | 'light'
  readonly isRailCollapsed: boolean
  /** Shortcuts of one key can be switched off (WCAG 2.1.4). */
  readonly hasSingleKeys: boolean
  /** Names of services that stand first. */
  readonly starred: readonly string[]
}

const prefersLight = matchMedia('(prefers-color-scheme: light)')

/** Choices of this browser. They live in localStorage and apply at once. */
export const usePreferences = create<Preferences>(() => ({
  theme: themeChoice(stored(THEME_KEY)),
  drawnTheme: themeFor(stored(THEME_KEY), prefersLight.matches),
  isRailCollapsed: stored(RAIL_KEY) === 'collapsed',
  hasSingleKeys: stored(SINGLE_KEYS_KEY) !== 'off',
  starred: readStoredList(STARRED_KEY, (one) => typeof one === 'string', STARRED_MAX),
}))

prefersLight.addEventListener('change', () => applyTheme(usePreferences.getState().theme))

export function chooseTheme(theme: ThemeChoice): void {
  keepStored(THEME_KEY, theme)
  applyTheme(theme)
}

/** Switches to the theme that is not drawn now. */
export function switchTheme(): void {
  chooseTheme(usePreferences.getState().drawnTheme === 'dark' ? 'light' : 'dark')
}

export function toggleRail(): void {
  const isRailCollapsed = !usePreferences.getState().isRailCollapsed
  keepStored(RAIL_KEY, isRailCollapsed ? 'collapsed' : 'open')
  usePreferences.setState({ isRailCollapsed })
}

export function setSingleKeys(hasSingleKeys: boolean): void {
  keepStored(SINGLE_KEYS_KEY, hasSingleKeys ? 'on' : 'off')
  usePreferences.setState({ hasSingleKeys })
}

/** Stars a service, or takes its star; the oldest star goes where there are too many. */
export function toggleStar(service: string): void {
  const { starred: former } = usePreferences.getState()
  const others = former.filter((one) => one !== service)
  const starred = others.length < former.length ? others : [...others, service].slice(-STARRED_MAX)
  keepStored(STARRED_KEY, JSON.stringify(starred))
  usePreferences.setState({ starred })
}

function applyTheme(theme: ThemeChoice): void {
  const drawnTheme = themeFor(theme, prefersLight.matches)
  document.documentElement.dataset['theme'] = drawnTheme
  usePreferences.setState({ theme, drawnTheme })
}

function stored(key: string): string | null {
  return localStorage.getItem(key)
}
