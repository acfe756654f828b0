import { create } from 'zustand'
import { THEME_KEY, type ThemeChoice, themeChoice, themeFor } from '../boot/theme-choice.ts'

const RAIL_KEY = 'vantage.rail'
const SINGLE_KEYS_KEY = 'vantage.single-keys'

interface Preferences {
  readonly theme: ThemeChoice
  /** What is drawn: the choice, or what the system prefers now. */
  readonly drawnTheme: 'dark' | 'light'
  readonly isRailCollapsed: boolean
  /** Shortcuts of one key can be switched off (WCAG 2.1.4). */
  readonly hasSingleKeys: boolean
}

const prefersLight = matchMedia('(prefers-color-scheme: light)')

/** Choices of this browser. They live in localStorage and apply at once. */
export const usePreferences = create<Preferences>(() => ({
  theme: themeChoice(stored(THEME_KEY)),
  drawnTheme: themeFor(stored(THEME_KEY), prefersLight.matches),
  isRailCollapsed: stored(RAIL_KEY) === 'collapsed',
  hasSingleKeys: stored(SINGLE_KEYS_KEY) !== 'off',
}))

prefersLight.addEventListener('change', () => applyTheme(usePreferences.getState().theme))

export function chooseTheme(theme: ThemeChoice): void {
  keep(THEME_KEY, theme)
  applyTheme(theme)
}

/** Switches to the theme that is not drawn now. */
export function switchTheme(): void {
  chooseTheme(usePreferences.getState().drawnTheme === 'dark' ? 'light' : 'dark')
}

export function toggleRail(): void {
  const isRailCollapsed = !usePreferences.getState().isRailCollapsed
  keep(RAIL_KEY, isRailCollapsed ? 'collapsed' : 'open')
  usePreferences.setState({ isRailCollapsed })
}

export function setSingleKeys(hasSingleKeys: boolean): void {
  keep(SINGLE_KEYS_KEY, hasSingleKeys ? 'on' : 'off')
  usePreferences.setState({ hasSingleKeys })
}

function applyTheme(theme: ThemeChoice): void {
  const drawnTheme = themeFor(theme, prefersLight.matches)
  document.documentElement.dataset['theme'] = drawnTheme
  usePreferences.setState({ theme, drawnTheme })
}

function stored(key: string): string | null {
  return localStorage.getItem(key)
}

/** A full or forbidden storage loses the choice at the next visit, not now. */
function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
