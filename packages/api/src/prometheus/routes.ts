import { type Clock, err, type Fault, fault, METRIC_NAME, ok, type Result, type SeriesScan } from '@vantage/model'
import {
  type EngineOptions,
  exprToJson,
  LOOKBACK_MS,
  parsePromql,
  prettyExpr,
  selectorsOf,
} from '@vantage/query/promql'
import type { MetricAdmin, MetricQueries, Notices, ServerFacts } from '../queries.ts'
import type { QueryJob } from '../query-job.ts'
import { type ApiAnswer, type ApiRequest, JSON_TYPE, type Parameter, type Route } from '../route.ts'
import { cardinalityRoutes } from './cardinality.ts'
import { FEDERATE_TYPES, federateForm } from './federate.ts'
import { notificationRoutes } from './notifications.ts'
import { parseBoolean, parseLimit, parseLookback, parseSelectors, parseStep, parseTime } from './params.ts'
import { searchRoutes } from './search.ts'
import { NDJSON_TYPE } from './search-answer.ts'
import { type RouteFactory, routeFactory, statusRoutes, success } from './status-routes.ts'

/** Times of requests without a range: everything there is. */
const MIN_TIME_MS = -8.64e15
const MAX_TIME_MS = 8.64e15

export interface PrometheusDeps {
  readonly queries: MetricQueries
  readonly facts: ServerFacts
  readonly clock: Clock
  readonly admin: MetricAdmin
  readonly notices: Notices
  /** How PromQL is read and evaluated, its limits included. */
  readonly options: EngineOptions
}

type Answer = Promise<Result<ApiAnswer, Fault>>

const QUERY: Parameter = { name: 'query', in: 'query', required: true, description: 'PromQL', type: 'string' }
const TIMEOUT: Parameter = text('timeout', 'duration; at most query.timeout')
const LIMIT: Parameter = {
  name: 'limit',
  in: 'query',
  required: false,
  description: 'at most so many, 0 = all',
  type: 'integer',
}
const START: Parameter = text('start', 'unix seconds or RFC 3339')
const END: Parameter = text('end', 'unix seconds or RFC 3339')
const MATCH: Parameter = {
  name: 'match[]',
  in: 'query',
  required: false,
  description: 'series selector; several are united',
  type: 'string',
  repeated: true,
}
const SKIP_HEAD: Parameter = {
  name: 'skip_head',
  in: 'query',
  required: false,
  description: 'true leaves out what is in memory only; default false',
  type: 'boolean',
}
const TRACE: Parameter = text('trace', '1 = the answer explains how it was made')

function text(name: string, description: string, required = false): Parameter {
  return { name, in: 'query', required, description, type: 'string' }
}

/** The Prometheus HTTP API. Source: prometheus/prometheus docs/querying/api.md. */
export class PrometheusApi {
  readonly #deps: PrometheusDeps

  constructor(deps: PrometheusDeps) {
    this.#deps = deps
  }

  /** @param prefix '' or a path in front of `/api/v1` */
  routes(prefix: string): Route[] {
    const route = routeFactory(prefix)
    return [
      ...this.#queryRoutes(route),
      ...statusRoutes(route, this.#deps.facts, this.#deps.options),
      ...notificationRoutes(route, this.#deps.notices),
      ...searchRoutes(route, this.#asking(NDJSON_TYPE)),
      ...cardinalityRoutes(route, this.#asking(JSON_TYPE)),
      ...this.#adminRoutes(route),
      {
        ...route('', 'The newest samples, as text or protobuf by `Accept`', [MATCH], (r) => this.#federate(r), ['GET']),
        path: `${prefix}/federate`,
      },
    ]
  }

  #queryRoutes(route: RouteFactory): Route[] {
    const name: Parameter = { name: 'name', in: 'path', required: true, description: 'label name', type: 'string' }
    const range = [MATCH, START, END, LIMIT]
    return [
      route(
        'query',
        'Instant query',
        [QUERY, text('time', 'unix seconds or RFC 3339; default now'), TIMEOUT, LIMIT, TRACE],
        (r) => this.#query(r),
      ),
      route(
        'query_range',
        'Range query',
        [QUERY, START, END, text('step', 'duration or seconds', true), TIMEOUT, LIMIT, TRACE],
        (r) => this.#queryRange(r),
      ),
      route('query_exemplars', 'Exemplars of the series that a query selects', [QUERY, START, END], (r) =>
        this.#exemplars(r),
      ),
      route('series', 'Label sets of series', range, (r) => this.#series(r)),
      route('labels', 'Label names', range, (r) => this.#labelNames(r)),
      route('label/:name/values', 'Values of one label', [name, ...range], (r) => this.#labelValues(r), ['GET']),
      route(
        'metadata',
        'Type, unit and help of metrics',
        [text('metric', 'one metric'), LIMIT, { ...LIMIT, name: 'limit_per_metric' }],
        (r) => this.#metadata(r),
        ['GET'],
      ),
      route('format_query', 'A query in standard form', [QUERY], (r) => this.#formatQuery(r)),
      route('parse_query', 'Syntax tree of a query', [QUERY], (r) => this.#parseQuery(r)),
      route('status/tsdb', 'Cardinality of the head', [LIMIT], (r) => this.#tsdb(r), ['GET']),
    ]
  }

  #adminRoutes(route: RouteFactory): Route[] {
    const admin = (
      path: string,
      summary: string,
      parameters: Parameter[],
      handle: (r: ApiRequest) => Answer,
    ): Route => ({
      ...route(`admin/tsdb/${path}`, summary, parameters, handle, ['POST', 'PUT']),
      permission: 'admin',
    })
    return [
      admin('delete_series', 'Delete the samples of series', [MATCH, START, END], (r) => this.#delete(r)),
      admin('clean_tombstones', 'Take what was deleted out of the files', [], (r) => this.#clean(r)),
      admin('snapshot', 'Copy what is stored to a folder under snapshots', [SKIP_HEAD], (r) => this.#snapshot(r)),
    ]
  }

  async #ask(request: ApiRequest, job: QueryJob, contentType = JSON_TYPE): Answer {
    const timeout = request.params.get('timeout')
    let timeoutMs: number | undefined
    if (timeout !== null && timeout !== '') {
      const parsed = parseStep('timeout', timeout)
      if (!parsed.ok) return parsed
      timeoutMs = parsed.value
    }
    const answer = await this.#deps.queries.ask(request.tenant, job, { signal: request.signal, timeoutMs })
    return answer.ok ? ok({ contentType, body: answer.value }) : answer
  }

  /** For routes of other files: what they need to ask their questions. */
  #asking(contentType: string) {
    const { clock, options } = this.#deps
    return {
      ask: (request: ApiRequest, job: QueryJob): Answer => this.#ask(request, job, contentType),
      nowMs: () => clock.nowMs(),
      options,
    }
  }

  async #query(request: ApiRequest): Answer {
    const { params } = request
    const time = parseTime('time', params.get('time'), this.#deps.clock.nowMs())
    if (!time.ok) return time
    return this.#promql(request, { startMs: time.value, endMs: time.value, stepMs: 0 })
  }

  async #queryRange(request: ApiRequest): Answer {
    const { params } = request
    const nowMs = this.#deps.clock.nowMs()
    const start = parseTime('start', params.get('start'), nowMs)
    if (!start.ok) return start
    const end = parseTime('end', params.get('end'), nowMs)
    if (!end.ok) return end
    const step = parseStep('step', params.get('step') ?? '')
    if (!step.ok) return step
    if (end.value < start.value) return bad('invalid parameter "end": end timestamp must not be before start time')
    if (step.value <= 0) {
      return bad(
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
      )
    }
    return this.#promql(request, { startMs: start.value, endMs: end.value, stepMs: step.value })
  }

  #promql(request: ApiRequest, range: { startMs: number; endMs: number; stepMs: number }): Answer {
    const { params } = request
    const limit = parseLimit(params.get('limit'))
    if (!limit.ok) return Promise.resolve(limit)
    const lookback = parseLookback(params.get('lookback_delta'))
    if (!lookback.ok) return Promise.resolve(lookback)
    return this.#ask(request, {
      kind: 'promql',
      query: params.get('query') ?? '',
      range,
      ...(lookback.value === undefined ? {} : { lookbackMs: lookback.value }),
      options: this.#deps.options,
      explain: params.get('trace') === '1',
      ...(params.get('nocache') === '1' ? { isFresh: true } : {}),
      limit: limit.value,
    })
  }

  async #exemplars(request: ApiRequest): Answer {
    const range = this.#range(request)
    if (!range.ok) return range
    const options = this.#deps.options
    const parsed = parsePromql(request.params.get('query') ?? '', options)
    if (!parsed.ok) return parsed
    const nowMs = this.#deps.clock.nowMs()
    const scans = selectorsOf(parsed.value, { startMs: nowMs, endMs: nowMs, stepMs: 0 }, 0, options)
    if (!scans.ok) return scans
    return this.#ask(request, {
      kind: 'exemplars',
      scans: scans.value.map(({ matchers }) => ({ matchers, ...range.value })),
    })
  }

  async #series(request: ApiRequest): Answer {
    const common = this.#scans(request)
    if (!common.ok) return common
    if (common.value.scans.length === 0) return bad('no match[] parameter provided')
    return this.#ask(request, { kind: 'series', scans: common.value.scans, limit: common.value.limit })
  }

  async #labelNames(request: ApiRequest): Answer {
    const common = this.#scans(request)
    return common.ok ? this.#ask(request, { kind: 'label-names', ...common.value }) : common
  }

  async #labelValues(request: ApiRequest): Answer {
    const name = unescapeName(request.path['name'] ?? '')
    if (name === '') return bad('invalid label name: ""')
    const common = this.#scans(request)
    return common.ok ? this.#ask(request, { kind: 'label-values', name, ...common.value }) : common
  }

  async #metadata(request: ApiRequest): Answer {
    const limit = parseLimit(request.params.get('limit'))
    if (!limit.ok) return limit
    // Of each metric there is one entry, the newest: a limit per metric changes nothing but must be one.
    const perMetric = parseLimit(request.params.get('limit_per_metric'), 'limit_per_metric')
    if (!perMetric.ok) return perMetric
    return this.#ask(request, {
      kind: 'metadata',
      metric: request.params.get('metric') ?? undefined,
      limit: limit.value,
    })
  }

  async #formatQuery(request: ApiRequest): Answer {
    const parsed = parsePromql(request.params.get('query') ?? '', this.#deps.options)
    return parsed.ok ? ok(success(prettyExpr(parsed.value))) : parsed
  }

  async #parseQuery(request: ApiRequest): Answer {
    const parsed = parsePromql(request.params.get('query') ?? '', this.#deps.options)
    return parsed.ok ? ok(success(exprToJson(parsed.value))) : parsed
  }

  async #tsdb(request: ApiRequest): Answer {
    const limit = parseLimit(request.params.get('limit'))
    if (!limit.ok) return limit
    const count = limit.value === 0 ? 10 : limit.value
    const senders = this.#deps.facts.senders(request.tenant, count)
    return this.#ask(request, { kind: 'tsdb', limit: count, senders })
  }

  async #federate(request: ApiRequest): Answer {
    const nowMs = this.#deps.clock.nowMs()
    const range = { startMs: nowMs - LOOKBACK_MS, endMs: nowMs }
    const scans = parseSelectors(request.params.getAll('match[]'), range, this.#deps.options)
    if (!scans.ok) return scans
    if (scans.value.length === 0) return bad('no match[] parameter provided')
    const form = federateForm(request.accept)
    return this.#ask(request, { kind: 'federate', scans: scans.value, form }, FEDERATE_TYPES[form])
  }

  async #delete(request: ApiRequest): Answer {
    const common = this.#scans(request)
    if (!common.ok) return common
    if (common.value.scans.length === 0) return bad('no match[] parameter provided')
    for (const scan of common.value.scans) {
      const problem = await this.#deps.admin.deleteSeries(request.tenant, scan)
      if (problem !== undefined) return err(problem)
    }
    return ok({ status: 204, contentType: JSON_TYPE, body: '' })
  }

  async #clean(request: ApiRequest): Answer {
    const problem = await this.#deps.admin.cleanTombstones(request.tenant)
    return problem === undefined ? ok({ status: 204, contentType: JSON_TYPE, body: '' }) : err(problem)
  }

  async #snapshot(request: ApiRequest): Answer {
    const skipsHead = parseBoolean('skip_head', request.params.get('skip_head'))
    if (!skipsHead.ok) return skipsHead
    const name = await this.#deps.admin.snapshot(skipsHead.value)
    return name.ok ? ok(success({ name: name.value })) : name
  }

  #range(request: ApiRequest): Result<{ startMs: number; endMs: number }> {
    const start = parseTime('start', request.params.get('start'), MIN_TIME_MS)
    if (!start.ok) return start
    const end = parseTime('end', request.params.get('end'), MAX_TIME_MS)
    if (!end.ok) return end
    if (end.value < start.value) return bad('end timestamp must not be before start timestamp')
    return ok({ startMs: start.value, endMs: end.value })
  }

  #scans(
    request: ApiRequest,
  ): Result<{ scans: SeriesScan[]; range: { startMs: number; endMs: number }; limit: number }> {
    const range = this.#range(request)
    if (!range.ok) return range
    const limit = parseLimit(request.params.get('limit'))
    if (!limit.ok) return limit
    const options = this.#deps.options
    const scans = parseSelectors(request.params.getAll('match[]'), range.value, options)
    return scans.ok ? ok({ scans: scans.value, range: range.value, limit: limit.value }) : scans
  }
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}

/** UTF-8 names in paths: `U__` in front, `_2e_` for a dot, `__` for `_`. Source: prometheus/docs escaping_schemes.md. */
function unescapeName(name: string): string {
  if (!name.startsWith('U__') || name === METRIC_NAME) return name
  return name.slice(3).replace(/__|_([0-9a-fA-F]{1,6})_/g, (found, hex: string | undefined) => {
    if (hex === undefined) return '_'
    const code = Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : found
  })
}
