import { err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { parseSpan, quotedName, quotedText, textCondition } from '../traces/params.ts'

/** Key, then value with or without quotes; a bare key is `true`. */
const PAIR = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/y

/** Keys that name no attribute. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
])

const STATUSES: ReadonlySet<string> = new Set(['ok', 'error', 'unset'])

/**
 * The older search parameters as a TraceQL query: `tags` in logfmt, durations of the trace.
 * Source: grafana/tempo docs/sources/tempo/api_docs/_index.md, "Search".
 */
export function tagsQuery(tags: string, minDuration: string, maxDuration: string): Result<string, Fault> {
  const conditions: string[] = []
  const text = tags.trim()
  for (let at = 0; at < text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at
    const pair = PAIR.exec(text)
    if (pair === null) return err(fault('bad_request', `tags: want key=value …, got ${JSON.stringify(foreign(text))}`))
    const [, key = '', quoted, plain] = pair
    conditions.push(condition(key, quoted?.replaceAll(/\\([\s\S])/g, '$1') ?? plain ?? 'true'))
  }
  for (const [name, op, length] of [
    ['minDuration', '>=', minDuration],
    ['maxDuration', '<=', maxDuration],
  ] as const) {
    const ns = parseSpan(name, length)
    if (!ns.ok) return ns
    if (ns.value !== undefined) conditions.push(`traceDuration ${op} ${ns.value}ns`)
  }
  return ok(conditions.length === 0 ? '{ }' : `{ ${conditions.join(' && ')} }`)
}

function condition(key: string, value: string): string {
  const field = FIELDS.get(key)
  if (field !== undefined) return `${field} = ${quotedText(value)}`
  if ((key === 'status' || key === 'status.code') && STATUSES.has(value)) return `status = ${value}`
  if (key === 'error' && value === 'true') return 'status = error'
  return textCondition(`.${quotedName(key)}`, value)
}
