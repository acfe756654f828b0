import type { DifferenceRow } from '@vantage/api/client'
import type { Jump } from '../app/jump.ts'
import { withFilter } from '../logs/log-model.ts'
import { hasAnotherValue, hasValue, quotedText } from '../traces/traceql.ts'
import type { Explained } from './explain-url.ts'

/** A range of numbers, as rows write it. */
const RANGE = ' … '

/** What was held against others. */
export type Among = Pick<Explained, 'signal' | 'query' | 'region'>

/** Where those of a region that have a value are listed, or those that have another; undefined where no query says so. */
export function rowJump(
  { signal, query, region }: Among,
  { attribute, value }: Pick<DifferenceRow, 'attribute' | 'value'>,
  isWanted: boolean,
): Jump | undefined {
  const params = { from: String(region.startMs), to: String(region.endMs), live: '0' }
  if (value.includes(RANGE)) return undefined
  if (signal === 'logs')
    return { path: '/explore/logs', params: { ...params, q: withFilter(query, attribute, value, isWanted) } }
  const condition = spanCondition(attribute, value, isWanted)
  if (condition === undefined) return undefined
  // Another span of the trace may be the one that has it.
  return { path: '/explore/traces', params: { ...params, q: `(${query}) && ({ ${condition} })` } }
}

function spanCondition(attribute: string, value: string, isWanted: boolean): string | undefined {
  if (/^(span|resource|event)\./.test(attribute)) return (isWanted ? hasValue : hasAnotherValue)(attribute, value)
  const is = isWanted ? '=' : '!='
  if (attribute === 'name' || attribute === 'event:name') return `${attribute} ${is} ${quotedText(value)}`
  return /^(kind|status)$/.test(attribute) && /^[a-z]+$/.test(value) ? `${attribute} ${is} ${value}` : undefined
}
