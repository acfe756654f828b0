import { FaultError, fault } from '@vantage/model'
import { unquoteAt } from '../language/text.ts'

type PathToken =
  | { readonly kind: 'FIELD' | 'STRING'; readonly text: string }
  | { readonly kind: 'INDEX'; readonly value: number }
  | { readonly kind: 'DOT' | 'LSB' | 'RSB' | '$end' }

const FIELD = /[\p{L}_@$][\p{L}\p{N}_@$-]*/uy
const SPACE = /[ \t\n\r]+/y
const INDEX = /\d+/y
const SYMBOLS: Readonly<Record<string, 'DOT' | 'LSB' | 'RSB'>> = { '.': 'DOT', '[': 'LSB', ']': 'RSB' }

function refused(path: string, message: string): FaultError {
  const text = `cannot parse expression [${path}]: syntax error: ${message}`
  return new FaultError(fault('bad_request', text, { reason: 'bad_data' }))
}

/**
 * `a.b[0]["c d"]` as names and places; empty for ''.
 * @throws FaultError for other forms. Source: grafana/loki pkg/logql/log/jsonexpr.
 */
export function parseJsonPath(path: string): (string | number)[] {
  const tokens = tokenize(path)
  const steps: (string | number)[] = []
  let at = 0
  const kind = (): PathToken['kind'] => (tokens[at] as PathToken).kind
  while (kind() !== '$end') {
    if (steps.length > 0 && kind() === 'DOT') {
      at++
      if (kind() !== 'FIELD') throw refused(path, `unexpected ${kind()}, expecting FIELD`)
    } else if (kind() !== 'LSB' && (steps.length > 0 || kind() !== 'FIELD')) throw refused(path, `unexpected ${kind()}`)
    const token = tokens[at++] as PathToken
    if (token.kind === 'FIELD') {
      steps.push(token.text)
      continue
    }
    const inner = tokens[at] as PathToken
    if (inner.kind === 'STRING') steps.push(inner.text)
    else if (inner.kind === 'INDEX') steps.push(inner.value)
    else throw refused(path, `unexpected ${inner.kind}, expecting STRING or INDEX`)
    at++
    if (kind() !== 'RSB') throw refused(path, `unexpected ${kind()}, expecting RSB`)
    at++
  }
  return steps
}

function tokenize(path: string): PathToken[] {
  const tokens: PathToken[] = []
  let at = 0
  const end = (pattern: RegExp): number | undefined => {
    pattern.lastIndex = at
    return pattern.test(path) ? pattern.lastIndex : undefined
  }
  for (;;) {
    at = end(SPACE) ?? at
    if (at >= path.length) break
    const char = path[at] as string
    const symbol = SYMBOLS[char]
    const fieldEnd = end(FIELD)
    const indexEnd = end(INDEX)
    if (symbol !== undefined) {
      tokens.push({ kind: symbol })
      at++
    } else if (char === '"') {
      const literal = unquoteAt(path, at)
      if (!literal.ok) throw refused(path, literal.message)
      tokens.push({ kind: 'STRING', text: literal.text })
      at = literal.endOffset
    } else if (fieldEnd !== undefined) {
      tokens.push({ kind: 'FIELD', text: path.slice(at, fieldEnd) })
      at = fieldEnd
    } else if (indexEnd !== undefined) {
      tokens.push({ kind: 'INDEX', value: Number(path.slice(at, indexEnd)) })
      at = indexEnd
    } else throw refused(path, `unexpected character ${JSON.stringify(char)}`)
  }
  tokens.push({ kind: '$end' })
  return tokens
}
