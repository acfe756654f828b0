import { type ApiAnswer, json } from '@vantage/api'
import {
  type CompiledMatcher,
  compileMatcher,
  err,
  type Fault,
  fault,
  foreign,
  type MetricMetadata,
  ok,
  type Result,
} from '@vantage/model'
import { DEFAULT_OPTIONS, parsePromql } from '@vantage/query/promql'
import type { ScrapeManager, Target } from '@vantage/receive'

/**
 * `GET /api/v1/targets/metadata`: of all active targets or those that `match_target` selects by their labels, of all
 * metrics or one; nothing found is `not_found`. Source: prometheus/prometheus docs/querying/api.md, "Querying target
 * metadata".
 */
export function targetsMetadata(manager: ScrapeManager, params: URLSearchParams): Result<ApiAnswer, Fault> {
  const limit = Number(params.get('limit') || 0)
  if (!Number.isInteger(limit) || limit < 0)
    return bad('limit', 'want a whole number from 0', params.get('limit') ?? '')
  const matchers = matchersOf(params.get('match_target') ?? '')
  if (!matchers.ok) return matchers
  const metric = params.get('metric') ?? ''
  const found: unknown[] = []
  for (const { target } of manager.active()) {
    if (!matchers.value.every((one) => one.matches(target.labels.get(one.matcher.name) ?? ''))) continue
    for (const entry of manager.metadata(target)) {
      if (metric !== '' && entry.metric !== metric) continue
      found.push(shown(target, entry, metric !== ''))
      if (found.length === limit) break
    }
    if (limit > 0 && found.length === limit) break
  }
  if (found.length === 0) return err(fault('not_found', 'specified metadata not found', { reason: 'not_found' }))
  return ok(json({ status: 'success', data: found }))
}

function shown({ labels }: Target, { metric, type, unit, help }: MetricMetadata, isNamed: boolean): unknown {
  return { target: Object.fromEntries(labels), ...(isNamed ? {} : { metric }), type, help, unit }
}

function matchersOf(text: string): Result<CompiledMatcher[], Fault> {
  if (text === '') return ok([])
  const parsed = parsePromql(text, DEFAULT_OPTIONS)
  if (!parsed.ok || parsed.value.kind !== 'vectorSelector') return bad('match_target', 'want a series selector', text)
  const compiled: CompiledMatcher[] = []
  for (const matcher of parsed.value.matchers) {
    const one = compileMatcher(matcher)
    if (!one.ok) return one
    compiled.push(one.value)
  }
  return ok(compiled)
}

function bad(name: string, want: string, got: string): Result<never, Fault> {
  const message = `invalid parameter "${name}": ${want}, got ${JSON.stringify(foreign(got))}`
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}
