import type { DifferenceRow } from '@vantage/api/client'
import type { Jump } from '../app/jump.ts'
import { withFilter } from '../logs/log-model.ts'
import { hasValue, quotedText } from '../traces/traceql.ts'
import type { Explained } from './explain-url.ts'

/** A range of numbers, as rows write it. */
const RANGE = ' … '

/** Where those of a region that have a value are listed; undefined where no query says so. */
export function rowJump({ signal, query, region }: Explained, { attribute, value }: DifferenceRow): Jump | undefined {
  const params = { from: String(region.startMs), to: String(region.endMs), live: '0' }
  if (value.includes(RANGE)) return undefined
  if (signal === 'logs')
    return { path: '/explore/logs', params: { ...params, q: withFilter(query, attribute, value, true) } }
  const condition = spanCondition(attribute, value)
  if (condition === undefined) return undefined
  // Another span of the trace may be the one that has it.
  return { path: '/explore/traces', params: { ...params, q: `(${query}) && ({ ${condition} })` } }
}

function spanCondition(attribute: string, value: string): string | undefined {
  if (/^(span|resource|event)\./.test(attribute)) return hasValue(attribute, value)
  if (attribute === 'name' || attribute === 'event:name') return `${attribute} = ${quotedText(value)}`
  return /^(kind|status)$/.test(attribute) && /^[a-z]+$/.test(value) ? `${attribute} = ${value}` : undefined
}
