import { describe, expect, test } from 'vitest'
import { Fragment, jsx, jsxs } from './jsx-runtime.ts'

const EVIL = 'a\u001b\u202eb'
const SHOWN = 'a␛⟨202E⟩b'
const propsOf = (made: unknown) => (made as { readonly props: object }).props

describe('texts of elements are shown whole', () => {
  test('alone, among others, and where no element is around them', () => {
    expect(propsOf(jsx('p', { children: EVIL }))).toEqual({ children: SHOWN })
    expect(propsOf(jsxs('p', { children: [1, EVIL, null] }))).toEqual({ children: [1, SHOWN, null] })
    expect(propsOf(jsxs(Fragment, { children: ['x', EVIL] }))).toEqual({ children: ['x', SHOWN] })
  })

  test('and what is said of them; what they hold and lead to stays', () => {
    const made = jsx('input', { title: EVIL, 'aria-label': EVIL, value: EVIL, 'data-name': EVIL })
    expect(propsOf(made)).toEqual({ title: SHOWN, 'aria-label': SHOWN, value: EVIL, 'data-name': EVIL })
  })

  test('components get what they were given', () => {
    expect(propsOf(jsx(() => null, { children: EVIL, title: EVIL }))).toEqual({ children: EVIL, title: EVIL })
    const props = { children: ['x', 'y'], title: 'z' }
    expect(propsOf(jsx('p', props))).toEqual(props)
  })
})
