import { describe, expect, test } from 'vitest'
import { type KeyPress, keysText, matchShortcut, type Shortcut } from './shortcuts.ts'

const shortcuts: Shortcut[] = ['mod+k', '?', 'g l', 'g e', 't', 'shift+t', '\\', 'mod+Enter'].map((keys) => ({
  keys,
  label: keys,
  run: () => {},
}))

const PLAIN: KeyPress = { key: '', isMod: false, isShift: false, isAlt: false, isTyping: false }

describe('what a key press means', () => {
  const check = (name: string, press: Partial<KeyPress>, pending: string, expected: string) =>
    test(name, () => {
      const match = matchShortcut(shortcuts, { ...PLAIN, ...press }, pending, true)
      expect(match.run?.keys ?? `(${match.pending})`).toBe(expected)
    })
  check('t', { key: 't' }, '', 't')
  check('Shift t', { key: 'T', isShift: true }, '', 'shift+t')
  check('? comes with Shift', { key: '?', isShift: true }, '', '?')
  check('⌘ K', { key: 'k', isMod: true }, '', 'mod+k')
  check('g waits', { key: 'g' }, '', '(g)')
  check('g then e', { key: 'e' }, 'g', 'g e')
  check('g then x is nothing', { key: 'x' }, 'g', '()')
  check('letters in inputs are text', { key: 't', isTyping: true }, '', '()')
  check('⌘ ↵ works in inputs', { key: 'Enter', isMod: true, isTyping: true }, '', 'mod+Enter')
  check('Alt is for the system', { key: 't', isAlt: true }, '', '()')
})

test('single keys can be switched off, chords stay', () => {
  expect(matchShortcut(shortcuts, { ...PLAIN, key: 't' }, '', false).run).toBeUndefined()
  expect(matchShortcut(shortcuts, { ...PLAIN, key: 'k', isMod: true }, '', false).run?.keys).toBe('mod+k')
})

test('keys are written for the system', () => {
  expect(keysText('mod+k', true)).toBe('⌘ k')
  expect(keysText('mod+Enter', false)).toBe('Ctrl ↵')
  expect(keysText('g l', false)).toBe('g then l')
})
