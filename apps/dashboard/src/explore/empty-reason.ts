/** A query with one of its parts left out. */
export interface QueryVariant {
  /** The part as written: `job="api"`. */
  readonly part: string
  /** Counts what there is without it. */
  readonly countQuery: string
  /** The whole query without it. */
  readonly query: string
}

/** Parts that are tried out; each costs one small query. */
export const VARIANTS_MAX = 6

/**
 * Splits the first selector of a query (`name{a="b", c=~"d"}`) into its matchers, to find the one that
 * removes everything. Empty where there is no selector with matchers.
 */
export function selectorVariants(query: string): QueryVariant[] {
  const open = query.indexOf('{')
  const close = open < 0 ? -1 : closingBrace(query, open)
  if (close < 0) return []
  const name = /[a-zA-Z_:][a-zA-Z0-9_:]*$/.exec(query.slice(0, open))?.[0] ?? ''
  const matchers = splitMatchers(query.slice(open + 1, close))
  if (matchers.length === 0 || (name === '' && matchers.length === 1)) return []
  return matchers.slice(0, VARIANTS_MAX).map((matcher) => {
    const rest = matchers.filter((one) => one !== matcher).join(', ')
    const braces = rest === '' ? '' : `{${rest}}`
    return {
      part: matcher,
      countQuery: `count(${name}${braces})`,
      query: `${query.slice(0, open)}${braces}${query.slice(close + 1)}`,
    }
  })
}

function closingBrace(query: string, open: number): number {
  for (let i = open + 1; i < query.length; i++) {
    const unit = query[i] as string
    if (unit === '}') return i
    if (unit === '"' || unit === "'" || unit === '`') i = closingQuote(query, i)
  }
  return -1
}

function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    if (text[i] === '\\' && text[open] !== '`') i++
    else if (text[i] === text[open]) return i
  }
  return text.length
}

function splitMatchers(body: string): string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i <= body.length; i++) {
    const unit = body[i]
    if (unit === '"' || unit === "'" || unit === '`') i = closingQuote(body, i)
    else if (unit === ',' || i === body.length) {
      const part = body.slice(from, i).trim()
      if (part !== '') parts.push(part)
      from = i + 1
    }
  }
  return parts
}
