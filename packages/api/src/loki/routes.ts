import { type Clock, err, type Fault, fault, ok, type Result } from '@vantage/model'
import { formatPlan, LOGQL_LIMITS, type LogqlLimits, parseLogql } from '@vantage/query/logql'
import { configYaml } from '../config-yaml.ts'
import type { ServerFacts } from '../queries.ts'
import { type ApiAnswer, type ApiRequest, JSON_TYPE, json, type Parameter, type Route } from '../route.ts'
import { CATEGORIZE_LABELS } from './answers.ts'
import type { LogsJob } from './logs-job.ts'
import { msToNs, type NsSpan, parseCount, parseDirection, parseDurationNs, parseSpan, parseTimeNs } from './params.ts'
import type { LogQueries } from './queries.ts'
import { ruleRoutes, rulerStateRoutes } from './rule-routes.ts'

const HOUR_NS = 3_600_000_000_000n
const SECOND_NS = 1_000_000_000n
/** Points that a range is divided into where no step is given. */
const POINTS_WANTED = 250n
/** Rows that patterns and fields are made of, and rows asked for where nothing is said. */
const PATTERN_ROWS_MAX = 50_000
const FIELD_ROWS = 1_000
const FIELD_ROWS_MAX = 50_000
const FIELDS_LIMIT = 1_000
const ROWS_LIMIT = 100
const VOLUME_LIMIT = 100
const VOLUME_SERIES_MAX = 1_000
/** `0`, `0s`: none. */
const NO_DURATION = /^0*[a-z]{0,2}$/
/** Patterns count by steps of at least this. */
const PATTERN_STEP_NS = 10n * SECOND_NS

export interface LokiDeps {
  readonly queries: LogQueries
  readonly facts: Pick<ServerFacts, 'buildInfo' | 'flags'>
  readonly clock: Clock
  /** Of queries; the product's own where nothing is said. */
  readonly limits?: LogqlLimits
}

type Answer = Promise<Result<ApiAnswer, Fault>>

function parameter(name: string, description: string, more: Partial<Parameter> = {}): Parameter {
  return { name, in: 'query', required: false, description, type: 'string', ...more }
}

const QUERY = parameter('query', 'LogQL', { required: true })
const SELECTOR = parameter('query', 'stream selector; all streams without')
const START = parameter('start', 'unix nanoseconds, unix seconds or RFC 3339')
const END = parameter('end', 'as start; default now')
const SINCE = parameter('since', 'duration before end, in place of start')
const LIMIT = parameter('limit', 'at most so many', { type: 'integer' })
const STEP = parameter('step', 'duration or seconds')
const DIRECTION = parameter('direction', 'forward or backward; default backward')
const INTERVAL = parameter('interval', 'of log queries: at least this long between rows of a stream')
const LINE_LIMIT = parameter('line_limit', 'rows that are looked at; default 1000', { type: 'integer' })
const NAME = parameter('name', 'label name', { in: 'path', required: true })
const RANGE: readonly Parameter[] = [START, END, SINCE]

/** Loki's HTTP API. Source: grafana/loki docs/sources/reference/loki-http-api.md. */
export class LokiApi {
  readonly #deps: LokiDeps
  readonly #limits: LogqlLimits

  constructor(deps: LokiDeps) {
    this.#deps = deps
    this.#limits = deps.limits ?? LOGQL_LIMITS
  }

  /** @param prefix '' or a path in front of `/loki/api/v1` */
  routes(prefix = ''): Route[] {
    const route = (
      path: string,
      summary: string,
      parameters: readonly Parameter[],
      handle: Route['handle'],
    ): Route => ({
      methods: ['GET', 'POST'],
      path: `${prefix}/loki/api/v1/${path}`,
      permission: 'logs:read',
      summary,
      parameters,
      faults: 'text',
      handle,
    })
    return [
      route(
        'query',
        'Instant query over logs',
        [QUERY, parameter('time', 'as start; default now'), LIMIT, DIRECTION],
        (r) => this.#query(r),
      ),
      route('query_range', 'Range query over logs', [QUERY, ...RANGE, STEP, INTERVAL, LIMIT, DIRECTION], (r) =>
        this.#queryRange(r),
      ),
      route('labels', 'Label names of streams', [SELECTOR, ...RANGE], (r) => this.#labels(r)),
      // What Grafana asked for before `labels`.
      route('label', 'Label names of streams', [SELECTOR, ...RANGE], (r) => this.#labels(r)),
      route('label/:name/values', 'Values of one label of streams', [NAME, SELECTOR, ...RANGE], (r) => this.#values(r)),
      route(
        'series',
        'Label sets of streams',
        [parameter('match[]', 'stream selector; several are united', { repeated: true }), ...RANGE],
        (r) => this.#series(r),
      ),
      ...this.#indexRoutes(route),
      ...this.#sampleRoutes(route),
      route('format_query', 'A query in standard form', [QUERY], (r) => this.#formatQuery(r)),
      route('drilldown-limits', 'Limits that clients may heed', [], async () => ok(json(this.#drilldownLimits()))),
      route('status/buildinfo', 'Version', [], async () => ok(json(this.#buildInfo()))),
      ...ruleRoutes(),
    ]
  }

  /** What Loki has beside its API, where this face has a port of its own. */
  portRoutes(): Route[] {
    const told = (path: string, summary: string, answer: () => ApiAnswer): Route => ({
      methods: ['GET'],
      path,
      permission: 'logs:read',
      summary,
      parameters: [],
      faults: 'text',
      handle: async () => ok(answer()),
    })
    return [
      told('/ready', 'Answers ready', () => ({ contentType: 'text/plain', body: 'ready\n' })),
      told('/config', 'The configuration, without secrets', () => configYaml(this.#deps.facts)),
      ...rulerStateRoutes(),
    ]
  }

  #indexRoutes(
    route: (path: string, summary: string, parameters: readonly Parameter[], handle: Route['handle']) => Route,
  ): Route[] {
    const volume = [
      SELECTOR,
      ...RANGE,
      LIMIT,
      parameter('targetLabels', 'names of labels, by commas, that volumes are told apart by'),
      parameter('aggregateBy', 'series or labels; default series'),
    ]
    return [
      route('index/stats', 'Streams, rows and bytes of a range', [SELECTOR, ...RANGE], (r) => this.#indexStats(r)),
      route('index/volume', 'Bytes by labels', volume, (r) => this.#volume(r, false)),
      route('index/volume_range', 'Bytes by labels over time', [...volume, STEP], (r) => this.#volume(r, true)),
    ]
  }

  #sampleRoutes(
    route: (path: string, summary: string, parameters: readonly Parameter[], handle: Route['handle']) => Route,
  ): Route[] {
    const fields = [QUERY, ...RANGE, LINE_LIMIT, LIMIT]
    return [
      route('patterns', 'Patterns of lines and how often they occur', [QUERY, ...RANGE, STEP], (r) =>
        this.#patterns(r),
      ),
      route('detected_fields', 'Fields of rows', fields, (r) => this.#fields(r)),
      route('detected_field/:name/values', 'Values of one field of rows', [NAME, ...fields], (r) => this.#fields(r)),
      route('detected_labels', 'Labels of streams and how many values they have', [SELECTOR, ...RANGE], (r) =>
        this.#ranged(r, (span) => ({ kind: 'detected-labels', query: query(r), ...span })),
      ),
    ]
  }

  #nowNs(): bigint {
    return msToNs(this.#deps.clock.nowMs())
  }

  async #ask(request: ApiRequest, job: LogsJob): Answer {
    const options = { signal: request.signal, timeoutMs: undefined }
    const answer = await this.#deps.queries.ask(request.tenant, job, options)
    return answer.ok ? ok({ contentType: JSON_TYPE, body: answer.value }) : answer
  }

  /** Reads the range, six hours back unless told otherwise, and asks. */
  async #ranged(request: ApiRequest, jobOf: (span: NsSpan) => LogsJob): Answer {
    const span = parseSpan(request.params, this.#nowNs(), 6n * HOUR_NS)
    return span.ok ? this.#ask(request, jobOf(span.value)) : span
  }

  async #query(request: ApiRequest): Answer {
    const { params } = request
    const time = parseTimeNs('time', params.get('time'), this.#nowNs())
    if (!time.ok) return time
    const limit = parseCount('limit', params.get('limit'), ROWS_LIMIT, this.#limits.rowsMax)
    if (!limit.ok) return limit
    const plan = parseLogql(query(request), this.#limits)
    if (!plan.ok) return plan
    if (plan.value.kind === 'selector') {
      const message =
        'log queries are not supported as an instant query type, please change your query to a range query type'
      return err(fault('bad_request', message, { reason: 'bad_data' }))
    }
    return this.#ask(request, {
      kind: 'logql',
      query: query(request),
      startNs: time.value,
      endNs: time.value,
      stepNs: 0n,
      limit: limit.value,
      direction: 'backward',
      intervalNs: 0n,
      detectsLevels: true,
      limits: this.#limits,
      isCategorized: isCategorized(request),
    })
  }

  async #queryRange(request: ApiRequest): Answer {
    const { params } = request
    const span = parseSpan(params, this.#nowNs(), HOUR_NS)
    if (!span.ok) return span
    const limit = parseCount('limit', params.get('limit'), ROWS_LIMIT, this.#limits.rowsMax)
    if (!limit.ok) return limit
    const step = parseDurationNs('step', params.get('step'))
    if (!step.ok) return step
    const intervalText = params.get('interval') ?? ''
    const interval = parseDurationNs('interval', NO_DURATION.test(intervalText) ? null : intervalText)
    if (!interval.ok) return interval
    const direction = parseDirection(params.get('direction'))
    if (!direction.ok) return direction
    return this.#ask(request, {
      kind: 'logql',
      query: query(request),
      ...span.value,
      stepNs: step.value ?? defaultStep(span.value),
      limit: limit.value,
      direction: direction.value,
      intervalNs: interval.value ?? 0n,
      detectsLevels: true,
      limits: this.#limits,
      isCategorized: isCategorized(request),
    })
  }

  #labels(request: ApiRequest): Answer {
    return this.#ranged(request, (span) => ({ kind: 'label-names', query: query(request), ...span }))
  }

  #values(request: ApiRequest): Answer {
    const name = request.path['name'] ?? ''
    return this.#ranged(request, (span) => ({ kind: 'label-values', name, query: query(request), ...span }))
  }

  #series(request: ApiRequest): Answer {
    const queries = [...request.params.getAll('match[]'), ...request.params.getAll('match')]
    return this.#ranged(request, (span) => ({ kind: 'series', queries, ...span }))
  }

  #indexStats(request: ApiRequest): Answer {
    return this.#ranged(request, (span) => ({ kind: 'index-stats', query: query(request), ...span }))
  }

  async #volume(request: ApiRequest, isRange: boolean): Answer {
    const { params } = request
    const limit = parseCount('limit', params.get('limit'), VOLUME_LIMIT, VOLUME_SERIES_MAX)
    if (!limit.ok) return limit
    const step = parseDurationNs('step', params.get('step'))
    if (!step.ok) return step
    const targetLabels = (params.get('targetLabels') ?? '').split(',').filter((name) => name !== '')
    const aggregateBy = params.get('aggregateBy') === 'labels' ? 'labels' : 'series'
    return this.#ranged(request, (span) => ({
      kind: 'volume',
      query: query(request),
      ...span,
      stepNs: isRange ? boundedStep(span, step.value ?? defaultStep(span)) : 0n,
      limit: limit.value,
      targetLabels,
      aggregateBy,
    }))
  }

  async #patterns(request: ApiRequest): Answer {
    const step = parseDurationNs('step', request.params.get('step'))
    if (!step.ok) return step
    return this.#ranged(request, (span) => {
      const stepNs = boundedStep(span, step.value ?? defaultStep(span))
      return {
        kind: 'patterns',
        query: query(request),
        ...span,
        rowsMax: PATTERN_ROWS_MAX,
        stepNs: stepNs < PATTERN_STEP_NS ? PATTERN_STEP_NS : stepNs,
      }
    })
  }

  async #fields(request: ApiRequest): Answer {
    const { params } = request
    const rowsMax = parseCount('line_limit', params.get('line_limit'), FIELD_ROWS, FIELD_ROWS_MAX)
    if (!rowsMax.ok) return rowsMax
    const limit = parseCount('limit', params.get('limit'), FIELDS_LIMIT, FIELD_ROWS_MAX)
    if (!limit.ok) return limit
    const name = request.path['name']
    return this.#ranged(request, (span) => {
      const job = { query: query(request), ...span, rowsMax: rowsMax.value, limit: limit.value }
      return name === undefined ? { kind: 'detected-fields', ...job } : { kind: 'detected-field-values', name, ...job }
    })
  }

  async #formatQuery(request: ApiRequest): Answer {
    const plan = parseLogql(query(request), this.#limits)
    return plan.ok ? ok(json({ status: 'success', data: formatPlan(plan.value) })) : plan
  }

  #drilldownLimits(): unknown {
    const limits = {
      discover_log_levels: true,
      max_entries_limit_per_query: this.#limits.rowsMax,
      max_query_series: this.#limits.seriesMax,
      volume_enabled: true,
      volume_max_series: VOLUME_SERIES_MAX,
      pattern_persistence_enabled: false,
    }
    return { limits, pattern_ingester_enabled: true, version: this.#deps.facts.buildInfo()['version'] ?? '' }
  }

  #buildInfo(): unknown {
    const {
      version = '',
      revision = '',
      branch = '',
      buildUser = '',
      buildDate = '',
      goVersion = '',
    } = this.#deps.facts.buildInfo()
    return { version, revision, branch, buildUser, buildDate, goVersion }
  }
}

function query(request: ApiRequest): string {
  return request.params.get('query') ?? ''
}

function isCategorized(request: ApiRequest): boolean {
  return (request.encodingFlags ?? '').split(',').some((flag) => flag.trim() === CATEGORIZE_LABELS)
}

/** Whole seconds, so that a range has about as many points as a screen can show. */
function defaultStep({ startNs, endNs }: NsSpan): bigint {
  const seconds = (endNs - startNs) / SECOND_NS / POINTS_WANTED
  return (seconds < 1n ? 1n : seconds) * SECOND_NS
}

/** No more cells than a query may have points. */
function boundedStep({ startNs, endNs }: NsSpan, stepNs: bigint): bigint {
  const least = (endNs - startNs) / BigInt(LOGQL_LIMITS.pointsMax) + 1n
  return stepNs < least ? least : stepNs
}
