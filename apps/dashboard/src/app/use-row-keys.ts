import { useMemo } from 'react'
import { usePane } from './router.ts'
import type { Shortcut } from './shortcuts.ts'
import { useShortcuts } from './use-shortcuts.ts'

/**
 * j and k go from row to row of a list: to what leads on from each, which ↵ follows.
 * @param rows selector of the rows
 * @param within selector of what must have the focus; missing = the list is what the page is about
 */
export function useRowKeys(rows: string, within?: string): void {
  const pane = usePane()
  const shortcuts = useMemo((): readonly Shortcut[] => {
    const own = pane === '' ? rows : `[data-pane="${pane}"] ${rows}`
    const isMeant = () => within === undefined || document.activeElement?.closest(within) != null
    return [
      { keys: 'j', label: 'Next row', run: () => focusRow(own, 1), isMeant },
      { keys: 'k', label: 'Previous row', run: () => focusRow(own, -1), isMeant },
    ]
  }, [rows, within, pane])
  useShortcuts(shortcuts)
}

/** From outside of the list to its first row, or to its last. At its ends the focus stays. */
function focusRow(rows: string, by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(rows)]
  const at = all.findIndex((row) => row.contains(document.activeElement))
  const next = at < 0 && by < 0 ? all.at(-1) : all[at + by]
  next?.querySelector<HTMLElement>('a[href], button')?.focus()
}
