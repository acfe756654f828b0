import { type Clock, err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { parseFieldName, TRACEQL_LIMITS } from '@vantage/query/traceql'
import { DIFF_FORMATS } from '@vantage/query/traces'
import type { ServerFacts } from '../queries.ts'
import type { ApiRequest, Route } from '../route.ts'
import type { RpcMethod } from '../rpc-method.ts'
import type { TraceForm, TracesJob } from '../traces/job.ts'
import { parseCount, parseRange, parseSpan, parseTraceId, quotedName } from '../traces/params.ts'
import type { TraceQueries } from '../traces/queries.ts'
import { answered, integer, type TraceRoute, text, traceRoutes } from '../traces/route-factory.ts'
import type { TempoMessage } from './messages.ts'
import { statusRoutes } from './status-routes.ts'
import { tagsQuery } from './tags-query.ts'

export interface TempoDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
  readonly facts: Pick<ServerFacts, 'buildInfo' | 'flags'>
}

/** Requests of the streaming service. */
export type TempoRpcRequest = 'search' | 'tags' | 'values' | 'range' | 'instant'

/** @returns the members of a message under the names of the HTTP API, or why it is none */
export type ReadTempoRequest = (kind: TempoRpcRequest, message: Uint8Array) => Result<URLSearchParams>

/** Where Tempo's API lies beside others; on a port of its own it has the root. */
export const TEMPO_PREFIX = '/tempo'

const HOUR_SECONDS = 3_600
const SEARCH_RANGE_SECONDS = 24 * HOUR_SECONDS
const SEARCH_LIMIT = 20
const SEARCH_LIMIT_MAX = 1_000
const SPANS_PER_SET = 3
const SPANS_PER_SET_MAX = 100
const TAG_VALUES_MAX = 10_000
const EXEMPLARS = 100
const EXEMPLARS_MAX = 1_000
/** Steps of a metrics query that names none. */
const DEFAULT_STEPS = 120n
const SECOND_NS = 1_000_000_000n
const PROTOBUF_TYPE = 'application/protobuf'

const RANGE = [text('start', 'unix seconds or RFC 3339'), text('end', 'unix seconds or RFC 3339; default now')]
const QUERY = text('q', 'TraceQL')

type Job = Result<TracesJob, Fault>

/** Tempo's HTTP API. Source: grafana/tempo docs/sources/tempo/api_docs/_index.md. */
export class TempoApi {
  readonly #deps: TempoDeps

  constructor(deps: TempoDeps) {
    this.#deps = deps
  }

  /** @param prefix TEMPO_PREFIX, or '' on a port of its own */
  routes(prefix: string): Route[] {
    const route = traceRoutes(prefix, 'text')
    return [
      ...this.#traceRoutes(route),
      ...this.#tagRoutes(route),
      ...this.#metricsRoutes(route),
      ...statusRoutes(route, this.#deps.facts),
    ]
  }

  /**
   * The streaming service that Grafana asks: searches and metrics tell what they have so far, the last message of each
   * stream has everything.
   * Source: grafana/tempo pkg/tempopb/tempo.proto, `StreamingQuerier`.
   */
  rpcMethods(read: ReadTempoRequest): RpcMethod[] {
    const method = (
      name: string,
      kind: TempoRpcRequest,
      message: TempoMessage,
      jobOf: (params: URLSearchParams) => Job,
    ): RpcMethod => ({
      service: 'tempopb.StreamingQuerier',
      name,
      permission: 'traces:read',
      handle: async ({ tenant, message: bytes, signal, send }) => {
        const params = read(kind, bytes)
        if (!params.ok) return params
        const job = jobOf(params.value)
        if (!job.ok) return job
        const framed: TracesJob = { kind: 'tempo-rpc', job: job.value, message }
        return this.#deps.queries.ask(tenant, framed, { signal, timeoutMs: undefined, onPart: send })
      },
    })
    const tagOf = (params: URLSearchParams): string => params.get('tag') ?? ''
    return [
      method('Search', 'search', 'search', (params) => this.#searchJob(params)),
      method('SearchTags', 'tags', 'tags', (params) => this.#tagsJob(params, 'flat')),
      method('SearchTagsV2', 'tags', 'tags-v2', (params) => this.#tagsJob(params, 'scoped')),
      method('SearchTagValues', 'values', 'values', (params) => this.#valuesJob(params, tagOf(params), 'flat')),
      method('SearchTagValuesV2', 'values', 'values-v2', (params) => this.#valuesJob(params, tagOf(params), 'typed')),
      method('MetricsQueryRange', 'range', 'range', (params) => this.#metricsJob(params, 'range')),
      method('MetricsQueryInstant', 'instant', 'instant', (params) => this.#metricsJob(params, 'instant')),
    ]
  }

  #traceRoutes(route: TraceRoute): Route[] {
    const search = [
      QUERY,
      text('tags', 'logfmt: key=value …'),
      text('minDuration', 'of the trace'),
      text('maxDuration', 'of the trace'),
      integer('limit', `traces; default ${SEARCH_LIMIT}`),
      integer('spss', `spans of each spanset; default ${SPANS_PER_SET}`),
      ...RANGE,
    ]
    return [
      route('/api/traces/:traceId', 'One trace, as OTLP', [], (r) => this.#trace(r, false)),
      route('/api/v2/traces/:traceId', 'One trace, as OTLP in an envelope', [], (r) => this.#trace(r, true)),
      route(
        '/api/v2/traces/diff',
        'What differs between two traces',
        [],
        (r) => answered(this.#deps.queries, r, diffJob(r.json)),
        ['POST'],
      ),
      route('/api/search', 'Find traces', search, (r) => answered(this.#deps.queries, r, this.#searchJob(r.params))),
    ]
  }

  #tagRoutes(route: TraceRoute): Route[] {
    const scope = text('scope', 'resource, span, event, link, instrumentation or intrinsic; default all')
    const limit = integer('limit', `values; default ${TAG_VALUES_MAX}`)
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/search/tags', 'Names of attributes', [scope, ...RANGE], (r) =>
        ask(r, this.#tagsJob(r.params, 'flat')),
      ),
      route('/api/v2/search/tags', 'Names of attributes by scope', [scope, ...RANGE], (r) =>
        ask(r, this.#tagsJob(r.params, 'scoped')),
      ),
      route('/api/search/tag/:tag/values', 'Values of an attribute', [limit, ...RANGE], (r) =>
        ask(r, this.#valuesJob(r.params, r.path['tag'] ?? '', 'flat')),
      ),
      route('/api/v2/search/tag/:tag/values', 'Values of a field, with their types', [QUERY, limit, ...RANGE], (r) =>
        ask(r, this.#valuesJob(r.params, r.path['tag'] ?? '', 'typed')),
      ),
    ]
  }

  #metricsRoutes(route: TraceRoute): Route[] {
    const since = text('since', 'length of the range in front of end; default 1h')
    const exemplars = integer('exemplars', `default ${EXEMPLARS}`)
    const parameters = [text('q', 'TraceQL metrics query', true), since, ...RANGE]
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route(
        '/api/metrics/query_range',
        'Series of a metrics query',
        [...parameters, text('step', 'duration or seconds'), exemplars],
        (r) => ask(r, this.#metricsJob(r.params, 'range')),
        ['GET', 'POST'],
      ),
      route(
        '/api/metrics/query',
        'One value for the whole range of each series of a metrics query',
        parameters,
        (r) => ask(r, this.#metricsJob(r.params, 'instant')),
        ['GET', 'POST'],
      ),
    ]
  }

  async #trace(request: ApiRequest, isEnveloped: boolean) {
    const traceId = parseTraceId(request.path['traceId'] ?? '')
    if (!traceId.ok) return traceId
    const isProtobuf = /\bapplication\/(x-)?protobuf\b/.test(request.accept ?? '')
    const form: TraceForm = `otlp-${isProtobuf ? 'protobuf' : 'json'}${isEnveloped ? '-v2' : ''}`
    const job: TracesJob = { kind: 'trace', traceId: traceId.value, form }
    const type = isProtobuf ? PROTOBUF_TYPE : undefined
    return answered(this.#deps.queries, request, ok(job), type)
  }

  #searchJob(params: URLSearchParams): Job {
    const range = parseRange(params, this.#deps.clock, SEARCH_RANGE_SECONDS)
    if (!range.ok) return range
    const limit = parseCount('limit', params.get('limit'), SEARCH_LIMIT, SEARCH_LIMIT_MAX)
    if (!limit.ok) return limit
    const spans = parseCount('spss', params.get('spss'), SPANS_PER_SET, SPANS_PER_SET_MAX)
    if (!spans.ok) return spans
    const query = queryOf(params)
    if (!query.ok) return query
    const request = { ...range.value, query: query.value, limit: limit.value, spansPerSet: spans.value }
    return ok({ kind: 'search', request })
  }

  #tagsJob(params: URLSearchParams, form: 'flat' | 'scoped'): Job {
    const range = parseRange(params, this.#deps.clock, SEARCH_RANGE_SECONDS)
    if (!range.ok) return range
    const scope = params.get('scope') ?? ''
    if (scope === '' || scope === 'none') return ok({ kind: 'tag-names', range: range.value, scope: undefined, form })
    if (SCOPES.has(scope)) return ok({ kind: 'tag-names', range: range.value, scope, form })
    return err(fault('bad_request', `scope: want ${[...SCOPES].join(', ')}, got ${JSON.stringify(foreign(scope))}`))
  }

  #valuesJob(params: URLSearchParams, name: string, form: 'flat' | 'typed'): Job {
    const range = parseRange(params, this.#deps.clock, SEARCH_RANGE_SECONDS)
    if (!range.ok) return range
    const limit = parseCount('limit', params.get('limit'), TAG_VALUES_MAX, TAG_VALUES_MAX)
    if (!limit.ok) return limit
    const tag = fieldOf(name, form)
    const query = form === 'typed' ? (params.get('q') ?? '') : ''
    return ok({ kind: 'tag-values', request: { ...range.value, tag, query, limit: limit.value }, form })
  }

  #metricsJob(params: URLSearchParams, form: 'range' | 'instant'): Job {
    const query = params.get('q') ?? params.get('query') ?? ''
    if (query === '') return err(fault('bad_request', 'want a TraceQL query in q'))
    const range = parseRange(params, this.#deps.clock, HOUR_SECONDS)
    if (!range.ok) return range
    const step = parseSpan('step', params.get('step'))
    if (!step.ok) return step
    const exemplars = parseCount('exemplars', params.get('exemplars'), EXEMPLARS, EXEMPLARS_MAX, 0)
    if (!exemplars.ok) return exemplars
    const { startNs, endNs } = range.value
    const stepNs = form === 'instant' ? undefined : (step.value ?? defaultStep(startNs, endNs))
    const exemplarsMax = form === 'instant' ? 0 : exemplars.value
    return ok({ kind: 'metrics', request: { query, startNs, endNs, stepNs, exemplarsMax }, form })
  }
}

/** `{"base": {"traceId"}, "compare": {"traceId"}, "format"}`; times that come along only hasten Tempo. */
function diffJob(body: unknown): Job {
  const { base, compare, format = DIFF_FORMATS[0] } = (body ?? {}) as Record<string, unknown>
  const known = DIFF_FORMATS.find((one) => one === format)
  if (known === undefined) {
    const got = foreign(JSON.stringify(format))
    return err(fault('bad_request', `format: want ${DIFF_FORMATS.join(', ')}, got ${got}`))
  }
  const [from, to] = [sideId('base', base), sideId('compare', compare)]
  if (!from.ok) return from
  return to.ok ? ok({ kind: 'diff', base: from.value, compare: to.value, format: known }) : to
}

function sideId(name: string, side: unknown): Result<string> {
  // Clients write it in either way.
  const { traceId, traceID = traceId } = (side ?? {}) as Record<string, unknown>
  if (typeof traceID === 'string') return parseTraceId(traceID)
  return err(fault('bad_request', `${name}: want {"traceId": hex}, got ${foreign(JSON.stringify(side) ?? 'none')}`))
}

const SCOPES: ReadonlySet<string> = new Set(['resource', 'span', 'event', 'link', 'instrumentation', 'intrinsic'])

/** `q` wins over the older parameters. */
function queryOf(params: URLSearchParams): Result<string, Fault> {
  const query = params.get('q') ?? ''
  if (query !== '') return ok(query)
  return tagsQuery(params.get('tags') ?? '', params.get('minDuration') ?? '', params.get('maxDuration') ?? '')
}

/** Whole seconds that make about DEFAULT_STEPS. */
function defaultStep(startNs: bigint, endNs: bigint): bigint {
  const seconds = (endNs - startNs) / DEFAULT_STEPS / SECOND_NS
  return (seconds > 0n ? seconds : 1n) * SECOND_NS
}

/** Names of the first API that mean intrinsics. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['status', 'status'],
  ['kind', 'kind'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
])

/**
 * A tag as TraceQL writes it. The first API knows attributes by bare names; the second takes fields, of whose names
 * unusual ones may come without quotes.
 */
function fieldOf(tag: string, form: 'flat' | 'typed'): string {
  if (form === 'flat') return OLD_NAMES.get(tag) ?? `.${quotedName(tag)}`
  if (parseFieldName(tag, TRACEQL_LIMITS).ok) return tag
  const [, scope, name] = /^(span|resource|event|link|instrumentation|)\.([\s\S]+)$/.exec(tag) ?? []
  return name === undefined ? tag : `${scope}.${quotedName(name)}`
}
