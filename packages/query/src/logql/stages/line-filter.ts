import { FaultError, fault } from '@vantage/model'
import type { LineOp, LineOperand } from '../language/plan.ts'
import type { LogqlLimits } from '../limits.ts'
import { holdsIp, parseIpRange } from './ip.ts'
import { filteringPattern, matchesPattern } from './pattern.ts'
import { compileBounded, literalOf } from './patterns.ts'
import type { RowStep } from './stage.ts'

type LineTest = (line: string) => boolean

/** Keeps lines that fulfil any operand; operators with `!` those that fulfil none. */
export function lineFilterStep(op: LineOp, operands: readonly LineOperand[], limits: LogqlLimits): RowStep {
  const tests = operands.map((operand) => lineTest(op, operand, limits))
  const isWanted = op.startsWith('|')
  const [only] = tests
  if (tests.length === 1 && only !== undefined) return (row) => only(row.line) === isWanted
  return (row) => {
    const { line } = row
    for (let i = 0; i < tests.length; i++) if ((tests[i] as LineTest)(line)) return isWanted
    return !isWanted
  }
}

function lineTest(op: LineOp, { isIp, text }: LineOperand, limits: LogqlLimits): LineTest {
  const means = op.slice(1)
  if (isIp) {
    if (means !== '=') {
      throw new FaultError(
        fault('bad_request', `ip: invalid operation: want |= or !=, got ${op}`, { reason: 'bad_data' }),
      )
    }
    const range = parseIpRange(text)
    return (line) => holdsIp(line, range)
  }
  if (means === '=') return (line) => line.includes(text)
  if (means === '>') {
    const parts = filteringPattern(text)
    return (line) => matchesPattern(line, parts)
  }
  const pattern = compileBounded(text, limits)
  // Fast path: a pattern without operators is a text.
  const literal = literalOf(text)
  return literal === undefined ? pattern.test : (line) => line.includes(literal)
}
