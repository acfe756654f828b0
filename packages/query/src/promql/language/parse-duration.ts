import type { Duration } from './ast.ts'
import type { TokenReader } from './token-reader.ts'

type DurationOp = Extract<Duration, { kind: 'binary' }>['op']

const PRECEDENCE: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }
const POWER = 3

/** Go keeps durations in 64-bit nanoseconds. */
const DURATION_SECONDS_MAX = 9_223_372_036

/** Reads what stands between brackets: `5m`, `300`, `5m + step()`. */
export function parseDuration(reader: TokenReader, context: string): Duration {
  return parseBinary(reader, 1, context)
}

/** Reads what follows `offset`: one signed operand, so that `x offset 5m + 1` adds to the result. */
export function parseOffset(reader: TokenReader): Duration {
  const token = reader.peek()
  const sign = token.kind === 'symbol' && (token.text === '-' || token.text === '+') ? token.text : ''
  if (sign !== '') reader.next()
  const operand = parseOperand(reader, 'offset')
  if (sign === '') return operand
  return signed(sign, operand, token.startOffset)
}

function parseBinary(reader: TokenReader, minPrecedence: number, context: string): Duration {
  let left = parseSigned(reader, context)
  for (;;) {
    const token = reader.peek()
    const precedence = token.kind === 'symbol' ? PRECEDENCE[token.text] : undefined
    if (precedence === undefined || precedence < minPrecedence) return left
    requireExpressions(reader, token)
    reader.next()
    reader.enter()
    const right = parseBinary(reader, precedence === POWER ? precedence : precedence + 1, context)
    reader.leave()
    const op = token.text as DurationOp
    if ((op === '/' || op === '%') && right.kind === 'literal' && right.seconds === 0) {
      throw reader.fault(op === '/' ? 'division by zero' : 'modulo by zero', token)
    }
    left = { kind: 'binary', op, left, right, startOffset: left.startOffset, endOffset: right.endOffset }
  }
}

function parseSigned(reader: TokenReader, context: string): Duration {
  const token = reader.peek()
  if (token.kind !== 'symbol' || (token.text !== '-' && token.text !== '+')) return parseOperand(reader, context)
  reader.next()
  reader.enter()
  const operand = parseBinary(reader, POWER, context)
  reader.leave()
  return signed(token.text, operand, token.startOffset)
}

function signed(sign: string, operand: Duration, startOffset: number): Duration {
  if (operand.kind === 'literal') {
    return { ...operand, seconds: sign === '-' ? -operand.seconds : operand.seconds, startOffset }
  }
  return { kind: sign === '-' ? 'negate' : 'keep', operand, startOffset, endOffset: operand.endOffset }
}

function parseOperand(reader: TokenReader, context: string): Duration {
  const token = reader.peek()
  if (token.kind === 'number') {
    reader.next()
    if (!(token.value <= DURATION_SECONDS_MAX)) throw reader.fault('duration out of range', token)
    const { startOffset, endOffset } = token
    return { kind: 'literal', seconds: token.value, isDuration: token.isDuration, startOffset, endOffset }
  }
  if (reader.isSymbol('(')) return parseGroup(reader, context)
  if (token.kind === 'word' && reader.isSymbol('(', 1)) return parseCall(reader, context)
  throw reader.unexpected(context, 'number, duration, step(), or range()')
}

function parseGroup(reader: TokenReader, context: string): Duration {
  const open = reader.next()
  reader.enter()
  const operand = parseBinary(reader, 1, context)
  reader.leave()
  const close = reader.expectSymbol(')', context)
  return { kind: 'group', operand, startOffset: open.startOffset, endOffset: close.endOffset }
}

function parseCall(reader: TokenReader, context: string): Duration {
  const word = reader.peek()
  requireExpressions(reader, word)
  const name = word.text.toLowerCase()
  if (name !== 'step' && name !== 'range' && name !== 'min_of' && name !== 'max_of') {
    throw reader.unexpected(context, 'number, duration, step(), or range()')
  }
  reader.next()
  reader.next()
  const { startOffset } = word
  if (name === 'step' || name === 'range') {
    const close = reader.expectSymbol(')', context)
    return { kind: name, startOffset, endOffset: close.endOffset }
  }
  reader.enter()
  const left = parseBinary(reader, 1, context)
  reader.expectSymbol(',', context)
  const right = parseBinary(reader, 1, context)
  reader.leave()
  const close = reader.expectSymbol(')', context)
  return { kind: 'binary', op: name, left, right, startOffset, endOffset: close.endOffset }
}

function requireExpressions(reader: TokenReader, span: { startOffset: number; endOffset: number }): void {
  if (reader.options.durationExpressions) return
  throw reader.fault('experimental duration expression is not enabled', span)
}
