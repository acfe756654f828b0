export type ThemeChoice = 'system' | 'dark' | 'light'

/** Where the choice is kept in the browser. */
export const THEME_KEY = 'vantage.theme'

export function themeChoice(stored: string | null): ThemeChoice {
  return stored === 'dark' || stored === 'light' ? stored : 'system'
}

/** The theme to draw: the choice itself, or what the system prefers. */
export function themeFor(stored: string | null, systemPrefersLight: boolean): 'dark' | 'light' {
  const choice = themeChoice(stored)
  if (choice !== 'system') return choice
  return systemPrefersLight ? 'light' : 'dark'
}
