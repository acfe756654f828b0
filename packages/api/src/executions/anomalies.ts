import { unreachable } from '@vantage/model'

interface Rule {
  readonly name: string
  readonly field: string
  readonly is: '=' | '!=' | '>' | '<'
  readonly than: string | number
}

const MEBIBYTE = 1_048_576

/** What makes a run stand out. A run that lacks the field does not. */
const RULES: readonly Rule[] = [
  { name: 'execution_failure', field: 'status', is: '=', than: 'failed' },
  { name: 'long_execution', field: 'duration_seconds', is: '>', than: 3_600 },
  { name: 'high_memory', field: 'memory_bytes', is: '>', than: 100 * MEBIBYTE },
  { name: 'data_quality', field: 'quality', is: '!=', than: '' },
  { name: 'low_efficiency', field: 'efficiency', is: '<', than: 20 },
]

/** A label filter of LogQL: runs that at least one rule names. */
export const ANOMALY_FILTER = RULES.map(({ field, is, than }) => `${field} ${is} ${JSON.stringify(than)}`).join(' or ')

/** @returns names of the rules that a run meets */
export function anomaliesOf(fields: Readonly<Record<string, string>>): string[] {
  return RULES.filter((rule) => holds(rule, fields[rule.field])).map(({ name }) => name)
}

function holds({ is, than }: Rule, text: string | undefined): boolean {
  if (text === undefined) return false
  switch (is) {
    case '=':
      return text === than
    case '!=':
      return text !== than
    case '>':
      return Number(text) > Number(than)
    case '<':
      return Number(text) < Number(than)
    default:
      return unreachable(is)
  }
}
