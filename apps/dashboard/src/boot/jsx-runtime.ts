import { shownText } from '@vantage/charts'
// biome-ignore lint/correctness/noUnresolvedImports: biome does not see constants within the namespace of @types/react.
import { jsx as element, jsxs as elements, Fragment } from 'react/jsx-runtime'

/*
 * React's own, with one promise more, for which no screen has to care: no text of an element holds characters that the
 * browser or a reader's terminal would obey, wherever names, labels, lines and messages came from. The build makes every
 * element with these two (`jsxImportSource` in build.mjs). What fields hold and what addresses lead to stays as it is.
 */

type Make = typeof element
type Props = Readonly<Record<string, unknown>>

/** Attributes that people read or hear. */
const SAID = ['title', 'aria-label', 'aria-valuetext', 'placeholder'] as const

export { Fragment }
export const jsx: Make = (type, props, key) => element(type, shownProps(type, props as Props), key)
export const jsxs: Make = (type, props, key) => elements(type, shownProps(type, props as Props), key)

function shownProps(type: Parameters<Make>[0], props: Props): Props {
  // Components hand their texts on to elements.
  if (typeof type !== 'string' && (type as unknown) !== Fragment) return props
  let shown = withShown(props, 'children', shownChildren(props['children']))
  for (const name of SAID) {
    const text = props[name]
    if (typeof text === 'string') shown = withShown(shown, name, shownText(text))
  }
  return shown
}

function withShown(props: Props, name: string, value: unknown): Props {
  return props[name] === value ? props : { ...props, [name]: value }
}

/** The same where nothing has to be shown otherwise. */
function shownChildren(children: unknown): unknown {
  if (typeof children === 'string') return shownText(children)
  if (!Array.isArray(children)) return children
  const isSame = children.every((one) => typeof one !== 'string' || shownText(one) === one)
  return isSame ? children : children.map((one) => (typeof one === 'string' ? shownText(one) : one))
}
