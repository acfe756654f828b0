import { type RefObject, useMemo, useRef } from 'react'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'

/** What marks an element as that of a value, for the keys that filter by the value in focus. */
export function valueMark(
  label: string,
  value: string,
): { readonly 'data-label': string; readonly 'data-value': string } {
  return { 'data-label': label, 'data-value': value }
}

/**
 * f filters for the value that has the focus, Shift+f filters it out.
 * @param list holds the values; missing = all that are marked on the page
 */
export function useValueKeys(
  filter: (label: string, value: string, isWanted: boolean) => void,
  list?: RefObject<HTMLElement | null>,
): void {
  const latest = useRef(filter)
  latest.current = filter
  const shortcuts = useMemo((): readonly Shortcut[] => {
    const run = (isWanted: boolean) => () => {
      const marked = document.activeElement?.closest<HTMLElement>('[data-label][data-value]')
      const { label, value } = marked?.dataset ?? {}
      if (label !== undefined && value !== undefined) latest.current(label, value, isWanted)
    }
    const isMeant = () => list === undefined || list.current?.contains(document.activeElement) === true
    return [
      { keys: 'f', label: 'Filter for the value in focus', run: run(true), isMeant },
      { keys: 'shift+f', label: 'Filter it out', run: run(false), isMeant },
    ]
  }, [list])
  useShortcuts(shortcuts)
}
