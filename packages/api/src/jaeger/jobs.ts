import {
  type Clock,
  err,
  type Fault,
  fault,
  foreign,
  type NsRange,
  ok,
  parseDurationMs,
  type Result,
} from '@vantage/model'
import type { TracesJob } from '../traces/job.ts'
import {
  parseCount,
  parseSpan,
  parseTimeNs,
  parseTraceId,
  quotedName,
  quotedText,
  textCondition,
} from '../traces/params.ts'

const MS_NS = 1_000_000n
const US_NS = 1_000n
/** Questions without a range look back so far. */
const LOOKBACK_NS = 48n * 3_600_000_000_000n
/** Traces of a search that names no number. */
export const LIMIT = 20
const LIMIT_MAX = 1_500
const TRACE_IDS_MAX = 100
/** Newest traces that say how a service is called, and how well it is. */
const INSIGHT_TRACES = 200

export type Job = Result<TracesJob, Fault>
/** Whose form the answers of the third version have: JSON over HTTP, messages over gRPC. */
type SummaryForm = 'jaeger-v3' | 'jaeger-v3-rpc'
type ThirdForm = 'jaeger-v3' | 'jaeger-v3-rpc' | 'jaeger-v2-rpc'

/** Jobs of the parameters of Jaeger's APIs. */
export class JaegerJobs {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  services(form: 'jaeger' | ThirdForm): Job {
    return ok({ kind: 'services', range: this.#recent(), form })
  }

  insight(params: URLSearchParams, kind: 'deep-dependencies' | 'quality'): Job {
    const service = params.get('service') ?? ''
    if (service === '') return err(fault('bad_request', 'want a service'))
    const query = queryOf(service, '', [], null, null)
    if (!query.ok) return query
    return ok({ kind, service, query: query.value, range: this.#recent(), limit: INSIGHT_TRACES })
  }

  #nowNs(): bigint {
    return BigInt(Math.ceil(this.#clock.nowMs())) * MS_NS
  }

  #recent(): NsRange {
    const endNs = this.#nowNs()
    return { startNs: endNs - LOOKBACK_NS, endNs }
  }

  operations(service: string, spanKind: string, form: 'jaeger' | 'jaeger-names' | ThirdForm): Job {
    if (service === '') return err(fault('bad_request', 'want a service'))
    const kind = spanKind === '' ? undefined : spanKind.toLowerCase().replace('span_kind_', '')
    return ok({ kind: 'operations', service, spanKind: kind, range: this.#recent(), form })
  }

  /** The first version's search. */
  find(params: URLSearchParams): Job {
    const ids = params.getAll('traceID')
    if (ids.length > 0) return tracesJob(ids, 'jaeger')
    const range = this.#microRange(params)
    if (!range.ok) return range
    const limit = parseCount('limit', params.get('limit'), LIMIT, LIMIT_MAX)
    if (!limit.ok) return limit
    const tags = tagsOf(params.getAll('tag'), [params.get('tags') ?? ''])
    if (!tags.ok) return tags
    const service = params.get('service') ?? ''
    if (service === '') return err(fault('bad_request', 'want a service'))
    const query = queryOf(
      service,
      params.get('operation') ?? '',
      tags.value,
      params.get('minDuration'),
      params.get('maxDuration'),
    )
    return query.ok
      ? ok({ kind: 'find', query: query.value, range: range.value, limit: limit.value, form: 'jaeger' })
      : query
  }

  /** The third version's search, whose parameters gRPC has in both versions. */
  findThird(params: URLSearchParams, form: ThirdForm): Job {
    const of = (name: string): string | null => params.get(`query.${name}`)
    const range = this.#range(params, 'query.start_time_min', 'query.start_time_max')
    if (!range.ok) return range
    const limit = parseCount('query.search_depth', of('search_depth') ?? of('num_traces'), LIMIT, LIMIT_MAX)
    if (!limit.ok) return limit
    const tags = tagsOf([], [of('attributes') ?? ''])
    if (!tags.ok) return tags
    const query = queryOf(
      of('service_name') ?? '',
      of('operation_name') ?? '',
      tags.value,
      of('duration_min'),
      of('duration_max'),
    )
    if (!query.ok) return query
    return ok({ kind: 'find', query: query.value, range: range.value, limit: limit.value, form })
  }

  /** The same search, of whose traces a few figures are told. */
  summaries(params: URLSearchParams, form: SummaryForm): Job {
    const found = this.findThird(params, form)
    return found.ok && found.value.kind === 'find' ? ok({ ...found.value, kind: 'summaries', form }) : found
  }

  #microRange(params: URLSearchParams): Result<NsRange, Fault> {
    const [start, end] = ['start', 'end'].map((name) => wholeNumber(name, params.get(name))) as [
      Result<bigint | undefined>,
      Result<bigint | undefined>,
    ]
    if (!start.ok) return start
    if (!end.ok) return end
    const lookbackMs = parseDurationMs(params.get('lookback') ?? '')
    const endNs = end.value === undefined ? this.#nowNs() : end.value * US_NS
    const backNs = lookbackMs === undefined ? LOOKBACK_NS : BigInt(lookbackMs) * MS_NS
    return ok({ startNs: start.value === undefined ? endNs - backNs : start.value * US_NS, endNs })
  }

  dependencies(params: URLSearchParams): Job {
    const end = wholeNumber('endTs', params.get('endTs'))
    if (!end.ok) return end
    const lookback = wholeNumber('lookback', params.get('lookback'))
    if (!lookback.ok) return lookback
    const endNs = end.value === undefined ? this.#nowNs() : end.value * MS_NS
    const backNs = lookback.value === undefined ? LOOKBACK_NS : lookback.value * MS_NS
    return ok({ kind: 'dependencies', range: { startNs: endNs - backNs, endNs }, form: 'jaeger' })
  }

  /** As the third version and gRPC ask: from one time to another. */
  dependenciesBetween(params: URLSearchParams, form: ThirdForm): Job {
    const range = this.#range(params, 'start_time', 'end_time')
    return range.ok ? ok({ kind: 'dependencies', range: range.value, form }) : range
  }

  #range(params: URLSearchParams, startName: string, endName: string): Result<NsRange, Fault> {
    const start = parseTimeNs(startName, params.get(startName))
    if (!start.ok) return start
    const end = parseTimeNs(endName, params.get(endName))
    if (!end.ok) return end
    const endNs = end.value ?? this.#nowNs()
    return ok({ startNs: start.value ?? endNs - LOOKBACK_NS, endNs })
  }
}

function wholeNumber(name: string, text: string | null): Result<bigint | undefined> {
  if (text === null || text === '') return ok(undefined)
  if (/^\d{1,17}$/.test(text)) return ok(BigInt(text))
  return err(fault('bad_request', `${name}: want a whole number, got ${JSON.stringify(foreign(text))}`))
}

export function traceJob(id: string, form: 'jaeger' | ThirdForm): Job {
  const traceId = parseTraceId(id)
  return traceId.ok ? ok({ kind: 'trace', traceId: traceId.value, form }) : traceId
}

function tracesJob(ids: readonly string[], form: 'jaeger'): Job {
  if (ids.length > TRACE_IDS_MAX)
    return err(fault('bad_request', `want at most ${TRACE_IDS_MAX} trace ids, got ${ids.length}`))
  const traceIds: string[] = []
  for (const id of ids) {
    const traceId = parseTraceId(id)
    if (!traceId.ok) return traceId
    traceIds.push(traceId.value)
  }
  return ok({ kind: 'traces', traceIds, form })
}

/** `key:value` each, and JSON objects of texts. */
function tagsOf(pairs: readonly string[], objects: readonly string[]): Result<[string, string][]> {
  const tags: [string, string][] = []
  for (const pair of pairs) {
    const at = pair.indexOf(':')
    if (at <= 0) return err(fault('bad_request', `tag: want key:value, got ${JSON.stringify(foreign(pair))}`))
    tags.push([pair.slice(0, at), pair.slice(at + 1)])
  }
  for (const text of objects) {
    if (text === '') continue
    const object = jsonObject(text)
    if (object === undefined)
      return err(fault('bad_request', `tags: want a JSON object, got ${JSON.stringify(foreign(text))}`))
    for (const [key, value] of Object.entries(object)) tags.push([key, String(value)])
  }
  return ok(tags)
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A search as TraceQL: one span fulfils everything. */
function queryOf(
  service: string,
  operation: string,
  tags: readonly (readonly [string, string])[],
  minDuration: string | null,
  maxDuration: string | null,
): Result<string> {
  const conditions: string[] = []
  if (service !== '') conditions.push(`resource.service.name = ${quotedText(service)}`)
  if (operation !== '' && operation !== 'all') conditions.push(`name = ${quotedText(operation)}`)
  for (const [key, value] of tags) conditions.push(tagCondition(key, value))
  for (const [name, op, length] of [
    ['minDuration', '>=', minDuration],
    ['maxDuration', '<=', maxDuration],
  ] as const) {
    const ns = parseSpan(name, length)
    if (!ns.ok) return ns
    if (ns.value !== undefined) conditions.push(`duration ${op} ${ns.value}ns`)
  }
  return ok(conditions.length === 0 ? '{ }' : `{ ${conditions.join(' && ')} }`)
}

/** Tags that Jaeger shows and that are fields of the span here. */
function tagCondition(key: string, value: string): string {
  if (key === 'error') return value === 'true' ? 'status = error' : 'status != error'
  if (key === 'otel.status_code' && (value === 'ERROR' || value === 'OK')) return `status = ${value.toLowerCase()}`
  const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
  if (key === 'span.kind' && kinds.includes(value)) return `kind = ${value}`
  return textCondition(`.${quotedName(key)}`, value)
}
