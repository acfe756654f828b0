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
import type { ApiRequest, Route } from '../route.ts'
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
import type { TraceQueries } from '../traces/queries.ts'
import { answered, integer, type TraceRoute, text, traceRoutes } from '../traces/route-factory.ts'

export interface JaegerDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
}

/** Where Jaeger's API lies beside others; on a port of its own it has the root. */
export const JAEGER_PREFIX = '/jaeger'

const MS_NS = 1_000_000n
const US_NS = 1_000n
/** Questions without a range look back so far. */
const LOOKBACK_NS = 48n * 3_600_000_000_000n
const LIMIT = 20
const LIMIT_MAX = 1_500
const TRACE_IDS_MAX = 100

type Job = Result<TracesJob, Fault>

/** Jaeger's JSON APIs. Source: jaegertracing.io/docs/latest/apis; jaegertracing/jaeger internal/apis, api_v3. */
export class JaegerApi {
  readonly #deps: JaegerDeps

  constructor(deps: JaegerDeps) {
    this.#deps = deps
  }

  /** @param prefix JAEGER_PREFIX, or '' on a port of its own */
  routes(prefix: string): Route[] {
    const route = traceRoutes(prefix, 'jaeger')
    return [...this.#firstRoutes(route), ...this.#thirdRoutes(route)]
  }

  #firstRoutes(route: TraceRoute): Route[] {
    const search = [
      text('service', 'name of the service', true),
      text('operation', 'name of the span'),
      text('tags', 'JSON object of texts'),
      { ...text('tag', 'key:value'), repeated: true },
      integer('start', 'unix µs'),
      integer('end', 'unix µs'),
      text('lookback', 'length of the range in front of end'),
      integer('limit', `traces; default ${LIMIT}`),
      text('minDuration', 'of the span'),
      text('maxDuration', 'of the span'),
      { ...text('traceID', 'these traces instead'), repeated: true },
    ]
    const depends = [integer('endTs', 'unix ms; default now'), integer('lookback', 'ms; default 48 h')]
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/services', 'Names of services', [], (r) =>
        ask(r, ok({ kind: 'services', range: this.#recent(), form: 'jaeger' })),
      ),
      route('/api/services/:service/operations', 'Names of operations of a service', [], (r) =>
        ask(r, this.#operations(r.path['service'] ?? '', '', 'jaeger-names')),
      ),
      route(
        '/api/operations',
        'Operations of a service with their kinds',
        [text('service', 'name of the service', true), text('spanKind', 'only of this kind')],
        (r) => ask(r, this.#operations(r.params.get('service') ?? '', r.params.get('spanKind') ?? '', 'jaeger')),
      ),
      route('/api/traces', 'Find traces', search, (r) => ask(r, this.#find(r))),
      route('/api/traces/:traceId', 'One trace', [], (r) => ask(r, traceJob(r.path['traceId'] ?? '', 'jaeger'))),
      route('/api/dependencies', 'Calls between services', depends, (r) => ask(r, this.#dependencies(r))),
    ]
  }

  #thirdRoutes(route: TraceRoute): Route[] {
    const names = [
      'service_name',
      'operation_name',
      'attributes',
      'start_time_min',
      'start_time_max',
      'duration_min',
      'duration_max',
      'search_depth',
    ]
    const search = names.map((name) => text(`query.${name}`, name.replaceAll('_', ' ')))
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/v3/services', 'Names of services', [], (r) =>
        ask(r, ok({ kind: 'services', range: this.#recent(), form: 'jaeger-v3' })),
      ),
      route(
        '/api/v3/operations',
        'Operations of a service',
        [text('service', 'name of the service', true), text('span_kind', 'only of this kind')],
        (r) => ask(r, this.#operations(r.params.get('service') ?? '', r.params.get('span_kind') ?? '', 'jaeger-v3')),
      ),
      route('/api/v3/traces', 'Find traces, as OTLP', search, (r) => ask(r, this.#findThird(r))),
      route('/api/v3/traces/:traceId', 'One trace, as OTLP', [], (r) =>
        ask(r, traceJob(r.path['traceId'] ?? '', 'jaeger-v3')),
      ),
    ]
  }

  #nowNs(): bigint {
    return BigInt(Math.ceil(this.#deps.clock.nowMs())) * MS_NS
  }

  #recent(): NsRange {
    const endNs = this.#nowNs()
    return { startNs: endNs - LOOKBACK_NS, endNs }
  }

  #operations(service: string, spanKind: string, form: 'jaeger' | 'jaeger-names' | 'jaeger-v3'): Job {
    if (service === '') return err(fault('bad_request', 'want a service'))
    const kind = spanKind === '' ? undefined : spanKind.toLowerCase().replace('span_kind_', '')
    return ok({ kind: 'operations', service, spanKind: kind, range: this.#recent(), form })
  }

  #find({ params }: ApiRequest): Job {
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

  #findThird({ params }: ApiRequest): Job {
    const of = (name: string): string | null => params.get(`query.${name}`)
    const [start, end] = [
      parseTimeNs('query.start_time_min', of('start_time_min')),
      parseTimeNs('query.start_time_max', of('start_time_max')),
    ]
    if (!start.ok) return start
    if (!end.ok) return end
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
    const endNs = end.value ?? this.#nowNs()
    const range = { startNs: start.value ?? endNs - LOOKBACK_NS, endNs }
    return ok({ kind: 'find', query: query.value, range, limit: limit.value, form: 'jaeger-v3' })
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

  #dependencies({ params }: ApiRequest): Job {
    const end = wholeNumber('endTs', params.get('endTs'))
    if (!end.ok) return end
    const lookback = wholeNumber('lookback', params.get('lookback'))
    if (!lookback.ok) return lookback
    const endNs = end.value === undefined ? this.#nowNs() : end.value * MS_NS
    const backNs = lookback.value === undefined ? LOOKBACK_NS : lookback.value * MS_NS
    return ok({ kind: 'dependencies', range: { startNs: endNs - backNs, endNs }, form: 'jaeger' })
  }
}

function wholeNumber(name: string, text: string | null): Result<bigint | undefined> {
  if (text === null || text === '') return ok(undefined)
  if (/^\d{1,17}$/.test(text)) return ok(BigInt(text))
  return err(fault('bad_request', `${name}: want a whole number, got ${JSON.stringify(foreign(text))}`))
}

function traceJob(id: string, form: 'jaeger' | 'jaeger-v3'): Job {
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
