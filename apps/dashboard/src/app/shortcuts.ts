/** One entry of the keyboard map. `keys` is a chord (`mod+k`), a single key (`t`) or a sequence (`g l`). */
export interface Shortcut {
  readonly keys: string
  readonly label: string
  readonly run: () => void
  /** Whether it is meant now: of several parts of a page that have the same keys, the one with the focus. Missing = always. */
  readonly isMeant?: () => boolean
}

/** How long a sequence waits for its second key. */
export const SEQUENCE_MS = 1_200

export interface KeyPress {
  readonly key: string
  readonly isMod: boolean
  readonly isShift: boolean
  readonly isAlt: boolean
  /** True in inputs, editors and menus, where single keys belong to the text. */
  readonly isTyping: boolean
}

/** `mod+Enter`, `shift+T`, `t`: the text that shortcuts are written in. Shift counts for letters only. */
function chordOf(press: KeyPress): string {
  const isLetter = /^[a-z]$/i.test(press.key)
  const key = isLetter ? press.key.toLowerCase() : press.key
  return `${press.isMod ? 'mod+' : ''}${press.isShift && isLetter ? 'shift+' : ''}${key}`
}

/**
 * Finds what a key press means.
 * @param pending  first key of a sequence that is under way, '' otherwise
 * @returns the shortcut to run, or the first key of a sequence to wait for, or neither
 */
export function matchShortcut(
  shortcuts: readonly Shortcut[],
  press: KeyPress,
  pending: string,
  hasSingleKeys: boolean,
): { readonly run?: Shortcut; readonly pending: string } {
  const chord = chordOf(press)
  if (press.isAlt) return { pending: '' }
  if (!press.isMod && (press.isTyping || !hasSingleKeys)) return { pending: '' }
  const wanted = pending === '' ? chord : `${pending} ${chord}`
  const run = shortcuts.find((one) => one.keys === wanted)
  if (run !== undefined) return { run, pending: '' }
  const starts = pending === '' && shortcuts.some((one) => one.keys.startsWith(`${chord} `))
  return { pending: starts ? chord : '' }
}

/** `mod+k` → `⌘ K` or `Ctrl K`; `g l` → `g then l`. */
export function keysText(keys: string, isApple: boolean): string {
  return keys
    .split(' ')
    .map((chord) =>
      chord
        .replace('mod+', isApple ? '⌘ ' : 'Ctrl ')
        .replace('shift+', 'Shift ')
        .replace('Enter', '↵'),
    )
    .join(' then ')
}
