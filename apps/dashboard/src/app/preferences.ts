import { create } from 'zustand'
import { THEME_KEY, type ThemeChoice, themeChoice, themeFor } from '../boot/theme-choice.ts'
import { keepStored, readStoredList } from './stored-list.ts'

const RAIL_KEY = 'vantage.rail'
const SINGLE_KEYS_KEY = 'vantage.single-keys'
/** What can be starred, and where it is kept. */
const STARRED_KEYS = { services: 'vantage.starred', dashboards: 'vantage.starred-dashboards' } as const
/** Of one kind, in one browser. */
const STARRED_MAX = 200

export type Starred = keyof typeof STARRED_KEYS

interface Preferences {
  readonly theme: ThemeChoice
  /** What is drawn: the choice, or what the system prefers now. */
  readonly drawnTheme: 'dark' | 'light'
  readonly isRailCollapsed: boolean
  /** Shortcuts of one key can be switched off (WCAG 2.1.4). */
  readonly hasSingleKeys: boolean
  /** Names of services and ids of dashboards that stand first. */
  readonly starred: Readonly<Record<Starred, readonly string[]>>
}

const prefersLight = matchMedia('(prefers-color-scheme: light)')

/** Choices of this browser. They live in localStorage and apply at once. */
export const usePreferences = create<Preferences>(() => ({
  theme: themeChoice(stored(THEME_KEY)),
  drawnTheme: themeFor(stored(THEME_KEY), prefersLight.matches),
  isRailCollapsed: stored(RAIL_KEY) === 'collapsed',
  hasSingleKeys: stored(SINGLE_KEYS_KEY) !== 'off',
  starred: { services: storedStars('services'), dashboards: storedStars('dashboards') },
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

/** Gives a star, or takes it; the oldest goes where there are too many. */
export function toggleStar(kind: Starred, name: string): void {
  const { starred } = usePreferences.getState()
  const others = starred[kind].filter((one) => one !== name)
  const mine = others.length < starred[kind].length ? others : [...others, name].slice(-STARRED_MAX)
  keepStored(STARRED_KEYS[kind], JSON.stringify(mine))
  usePreferences.setState({ starred: { ...starred, [kind]: mine } })
}

function applyTheme(theme: ThemeChoice): void {
  const drawnTheme = themeFor(theme, prefersLight.matches)
  document.documentElement.dataset['theme'] = drawnTheme
  usePreferences.setState({ theme, drawnTheme })
}

function stored(key: string): string | null {
  return localStorage.getItem(key)
}

function storedStars(kind: Starred): string[] {
  return readStoredList(STARRED_KEYS[kind], (one): one is string => typeof one === 'string', STARRED_MAX)
}
