/** Makes TraceQL of names and values that were sent: whatever they hold, they stay names and values. */
export function quotedText(text: string): string {
  return JSON.stringify(text.toWellFormed())
}

const PLAIN_NAME = /^[a-zA-Z_][\w.-]*$/
const PLAIN_VALUE = /^-?\d{1,18}(\.\d{1,18})?$|^true$|^false$/

/** `span.http.route`, `resource."odd name"`. */
export function fieldText(scope: 'span' | 'resource', name: string): string {
  return `${scope}.${PLAIN_NAME.test(name) ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`}`
}

/** That a field has a value which is known as text only: it may be stored as a text, a number or a boolean. */
export function hasValue(field: string, text: string): string {
  const quoted = `${field} = ${quotedText(text)}`
  return PLAIN_VALUE.test(text) ? `(${quoted} || ${field} = ${text})` : quoted
}

/** That it has another. */
export function hasAnotherValue(field: string, text: string): string {
  const quoted = `${field} != nil && ${field} != ${quotedText(text)}`
  return PLAIN_VALUE.test(text) ? `${quoted} && ${field} != ${text}` : quoted
}

/** The query with one more condition on its spans; a query that is more than one filter gets a filter in front. */
export function withCondition(query: string, condition: string): string {
  const inner = /^\s*\{([^{}]*)\}\s*$/.exec(query)?.[1]?.trim()
  if (inner === undefined) return `{ ${condition} } && (${query.trim()})`
  if (inner === '') return `{ ${condition} }`
  return `{ ${inner.includes('||') ? `(${inner})` : inner} && ${condition} }`
}
