import { type Clock, err, type Fault, fault, foreign, type NsRange, ok, type Result } from '@vantage/model'
import { type ApiRequest, json, type Route } from '../route.ts'
import type { TracesJob } from '../traces/job.ts'
import { parseCount, parseTraceId, quotedName, quotedText, textCondition } from '../traces/params.ts'
import type { TraceQueries } from '../traces/queries.ts'
import { answered, integer, type TraceRoute, text, traceRoutes } from '../traces/route-factory.ts'

export interface ZipkinDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
  /** Span attributes that the search field completes. */
  readonly autocompleteKeys: readonly string[]
}

/** Where Zipkin's API lies beside others; on a port of its own it has the root. */
export const ZIPKIN_PREFIX = '/zipkin'

const MS_NS = 1_000_000n
/** A day, Zipkin's own default. */
const LOOKBACK_MS = 86_400_000n
const LIMIT = 10
const LIMIT_MAX = 1_000
const TRACE_IDS_MAX = 100

const NO_SERVICE = err(fault('bad_request', 'want a serviceName'))
/** What the screens of Zipkin ask before anything else. */
const UI_CONFIG = {
  environment: '',
  queryLimit: LIMIT,
  defaultLookback: Number(LOOKBACK_MS),
  searchEnabled: true,
  dependency: { enabled: true },
}

type Job = Result<TracesJob, Fault>

/** Zipkin's read API. Source: openzipkin/zipkin-api zipkin2-api.yaml. */
export class ZipkinApi {
  readonly #deps: ZipkinDeps

  constructor(deps: ZipkinDeps) {
    this.#deps = deps
  }

  /** @param prefix ZIPKIN_PREFIX, or '' on a port of its own */
  routes(prefix: string): Route[] {
    const route = traceRoutes(prefix, 'text')
    return [
      ...this.#nameRoutes(route),
      ...this.#traceRoutes(route),
      // With a key, as all others: who tests a data source wants to know whether its key is right.
      route('/health', 'Answers UP', [], async () => ok(json({ status: 'UP' }))),
      route('/config.json', 'What the screens of Zipkin ask first', [], async () => ok(json(UI_CONFIG))),
    ]
  }

  #nameRoutes(route: TraceRoute): Route[] {
    const service = text('serviceName', 'name of the service', true)
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    const keys = this.#deps.autocompleteKeys
    return [
      route('/api/v2/services', 'Names of services', [], (r) =>
        ask(r, ok({ kind: 'services', range: this.#recent(), form: 'zipkin' })),
      ),
      route('/api/v2/spans', 'Names of the spans of a service', [service], (r) => ask(r, this.#operations(r))),
      route('/api/v2/remoteServices', 'Names of whom a service calls, and who calls it', [service], (r) => {
        const name = r.params.get('serviceName') ?? ''
        if (name === '') return Promise.resolve(NO_SERVICE)
        return ask(r, ok({ kind: 'remote-services', service: name, range: this.#recent() }))
      }),
      route('/api/v2/autocompleteKeys', 'Tags that have completions', [], async () => ok(json(keys))),
      route('/api/v2/autocompleteValues', 'Values of a tag', [text('key', 'name of the tag', true)], async (r) => {
        const key = r.params.get('key') ?? ''
        if (!keys.includes(key)) return ok(json([]))
        return ask(r, ok({ kind: 'attribute-values', name: key, range: this.#recent() }))
      }),
    ]
  }

  #traceRoutes(route: TraceRoute): Route[] {
    const range = [integer('endTs', 'unix ms; default now'), integer('lookback', 'ms; default a day')]
    const search = [
      text('serviceName', 'name of the service'),
      text('spanName', 'name of the span'),
      text('annotationQuery', 'error and http.method=GET'),
      integer('minDuration', 'µs'),
      integer('maxDuration', 'µs'),
      integer('limit', `traces; default ${LIMIT}`),
      ...range,
    ]
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/v2/traces', 'Find traces', search, (r) => ask(r, this.#find(r))),
      route('/api/v2/trace/:traceId', 'One trace', [], (r) => {
        const traceId = parseTraceId(r.path['traceId'] ?? '')
        return ask(r, traceId.ok ? ok({ kind: 'trace', traceId: traceId.value, form: 'zipkin' }) : traceId)
      }),
      route('/api/v2/traceMany', 'Traces by their ids', [text('traceIds', 'ids with commas between', true)], (r) =>
        ask(r, manyJob(r.params.get('traceIds') ?? '')),
      ),
      route('/api/v2/dependencies', 'Calls between services', range, (r) => {
        const found = this.#range(r.params)
        return ask(r, found.ok ? ok({ kind: 'dependencies', range: found.value, form: 'zipkin' }) : found)
      }),
    ]
  }

  #nowMs(): bigint {
    return BigInt(Math.ceil(this.#deps.clock.nowMs()))
  }

  #recent(): NsRange {
    const endMs = this.#nowMs()
    return { startNs: (endMs - LOOKBACK_MS) * MS_NS, endNs: endMs * MS_NS }
  }

  #range(params: URLSearchParams): Result<NsRange, Fault> {
    const end = wholeNumber('endTs', params.get('endTs'))
    if (!end.ok) return end
    const lookback = wholeNumber('lookback', params.get('lookback'))
    if (!lookback.ok) return lookback
    const endMs = end.value ?? this.#nowMs()
    // Zipkin's end is inclusive.
    return ok({ startNs: (endMs - (lookback.value ?? LOOKBACK_MS)) * MS_NS, endNs: (endMs + 1n) * MS_NS })
  }

  #operations({ params }: ApiRequest): Job {
    const service = params.get('serviceName') ?? ''
    if (service === '') return NO_SERVICE
    return ok({ kind: 'operations', service, spanKind: undefined, range: this.#recent(), form: 'zipkin' })
  }

  #find({ params }: ApiRequest): Job {
    const range = this.#range(params)
    if (!range.ok) return range
    const limit = parseCount('limit', params.get('limit'), LIMIT, LIMIT_MAX)
    if (!limit.ok) return limit
    const query = queryOf(params)
    if (!query.ok) return query
    return ok({ kind: 'find', query: query.value, range: range.value, limit: limit.value, form: 'zipkin' })
  }
}

function wholeNumber(name: string, given: string | null): Result<bigint | undefined> {
  if (given === null || given === '') return ok(undefined)
  if (/^\d{1,17}$/.test(given)) return ok(BigInt(given))
  return err(fault('bad_request', `${name}: want a whole number, got ${JSON.stringify(foreign(given))}`))
}

function manyJob(list: string): Job {
  const ids = list.split(',').filter((id) => id !== '')
  if (ids.length === 0 || ids.length > TRACE_IDS_MAX) {
    return err(fault('bad_request', `traceIds: want 1 to ${TRACE_IDS_MAX} ids, got ${ids.length}`))
  }
  const traceIds: string[] = []
  for (const id of ids) {
    const traceId = parseTraceId(id)
    if (!traceId.ok) return traceId
    traceIds.push(traceId.value)
  }
  return ok({ kind: 'traces', traceIds: [...new Set(traceIds)], form: 'zipkin' })
}

/** A search as TraceQL: one span fulfils everything. */
function queryOf(params: URLSearchParams): Result<string> {
  const conditions: string[] = []
  const service = params.get('serviceName') ?? ''
  if (service !== '' && service !== 'all') conditions.push(`resource.service.name = ${quotedText(service)}`)
  const name = params.get('spanName') ?? ''
  if (name !== '' && name !== 'all') conditions.push(`name = ${quotedText(name)}`)
  const terms = (params.get('annotationQuery') ?? '').split(/\s+and\s+/).filter((term) => term.trim() !== '')
  for (const term of terms) conditions.push(termCondition(term.trim()))
  for (const [key, op] of [
    ['minDuration', '>='],
    ['maxDuration', '<='],
  ] as const) {
    const us = wholeNumber(key, params.get(key))
    if (!us.ok) return us
    if (us.value !== undefined) conditions.push(`duration ${op} ${us.value * 1_000n}ns`)
  }
  return ok(conditions.length === 0 ? '{ }' : `{ ${conditions.join(' && ')} }`)
}

/** `key=value` is a tag, a bare word a tag's name or an annotation's text; `error` is also the status. */
function termCondition(term: string): string {
  const at = term.indexOf('=')
  if (at > 0) return textCondition(`.${quotedName(term.slice(0, at))}`, term.slice(at + 1))
  const isThere = `.${quotedName(term)} != nil || event:name = ${quotedText(term)}`
  return term === 'error' ? `(status = error || ${isThere})` : `(${isThere})`
}
