import { err, type Fault, fault, foreign, ok, type Result, type SeriesScan } from '@vantage/model'
import type { EngineOptions } from '@vantage/query/promql'
import type { ApiRequest, Parameter, Route } from '../route.ts'
import type { CardinalityJob } from './cardinality-answer.ts'
import { parseSelectors } from './params.ts'
import type { RouteFactory } from './status-routes.ts'

/** A series counts as in memory, or as active, when it may have samples of so long ago. */
const METHODS = { inmemory: 2 * 3_600_000, active: 20 * 60_000 } as const
const LIMIT = 20
const LIMIT_MAX = 500
/** Labels whose values one request may count. */
const LABELS_MAX = 100

const SELECTOR: Parameter = {
  name: 'selector',
  in: 'query',
  required: false,
  description: 'series selector; of active_series it must be there',
  type: 'string',
}
const METHOD: Parameter = {
  ...SELECTOR,
  name: 'count_method',
  description: 'inmemory (of the last two hours) or active (of the last 20 minutes); default inmemory',
}
const LIMITED: Parameter = { ...SELECTOR, name: 'limit', description: '0 to 500, default 20', type: 'integer' }
const NAMES: Parameter = {
  ...SELECTOR,
  name: 'label_names[]',
  description: 'labels whose values are counted',
  required: true,
  repeated: true,
}

export interface CardinalityDeps {
  ask(request: ApiRequest, job: CardinalityJob): ReturnType<Route['handle']>
  nowMs(): number
  readonly options: EngineOptions
}

/** What makes a tenant's series many, as Grafana Mimir answers it. Source: Mimir HTTP API reference. */
export function cardinalityRoutes(route: RouteFactory, deps: CardinalityDeps): Route[] {
  const counted = (answer: CardinalityJob['answer'], summary: string, parameters: readonly Parameter[]): Route =>
    route(`cardinality/${answer}`, summary, parameters, async (request) => {
      const job = cardinalityJob(answer, request.params, deps)
      return job.ok ? deps.ask(request, job.value) : job
    })
  return [
    counted('label_names', 'How many values each label has', [SELECTOR, METHOD, LIMITED]),
    counted('label_values', 'How many series each value of labels has', [NAMES, SELECTOR, METHOD, LIMITED]),
    counted('active_series', 'Label sets of series with samples of the last 20 minutes', [SELECTOR]),
  ]
}

function cardinalityJob(
  answer: CardinalityJob['answer'],
  params: URLSearchParams,
  deps: CardinalityDeps,
): Result<CardinalityJob, Fault> {
  const limit = limitOf(params.get('limit'))
  if (!limit.ok) return limit
  const labels = params.getAll('label_names[]')
  if (answer === 'label_values' && labels.length === 0) return bad('missing required parameter "label_names[]"')
  if (labels.length > LABELS_MAX) {
    return bad(`invalid parameter "label_names[]": want at most ${LABELS_MAX} of them, got ${labels.length}`)
  }
  const method = answer === 'active_series' ? 'active' : params.get('count_method') || 'inmemory'
  if (method !== 'inmemory' && method !== 'active') {
    return bad(`invalid parameter "count_method": want inmemory or active, got ${JSON.stringify(foreign(method))}`)
  }
  const selector = params.get('selector') ?? ''
  if (answer === 'active_series' && selector === '') return bad('missing required parameter "selector"')
  const job = { kind: 'cardinality' as const, answer, labels, limit: limit.value }
  // The index itself knows this one.
  if (answer === 'label_names' && selector === '' && method === 'inmemory') return ok({ ...job, scan: undefined })
  const scan = scanOf(selector, METHODS[method], deps)
  return scan.ok ? ok({ ...job, scan: scan.value }) : scan
}

function scanOf(selector: string, reachMs: number, { nowMs, options }: CardinalityDeps): Result<SeriesScan, Fault> {
  const endMs = nowMs()
  const range = { startMs: endMs - reachMs, endMs }
  if (selector === '') return ok({ matchers: [], ...range })
  const scans = parseSelectors([selector], range, options, 'selector')
  return scans.ok ? ok(scans.value[0] as SeriesScan) : scans
}

function limitOf(text: string | null): Result<number, Fault> {
  if (text === null || text === '') return ok(LIMIT)
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 0 && limit <= LIMIT_MAX) return ok(limit)
  return bad(`invalid parameter "limit": want 0 to ${LIMIT_MAX}, got ${JSON.stringify(foreign(text))}`)
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}
