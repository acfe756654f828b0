import { compileMatcher, type Matcher, type MatchOp, METRIC_NAME } from '@vantage/model'
import type { At, Duration, Expr, Extended, MatrixSelector, Subquery, VectorSelector } from './ast.ts'
import { limitFault } from './fault.ts'
import { parseDuration, parseOffset } from './parse-duration.ts'
import type { TokenReader } from './token-reader.ts'

export const MATCH_OPS: Readonly<Record<string, MatchOp>> = { '=': '=', '!=': '!=', '=~': '=~', '!~': '!~' }

/** Reads `name{…}` or `{…}`; the current token is the name or the brace. */
export function parseVectorSelector(reader: TokenReader): VectorSelector {
  const start = reader.peek()
  const name = start.kind === 'word' ? reader.next().text : ''
  const matchers = reader.isSymbol('{') ? parseMatchers(reader) : []
  if (name !== '') {
    const second = matchers.find((one) => one.name === METRIC_NAME)
    if (second !== undefined) {
      throw reader.fault(`metric name must not be set twice: "${name}" or "${second.value}"`, {
        startOffset: start.startOffset,
        endOffset: reader.closedAt,
      })
    }
    matchers.push({ name: METRIC_NAME, op: '=', value: name })
  }
  return {
    kind: 'vectorSelector',
    name,
    matchers,
    offset: undefined,
    at: undefined,
    extended: undefined,
    startOffset: start.startOffset,
    endOffset: reader.closedAt,
  }
}

function parseMatchers(reader: TokenReader): Matcher[] {
  reader.next()
  const matchers: Matcher[] = []
  while (!reader.isSymbol('}')) {
    matchers.push(parseMatcher(reader))
    if (reader.isSymbol('}')) break
    if (!reader.takeSymbol(',')) {
      if (reader.peek().kind === 'end') throw insideBraces(reader)
      throw reader.unexpected('label matching', '"," or "}"')
    }
  }
  reader.next()
  return matchers
}

function insideBraces(reader: TokenReader): Error {
  return reader.fault('unexpected end of input inside braces', reader.peek())
}

function parseMatcher(reader: TokenReader): Matcher {
  const label = reader.peek()
  if (label.kind === 'end') throw insideBraces(reader)
  if (label.kind !== 'word' && label.kind !== 'string') throw reader.unexpected('label matching', 'identifier or "}"')
  reader.next()
  const opToken = reader.peek()
  if (label.kind === 'string' && opToken.kind === 'symbol' && (opToken.text === ',' || opToken.text === '}')) {
    return { name: METRIC_NAME, op: '=', value: label.text }
  }
  if (opToken.kind === 'end') throw insideBraces(reader)
  const op = opToken.kind === 'symbol' ? MATCH_OPS[opToken.text] : undefined
  if (op === undefined) throw reader.unexpected('label matching', 'label matching operator')
  reader.next()
  const value = reader.peek()
  if (value.kind === 'end') throw insideBraces(reader)
  if (value.kind !== 'string') throw reader.unexpected('label matching', 'string')
  reader.next()
  const matcher: Matcher = { name: label.text, op, value: value.text }
  const compiled = compileMatcher(matcher, reader.options.limits.regexCharsMax)
  if (compiled.ok) return matcher
  const { message, limit } = compiled.error
  if (limit !== undefined) throw limitFault(message, limit)
  throw reader.fault(message, value)
}

/** Reads `[5m]`, `[1h:5m]`, `offset 5m`, `@ 12`, `anchored` and `smoothed` behind an expression. */
export function parsePostfixes(reader: TokenReader, operand: Expr): Expr {
  let expr = operand
  for (;;) {
    if (reader.isSymbol('[')) expr = parseBrackets(reader, expr)
    else if (reader.isKeyword('offset')) expr = parseOffsetModifier(reader, expr)
    else if (reader.isSymbol('@')) expr = parseAtModifier(reader, expr)
    else if (reader.isKeyword('anchored') || reader.isKeyword('smoothed')) expr = parseExtended(reader, expr)
    else return expr
  }
}

function parseBrackets(reader: TokenReader, expr: Expr): MatrixSelector | Subquery {
  const open = reader.next()
  reader.enter()
  if (reader.peek().kind === 'end') throw reader.fault('unexpected end of input in duration expression', reader.peek())
  const range = parseDuration(reader, 'subquery or range selector')
  requirePositive(reader, range)
  let step: Duration | undefined
  const isSubquery = reader.takeSymbol(':')
  if (isSubquery && !reader.isSymbol(']')) {
    step = parseDuration(reader, 'subquery selector')
    requirePositive(reader, step)
  }
  const close = reader.expectSymbol(
    ']',
    isSubquery ? 'subquery selector' : 'subquery or range',
    isSubquery ? '"]"' : '":" or "]"',
  )
  reader.leave()
  const { startOffset } = expr
  const { endOffset } = close
  if (isSubquery) {
    return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, startOffset, endOffset }
  }
  const brackets = { startOffset: open.startOffset, endOffset }
  if (expr.kind !== 'vectorSelector') throw reader.fault('ranges only allowed for vector selectors', brackets)
  if (expr.offset !== undefined) throw reader.fault('no offset modifiers allowed before range', brackets)
  if (expr.at !== undefined) throw reader.fault('no @ modifiers allowed before range', brackets)
  return { kind: 'matrixSelector', selector: expr, range, startOffset, endOffset }
}

function requirePositive(reader: TokenReader, duration: Duration): void {
  if (duration.kind !== 'literal' || duration.seconds > 0) return
  throw reader.fault('duration must be greater than 0', duration)
}

const MODIFIABLE = 'an instant vector selector or range vector selector or a subquery'

type Modifiers = Partial<Pick<VectorSelector, 'offset' | 'at' | 'extended'>>

function modified(reader: TokenReader, expr: Expr, modifier: string, change: Modifiers): Expr {
  const endOffset = reader.closedAt
  if (expr.kind === 'vectorSelector') return { ...expr, ...change, endOffset }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, ...change }, endOffset }
  if (expr.kind === 'subquery' && change.extended === undefined) {
    const { offset = expr.offset, at = expr.at } = change
    return { ...expr, offset, at, endOffset }
  }
  throw reader.fault(`${modifier} modifier must be preceded by ${MODIFIABLE}`, expr)
}

function modifiersOf(expr: Expr): Modifiers {
  if (expr.kind === 'vectorSelector' || expr.kind === 'subquery') return expr
  return expr.kind === 'matrixSelector' ? expr.selector : {}
}

function parseOffsetModifier(reader: TokenReader, expr: Expr): Expr {
  reader.next()
  const offset = parseOffset(reader)
  if (modifiersOf(expr).offset !== undefined) throw reader.fault('offset may not be set multiple times', expr)
  return modified(reader, expr, 'offset', { offset })
}

function parseAtModifier(reader: TokenReader, expr: Expr): Expr {
  reader.next()
  const at = parseAt(reader, expr)
  if (modifiersOf(expr).at !== undefined) throw reader.fault('@ <timestamp> may not be set multiple times', expr)
  return modified(reader, expr, '@', { at })
}

/** Largest timestamp in seconds that 64-bit milliseconds hold. */
const AT_SECONDS_MAX = 2 ** 63 / 1000

function parseAt(reader: TokenReader, expr: Expr): At {
  for (const kind of ['start', 'end'] as const) {
    if (!reader.isKeyword(kind)) continue
    reader.next()
    reader.expectSymbol('(', '@')
    reader.expectSymbol(')', '@')
    return { kind }
  }
  const sign = reader.takeSymbol('-') ? -1 : reader.takeSymbol('+') ? 1 : 1
  const token = reader.peek()
  const isWord = token.kind === 'word' && /^(inf|nan)$/i.test(token.text)
  if (token.kind !== 'number' && !isWord) throw reader.unexpected('@', 'timestamp')
  reader.next()
  const seconds = isWord ? (token.text.toLowerCase() === 'nan' ? Number.NaN : Infinity * sign) : token.value * sign
  if (!(Math.abs(seconds) < AT_SECONDS_MAX)) {
    const shown = Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf'
    throw reader.fault(`timestamp out of bounds for @ modifier: ${isWord ? shown : seconds}`, expr)
  }
  return { kind: 'time', timeMs: Math.round(seconds * 1000) }
}

function parseExtended(reader: TokenReader, expr: Expr): Expr {
  const token = reader.next()
  const extended = token.text.toLowerCase() as Extended
  if (!reader.options.extendedSelectors)
    throw reader.fault(`${extended} modifier is experimental and not enabled`, token)
  if (modifiersOf(expr).extended !== undefined) {
    throw reader.fault('anchored and smoothed modifiers cannot be used together', expr)
  }
  return modified(reader, expr, extended, { extended })
}
