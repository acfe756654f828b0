import type { Matcher } from '@vantage/model'
import { parseMatcher } from './parse-matcher.ts'
import { parseStage } from './parse-stage.ts'
import type { LineOp, LineOperand, Selector, Stage } from './plan.ts'
import type { TokenReader } from './token-reader.ts'

const LINE_OPS: ReadonlySet<string> = new Set(['|=', '!=', '|~', '!~', '|>', '!>'])

/** `{a="b", c=~"d"}`, without a pipeline. */
export function parseSelector(reader: TokenReader): Selector {
  reader.expectSymbol('{')
  const matchers: Matcher[] = []
  while (!reader.isSymbol('}')) {
    if (matchers.length > 0) reader.expectSymbol(',', '} or ,')
    if (matchers.length > 0 && reader.isSymbol('}')) break
    matchers.push(parseMatcher(reader))
  }
  reader.expectSymbol('}')
  return { kind: 'selector', matchers, stages: [] }
}

/** Stages from here on, as far as they go; stops in front of `| unwrap`. */
export function parseStages(reader: TokenReader, stages: Stage[]): void {
  while (isStageStart(reader)) {
    const { stagesMax } = reader.limits
    if (stages.length >= stagesMax) throw reader.fault(`pipeline: want at most ${stagesMax} stages, got more`)
    if (reader.takeSymbol('|')) stages.push(parseStage(reader))
    else stages.push(parseLineFilter(reader))
  }
}

function isStageStart(reader: TokenReader): boolean {
  if (reader.isSymbol('|')) return !reader.isWord('unwrap', 1)
  const token = reader.peek()
  return token.kind === 'symbol' && LINE_OPS.has(token.text)
}

function parseLineFilter(reader: TokenReader): Stage {
  const op = reader.next().text as LineOp
  const operands = [parseOperand(reader)]
  while (reader.isWord('or') && isOperand(reader, 1)) {
    reader.next()
    operands.push(parseOperand(reader))
  }
  return { kind: 'lineFilter', op, operands }
}

function isOperand(reader: TokenReader, ahead: number): boolean {
  return reader.isKind('string', ahead) || (reader.isWord('ip', ahead) && reader.isSymbol('(', ahead + 1))
}

function parseOperand(reader: TokenReader): LineOperand {
  if (!reader.takeWord('ip')) return { isIp: false, text: reader.expect('string').text }
  reader.expectSymbol('(')
  const { text } = reader.expect('string')
  reader.expectSymbol(')')
  return { isIp: true, text }
}
