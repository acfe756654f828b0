import { compileMatcher, FaultError } from '@vantage/model'
import type { CompareOp, LabelFilter } from '../language/plan.ts'
import { type Parsed, parseBytes, parseFloatText, parseGoDuration } from '../language/units.ts'
import { holdsIp, parseIpRange } from './ip.ts'
import type { RowStep } from './stage.ts'

const LABEL_FILTER_ERROR = 'LabelFilterErr'

/** Keeps rows whose labels fulfil the condition. A value that cannot be converted keeps the row and marks it. */
export function labelFilterStep(filter: LabelFilter): RowStep {
  switch (filter.kind) {
    case 'and': {
      const left = labelFilterStep(filter.left)
      const right = labelFilterStep(filter.right)
      // Both run: either may find that a value cannot be converted.
      return (row) => {
        const isLeft = left(row)
        return right(row) && isLeft
      }
    }
    case 'or': {
      const left = labelFilterStep(filter.left)
      const right = labelFilterStep(filter.right)
      return (row) => left(row) || right(row)
    }
    case 'string': {
      const compiled = compileMatcher(filter.matcher)
      if (!compiled.ok) throw new FaultError(compiled.error)
      const { name } = filter.matcher
      const { matches } = compiled.value
      return (row) => matches(row.get(name) ?? '')
    }
    case 'number':
      return valueStep(filter.name, filter.op, filter.value, parseFloatText)
    case 'duration':
      return valueStep(filter.name, filter.op, filter.value, parseGoDuration)
    case 'bytes':
      return valueStep(filter.name, filter.op, filter.value, parseBytes)
    case 'ip':
      return ipStep(filter.name, filter.isNegated, filter.pattern)
  }
}

function valueStep(name: string, op: CompareOp, wanted: number, read: (text: string) => Parsed<number>): RowStep {
  return (row) => {
    const text = row.get(name)
    if (text === undefined) return false
    const value = read(text)
    if (value.ok) return compare(value.value, op, wanted)
    row.fail(LABEL_FILTER_ERROR, value.message)
    return true
  }
}

function compare(value: number, op: CompareOp, wanted: number): boolean {
  switch (op) {
    case '==':
      return value === wanted
    case '!=':
      return value !== wanted
    case '>':
      return value > wanted
    case '>=':
      return value >= wanted
    case '<':
      return value < wanted
    case '<=':
      return value <= wanted
  }
}

/** Rows that carry an error pass, so that it shows. */
function ipStep(name: string, isNegated: boolean, pattern: string): RowStep {
  const range = parseIpRange(pattern)
  return (row) => {
    if (row.error !== '') return true
    const text = row.get(name)
    return text !== undefined && holdsIp(text, range) !== isNegated
  }
}
