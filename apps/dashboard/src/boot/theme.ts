import { THEME_KEY, themeFor } from './theme-choice.ts'

// Runs before the first paint, from a blocking script of its own, so that no page flashes in the other theme.
const stored = globalThis.localStorage?.getItem(THEME_KEY) ?? null
document.documentElement.dataset['theme'] = themeFor(stored, matchMedia('(prefers-color-scheme: light)').matches)
