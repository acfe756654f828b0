import { useEffect } from 'react'
import { create } from 'zustand'
import { usePreferences } from './preferences.ts'
import { usePane } from './router.ts'
import { matchShortcut, SEQUENCE_MS, type Shortcut } from './shortcuts.ts'

interface ShortcutScopes {
  readonly scopes: readonly { readonly id: number; readonly pane: string; readonly shortcuts: readonly Shortcut[] }[]
  /** The part of a split page that was used last: keys are for it. */
  readonly pane: string
}

/** Shortcuts of what is on screen: the shell's and those of the page; the newest scope wins. */
const useScopes = create<ShortcutScopes>(() => ({ scopes: [], pane: '' }))
let nextId = 1

/** Registers shortcuts while the component is mounted. `shortcuts` must be stable between renders. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const pane = usePane()
  useEffect(() => {
    const id = nextId++
    useScopes.setState(({ scopes }) => ({ scopes: [{ id, pane, shortcuts }, ...scopes] }))
    return () => useScopes.setState(({ scopes }) => ({ scopes: scopes.filter((one) => one.id !== id) }))
  }, [shortcuts, pane])
}

/** From now on keys are for this part of the page. */
export function giveKeysTo(pane: string): void {
  if (useScopes.getState().pane !== pane) useScopes.setState({ pane })
}

/** One of each key: what others lie under is not reached by it. */
export function useActiveShortcuts(): readonly Shortcut[] {
  const all = activeShortcuts(useScopes())
  return all.filter(({ keys }, i) => i === all.findIndex((one) => one.keys === keys))
}

function activeShortcuts({ scopes, pane }: ShortcutScopes): readonly Shortcut[] {
  return scopes.filter((scope) => scope.pane === '' || scope.pane === pane).flatMap((scope) => scope.shortcuts)
}

/** Listens once for the whole page. */
export function useShortcutListener(): void {
  useEffect(() => {
    let pending = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return
      const shortcuts = activeShortcuts(useScopes.getState()).filter(({ isMeant }) => isMeant?.() !== false)
      const press = {
        key: event.key,
        isMod: event.metaKey || event.ctrlKey,
        isShift: event.shiftKey,
        isAlt: event.altKey,
        isTyping: isTyping(event),
      }
      const match = matchShortcut(shortcuts, press, pending, usePreferences.getState().hasSingleKeys)
      clearTimeout(timer)
      pending = match.pending
      if (pending !== '') timer = setTimeout(() => (pending = ''), SEQUENCE_MS)
      if (match.run === undefined) return
      event.preventDefault()
      match.run.run()
    }
    addEventListener('keydown', onKeyDown)
    return () => {
      removeEventListener('keydown', onKeyDown)
      clearTimeout(timer)
    }
  }, [])
}

/** Where keys choose among entries. Lists that are a page of their own leave single keys to the page. */
const OWN_KEYS = '[role="menu"], [role="listbox"]:not([data-single-keys]), dialog'

/** The innermost target counts: an editor lives in a shadow tree. Space and ↵ on controls are theirs too. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0]
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest(OWN_KEYS) !== null) return true
  if (target instanceof HTMLTextAreaElement) return true
  if (target instanceof HTMLInputElement) return !['radio', 'checkbox', 'button', 'range'].includes(target.type)
  if (event.key === ' ' || event.key === 'Enter') return target.closest('button, a, input, summary') !== null
  return target instanceof HTMLSelectElement
}
