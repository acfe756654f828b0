import { err, type Fault, fault, foreign, METRIC_NAME, ok, type Result } from '@vantage/model'
import type { EngineOptions } from '@vantage/query/promql'
import type { ApiRequest, Parameter, Route } from '../route.ts'
import { parseBoolean, parseSelectors, parseTime } from './params.ts'
import { FUZZ_ALGORITHMS, type FuzzAlgorithm, type SearchJob } from './search-answer.ts'
import type { RouteFactory } from './status-routes.ts'

/** What is searched without `start`. */
const RANGE_MS = 3_600_000
/** Names of an answer, and of one line of it, where the request names no number or 0. */
const LIMIT = 100
const BATCH = 100
/** Each is compared with every name. */
const TERMS_MAX = 16
/** No name of a label may be longer. */
const TERM_CHARS_MAX = 1_024

type Subject = 'metric_names' | 'label_names' | 'label_values'

const SUMMARIES: Readonly<Record<Subject, string>> = {
  metric_names: 'Names of metrics that look like what is searched, as lines of JSON',
  label_names: 'Names of labels that look like what is searched, as lines of JSON',
  label_values: 'Values of one label that look like what is searched, as lines of JSON',
}

function parameter(name: string, type: Parameter['type'], description: string, required = false): Parameter {
  return { name, in: 'query', required, description, type }
}

const COMMON: readonly Parameter[] = [
  { ...parameter('search[]', 'string', 'what is searched; one of several has to fit'), repeated: true },
  { ...parameter('match[]', 'string', 'series selector; several are united'), repeated: true },
  parameter('start', 'string', 'unix seconds or RFC 3339; default one hour ago'),
  parameter('end', 'string', 'unix seconds or RFC 3339; default now'),
  parameter('fuzz_alg', 'string', `${Object.keys(FUZZ_ALGORITHMS).join(' or ')}; default subsequence`),
  parameter('fuzz_threshold', 'integer', 'the least score that fits, 0 to 100; default 0'),
  parameter('case_sensitive', 'boolean', 'default true'),
  parameter('sort_by', 'string', 'alpha or score; default alpha'),
  parameter('sort_dir', 'string', 'asc or dsc, of alpha; default asc'),
  parameter('include_score', 'boolean', 'default false'),
  parameter('limit', 'integer', 'at most so many; default 100'),
  parameter('batch_size', 'integer', 'names of one line; default 100'),
]

const FURTHER: Readonly<Record<Subject, readonly Parameter[]>> = {
  metric_names: [parameter('include_metadata', 'boolean', 'type, help and unit too; default false')],
  label_names: [],
  label_values: [parameter('label', 'string', 'the name of the label', true)],
}

export interface SearchDeps {
  ask(request: ApiRequest, job: SearchJob): ReturnType<Route['handle']>
  nowMs(): number
  readonly options: EngineOptions
}

/** Names by how they look. Source: Prometheus, docs/querying/api.md, search API. */
export function searchRoutes(route: RouteFactory, deps: SearchDeps): Route[] {
  return (Object.keys(SUMMARIES) as Subject[]).map((subject) =>
    route(`search/${subject}`, SUMMARIES[subject], [...COMMON, ...FURTHER[subject]], async (request) => {
      const job = searchJob(subject, request.params, deps)
      return job.ok ? deps.ask(request, job.value) : job
    }),
  )
}

function searchJob(subject: Subject, params: URLSearchParams, deps: SearchDeps): Result<SearchJob, Fault> {
  const nowMs = deps.nowMs()
  const start = parseTime('start', params.get('start'), nowMs - RANGE_MS)
  if (!start.ok) return start
  const end = parseTime('end', params.get('end'), nowMs)
  if (!end.ok) return end
  if (end.value < start.value) return bad('end timestamp must not be before start timestamp')
  const range = { startMs: start.value, endMs: end.value }
  const scans = parseSelectors(params.getAll('match[]'), range, deps.options)
  if (!scans.ok) return scans
  const label = labelOf(subject, params)
  if (!label.ok) return label
  const terms = termsOf(params)
  if (!terms.ok) return terms
  const order = orderOf(params)
  if (!order.ok) return order
  const comparing = comparingOf(params)
  if (!comparing.ok) return comparing
  const shape = shapeOf(params)
  if (!shape.ok) return shape
  return ok({
    kind: 'search',
    ...label.value,
    scans: scans.value,
    range,
    terms: terms.value,
    order: order.value,
    ...comparing.value,
    ...shape.value,
  })
}

function labelOf(subject: Subject, params: URLSearchParams): Result<Pick<SearchJob, 'label'>> {
  if (subject === 'label_names') return ok({})
  if (subject === 'metric_names') return ok({ label: METRIC_NAME })
  const label = params.get('label') ?? ''
  return label === '' ? bad('missing required parameter "label"') : ok({ label })
}

function termsOf(params: URLSearchParams): Result<string[]> {
  const terms = params.getAll('search[]')
  if (terms.length > TERMS_MAX) {
    return bad(`invalid parameter "search[]": want at most ${TERMS_MAX} of them, got ${terms.length}`)
  }
  const longest = Math.max(0, ...terms.map((term) => term.length))
  if (longest <= TERM_CHARS_MAX) return ok(terms)
  return bad(`invalid parameter "search[]": want at most ${TERM_CHARS_MAX} characters, got ${longest}`)
}

function orderOf(params: URLSearchParams): Result<SearchJob['order']> {
  const by = params.get('sort_by') ?? ''
  const direction = params.get('sort_dir') ?? ''
  if (by !== '' && by !== 'alpha' && by !== 'score') return wanted('sort_by', 'alpha or score', by)
  if (direction !== '' && direction !== 'asc' && direction !== 'dsc') return wanted('sort_dir', 'asc or dsc', direction)
  if (direction !== '' && by !== 'alpha') return bad('invalid parameter "sort_dir": it goes with sort_by=alpha only')
  if (by === 'score' && !params.has('search[]')) return bad('invalid parameter "sort_by": score needs search[]')
  if (by === 'score') return ok('score')
  return ok(direction === 'dsc' ? 'descending' : 'ascending')
}

type Comparing = Pick<SearchJob, 'algorithm' | 'threshold' | 'isCaseSensitive'>

function comparingOf(params: URLSearchParams): Result<Comparing> {
  const algorithm = params.get('fuzz_alg') || 'subsequence'
  if (!Object.hasOwn(FUZZ_ALGORITHMS, algorithm)) {
    return wanted('fuzz_alg', Object.keys(FUZZ_ALGORITHMS).join(' or '), algorithm)
  }
  const threshold = wholeOf(params, 'fuzz_threshold', 100)
  if (!threshold.ok) return threshold
  const isCaseSensitive = params.get('case_sensitive')
    ? parseBoolean('case_sensitive', params.get('case_sensitive'))
    : ok(true)
  if (!isCaseSensitive.ok) return isCaseSensitive
  return ok({
    algorithm: algorithm as FuzzAlgorithm,
    threshold: threshold.value / 100,
    isCaseSensitive: isCaseSensitive.value,
  })
}

type Shape = Pick<SearchJob, 'limit' | 'batchSize' | 'hasScore' | 'hasMetadata'>

function shapeOf(params: URLSearchParams): Result<Shape> {
  const limit = wholeOf(params, 'limit')
  if (!limit.ok) return limit
  const batch = wholeOf(params, 'batch_size')
  if (!batch.ok) return batch
  const hasScore = parseBoolean('include_score', params.get('include_score'))
  if (!hasScore.ok) return hasScore
  const hasMetadata = parseBoolean('include_metadata', params.get('include_metadata'))
  if (!hasMetadata.ok) return hasMetadata
  return ok({
    limit: limit.value || LIMIT,
    batchSize: batch.value || BATCH,
    hasScore: hasScore.value,
    hasMetadata: hasMetadata.value,
  })
}

/** Absent is 0. */
function wholeOf(params: URLSearchParams, name: string, max = Number.MAX_SAFE_INTEGER): Result<number> {
  const text = params.get(name) ?? ''
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= max) return ok(value)
  return wanted(name, max === Number.MAX_SAFE_INTEGER ? 'a whole number from 0' : `0 to ${max}`, text)
}

function wanted(name: string, want: string, got: string): { readonly ok: false; readonly error: Fault } {
  return bad(`invalid parameter "${name}": want ${want}, got ${JSON.stringify(foreign(got))}`)
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}
