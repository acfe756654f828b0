import type { Duration } from '../language/ast.ts'
import { executionFault } from '../language/fault.ts'

/** What durations may refer to. */
export interface DurationScope {
  readonly stepMs: number
  readonly rangeMs: number
}

/** Go keeps durations in 64-bit nanoseconds. */
const DURATION_SECONDS_MAX = 9_223_372_036

/**
 * A duration in whole milliseconds.
 * @throws FaultError where it is zero or negative although it must not be, or out of range
 * Source: prometheus/prometheus promql/durations.go.
 */
export function durationMs(duration: Duration, scope: DurationScope, mayBeNegative: boolean): number {
  const seconds = evaluate(duration, scope)
  if (!mayBeNegative && !(seconds > 0)) throw executionFault('duration must be greater than 0')
  if (!(Math.abs(seconds) <= DURATION_SECONDS_MAX)) throw executionFault('duration is out of range')
  return Math.trunc(Math.round(seconds * 1e6) / 1e3)
}

function evaluate(duration: Duration, scope: DurationScope): number {
  switch (duration.kind) {
    case 'literal':
      return duration.seconds
    case 'step':
      return scope.stepMs / 1000
    case 'range':
      return scope.rangeMs / 1000
    case 'negate':
      return -evaluate(duration.operand, scope)
    case 'keep':
    case 'group':
      return evaluate(duration.operand, scope)
    case 'binary':
      return combine(duration.op, evaluate(duration.left, scope), evaluate(duration.right, scope))
  }
}

function combine(op: Extract<Duration, { kind: 'binary' }>['op'], left: number, right: number): number {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw executionFault('division by zero')
      return left / right
    case '%':
      if (right === 0) throw executionFault('modulo by zero')
      return left % right
    case '^':
      return left ** right
    case 'min_of':
      return Math.min(left, right)
    case 'max_of':
      return Math.max(left, right)
  }
}
