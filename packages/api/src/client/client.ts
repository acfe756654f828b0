import { err, fault, ok, type Result, STATUS, type TraceColumns } from '@vantage/model'
import type { KeptPeriods, LabelRecord, MetricInfo, QueryAnswer, RecentIntake, ServerStats } from './answers.ts'
import { type FoundDashboards, readDashboardList } from './dashboards.ts'
import { type Exemplar, readExemplars } from './exemplars.ts'
import {
  type ChangeEvent,
  type DifferenceQuestion,
  type FoundDifference,
  type FoundExceptions,
  readDifference,
  readEvents,
  readExceptions,
} from './joins.ts'
import { arrayAt, isRecord, type Json, labelsOf, numberAt, optionalTextAt, recordAt, textAt, textsOf } from './json.ts'
import { readKeptPeriods, readMetadata, readQueryAnswer, readRecentIntake, readStats } from './readers.ts'
import {
  type FoundTrace,
  type LogField,
  type LogLine,
  type LogPattern,
  readFields,
  readFoundTraces,
  readLogLines,
  readPatterns,
  readTrace,
  readTraceFields,
  readTraceFigures,
  type TraceFigure,
  type TraceSpan,
} from './records.ts'
import { readTraceColumns } from './trace-columns.ts'
import { readView, readViews, type SavedView, type ViewDraft } from './views.ts'

/** What went wrong with one request. `status` is 0 where no answer came. */
export interface ClientFault {
  readonly code: keyof typeof STATUS
  readonly message: string
  readonly status: number
  /** Prometheus' `errorType` (`bad_data`, `timeout`, …) where the answer named one. */
  readonly errorType: string | undefined
  readonly requestId: string | undefined
}

export type Answer<T> = Promise<Result<T, ClientFault>>

/** Where requests go and what sends them; the platform's own `fetch` unless told otherwise. */
export interface ClientOptions {
  /** `https://host:port` or '' for the origin of the page. */
  readonly baseUrl: string
  readonly fetch?: typeof fetch
}

export interface RangeQuery {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly trace?: boolean
}

export interface LogRange {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
}

function logForm({ query, startMs, endMs }: LogRange): Record<string, string> {
  return { query, start: nanos(startMs), end: nanos(endMs) }
}

function idPath(id: string | undefined): string {
  return id === undefined ? '' : `/${encodeURIComponent(id)}`
}

function nanos(timeMs: number): string {
  return `${Math.round(timeMs)}000000`
}

/** Longest URL for a GET; a longer query is sent as a form, which the API takes alike. */
const GET_URL_MAX_CHARS = 4_000
/** Questions that are asked about at once. */
const QUESTIONS_MAX = 100
/** Of an error that comes as plain text. */
const ERROR_TEXT_MAX_CHARS = 2_000

/** The typed client of the HTTP API. Every call resolves; failures are values, an abort is the code `cancelled`. */
export class VantageClient {
  readonly #baseUrl: string
  readonly #fetch: typeof fetch

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
  }

  /** `/api/v1/query_range`; both ends are inclusive. */
  async queryRange(range: RangeQuery, signal?: AbortSignal): Answer<QueryAnswer> {
    const form = new URLSearchParams({
      query: range.query,
      start: String(range.startMs / 1000),
      end: String(range.endMs / 1000),
      step: String(range.stepMs / 1000),
    })
    if (range.trace === true) form.set('trace', '1')
    return asQueryAnswer(await this.#ask('/api/v1/query_range', form, signal))
  }

  /** `/api/v1/query` at one instant. */
  async queryInstant(query: string, atMs: number, signal?: AbortSignal): Answer<QueryAnswer> {
    const form = new URLSearchParams({ query, time: String(atMs / 1000) })
    return asQueryAnswer(await this.#ask('/api/v1/query', form, signal))
  }

  /** `/api/v1/query_exemplars`: single requests of the series that a query selects. */
  async exemplars(
    query: string,
    { startMs, endMs }: Pick<LogRange, 'startMs' | 'endMs'>,
    signal?: AbortSignal,
  ): Answer<readonly Exemplar[]> {
    const form = new URLSearchParams({ query, start: String(startMs / 1000), end: String(endMs / 1000) })
    return mapped(await this.#ask('/api/v1/query_exemplars', form, signal), readExemplars)
  }

  async labelNames(signal?: AbortSignal): Answer<readonly string[]> {
    return mapped(await this.#ask('/api/v1/labels', new URLSearchParams(), signal), (body) =>
      textsOf(arrayAt(body, 'data')),
    )
  }

  async labelValues(name: string, signal?: AbortSignal): Answer<readonly string[]> {
    const path = `/api/v1/label/${encodeURIComponent(name)}/values`
    return mapped(await this.#ask(path, new URLSearchParams(), signal), (body) => textsOf(arrayAt(body, 'data')))
  }

  /** Label sets of the series that match, at most `limit`. */
  async series(match: string, limit: number, signal?: AbortSignal): Answer<readonly LabelRecord[]> {
    const form = new URLSearchParams({ 'match[]': match, limit: String(limit) })
    return mapped(await this.#ask('/api/v1/series', form, signal), (body) => arrayAt(body, 'data').map(labelsOf))
  }

  async metadata(signal?: AbortSignal): Answer<readonly MetricInfo[]> {
    return mapped(await this.#ask('/api/v1/metadata', new URLSearchParams(), signal), readMetadata)
  }

  async stats(signal?: AbortSignal): Answer<ServerStats> {
    return mapped(await this.#ask('/v1/stats', new URLSearchParams(), signal), readStats)
  }

  /** How long what is kept, from `/api/v1/status/flags`. */
  async keptPeriods(signal?: AbortSignal): Answer<KeptPeriods> {
    return mapped(await this.#ask('/api/v1/status/flags', new URLSearchParams(), signal), readKeptPeriods)
  }

  async recentIntake(signal?: AbortSignal): Answer<RecentIntake> {
    return mapped(await this.#ask('/api/vantage/v1/intake/recent', new URLSearchParams(), signal), readRecentIntake)
  }

  /** `/loki/api/v1/query_range` of a query that gives lines: the newest `limit` of [startNs, endNs). */
  async logLines(range: LogRange, limit: number, signal?: AbortSignal): Answer<readonly LogLine[]> {
    const form = new URLSearchParams({ ...logForm(range), limit: String(limit), direction: 'backward' })
    return mapped(await this.#ask('/loki/api/v1/query_range', form, signal), readLogLines)
  }

  /** The same between two moments to the nanosecond: the newest, or the oldest, `limit` of [startNs, endNs). */
  async logPage(
    { query, startNs, endNs }: { readonly query: string; readonly startNs: bigint; readonly endNs: bigint },
    direction: 'backward' | 'forward',
    limit: number,
    signal?: AbortSignal,
  ): Answer<readonly LogLine[]> {
    const range = { query, start: String(startNs), end: String(endNs) }
    const form = new URLSearchParams({ ...range, limit: String(limit), direction })
    return mapped(await this.#ask('/loki/api/v1/query_range', form, signal), readLogLines)
  }

  /** `/loki/api/v1/patterns`: what lines of a query are alike, the most frequent first. */
  async logPatterns(range: LogRange, stepMs: number, signal?: AbortSignal): Answer<readonly LogPattern[]> {
    const form = new URLSearchParams({ ...logForm(range), step: String(stepMs / 1000) })
    return mapped(await this.#ask('/loki/api/v1/patterns', form, signal), readPatterns)
  }

  /** `/loki/api/v1/detected_fields` of the newest `lines` rows. */
  async logFields(range: LogRange, lines: number, signal?: AbortSignal): Answer<readonly LogField[]> {
    const form = new URLSearchParams({ ...logForm(range), line_limit: String(lines) })
    return mapped(await this.#ask('/loki/api/v1/detected_fields', form, signal), readFields)
  }

  /** `/loki/api/v1/query_range` of a query that gives numbers. */
  async logMetric(range: LogRange, stepMs: number, signal?: AbortSignal): Answer<QueryAnswer> {
    const form = new URLSearchParams({ ...logForm(range), step: String(stepMs / 1000) })
    return asQueryAnswer(await this.#ask('/loki/api/v1/query_range', form, signal))
  }

  /** `/tempo/api/search`: the newest `limit` traces that TraceQL finds. */
  async searchTraces(
    query: string,
    startMs: number,
    endMs: number,
    limit: number,
    signal?: AbortSignal,
  ): Answer<readonly FoundTrace[]> {
    const form = new URLSearchParams({
      q: query,
      start: String(Math.floor(startMs / 1000)),
      end: String(Math.ceil(endMs / 1000)),
      limit: String(limit),
    })
    return mapped(await this.#ask('/tempo/api/search', form, signal), readFoundTraces)
  }

  /** `/tempo/api/metrics/query`: one number for the whole time of each series of a TraceQL metrics query. */
  async traceMetric(
    query: string,
    { startMs, endMs }: Pick<LogRange, 'startMs' | 'endMs'>,
    signal?: AbortSignal,
  ): Answer<readonly TraceFigure[]> {
    const form = new URLSearchParams({
      q: query,
      start: String(Math.floor(startMs / 1000)),
      end: String(Math.ceil(endMs / 1000)),
    })
    return mapped(await this.#ask('/tempo/api/metrics/query', form, signal), readTraceFigures)
  }

  /** `/tempo/api/v2/search/tags`: names of attributes of spans and resources, as TraceQL writes them. */
  async traceFields(
    { startMs, endMs }: Pick<LogRange, 'startMs' | 'endMs'>,
    signal?: AbortSignal,
  ): Answer<readonly string[]> {
    const form = new URLSearchParams({
      start: String(Math.floor(startMs / 1000)),
      end: String(Math.ceil(endMs / 1000)),
    })
    return mapped(await this.#ask('/tempo/api/v2/search/tags', form, signal), readTraceFields)
  }

  /** `/api/vantage/v1/traces/{id}/structure`: the tree of a trace, without attributes. */
  async traceColumns(traceId: string, signal?: AbortSignal): Answer<TraceColumns> {
    const path = `/api/vantage/v1/traces/${encodeURIComponent(traceId)}/structure`
    return mapped(await this.#ask(path, new URLSearchParams(), signal), readTraceColumns)
  }

  /** `/api/vantage/v1/traces/{id}/spans/{span}`: a span with everything it was sent with; Zipkin's pairs are two. */
  async traceSpan(traceId: string, spanId: string, signal?: AbortSignal): Answer<readonly TraceSpan[]> {
    const path = `/api/vantage/v1/traces/${encodeURIComponent(traceId)}/spans/${encodeURIComponent(spanId)}`
    return mapped(await this.#ask(path, new URLSearchParams(), signal), readTrace)
  }

  /** `/api/vantage/v1/events`: the newest `limit` deploys and other changes. @param service undefined = of all */
  async events(
    { startMs, endMs }: Pick<LogRange, 'startMs' | 'endMs'>,
    service: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Answer<readonly ChangeEvent[]> {
    const form = new URLSearchParams({ start: nanos(startMs), end: nanos(endMs), limit: String(limit) })
    if (service !== undefined) form.set('service', service)
    return mapped(await this.#ask('/api/vantage/v1/events', form, signal), readEvents)
  }

  /** `/api/vantage/v1/difference`: what tells what is selected from the others of `scope`. */
  async difference(question: DifferenceQuestion, limit: number, signal?: AbortSignal): Answer<FoundDifference> {
    const { scope, baseline, ...range } = question
    const form = new URLSearchParams({ ...logForm(range), signal: question.signal, scope, limit: String(limit) })
    form.set('baseline', typeof baseline === 'string' ? baseline : 'around')
    if (typeof baseline !== 'string') {
      form.set('aroundStart', nanos(baseline.startMs))
      form.set('aroundEnd', nanos(baseline.endMs))
    }
    return mapped(await this.#ask('/api/vantage/v1/difference', form, signal), readDifference)
  }

  /** `/api/vantage/v1/exceptions`: what services threw, alike ones together, those seen last first. */
  async exceptions(
    { startMs, endMs }: Pick<LogRange, 'startMs' | 'endMs'>,
    service: string | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Answer<FoundExceptions> {
    const form = new URLSearchParams({ start: nanos(startMs), end: nanos(endMs), limit: String(limit) })
    if (service !== undefined) form.set('service', service)
    return mapped(await this.#ask('/api/vantage/v1/exceptions', form, signal), readExceptions)
  }

  /** `/api/vantage/v1/dashboards`: those that there are, by title, and files that hold none. */
  async dashboards(signal?: AbortSignal): Answer<FoundDashboards> {
    return mapped(await this.#ask('/api/vantage/v1/dashboards', new URLSearchParams(), signal), readDashboardList)
  }

  /** `/api/vantage/v1/dashboards/{id}`: a document as it was sent, for `readDashboard` of the model. */
  dashboard(id: string, signal?: AbortSignal): Answer<Json> {
    return this.#ask(`/api/vantage/v1/dashboards${idPath(id)}`, new URLSearchParams(), signal)
  }

  /** `/api/vantage/v1/views`: saved views by name. */
  async savedViews(signal?: AbortSignal): Answer<readonly SavedView[]> {
    return mapped(await this.#ask('/api/vantage/v1/views', new URLSearchParams(), signal), readViews)
  }

  /** Saves a view. @param id of the view to replace, or to make again; undefined = a new one */
  async saveView(draft: ViewDraft, id: string | undefined): Answer<SavedView> {
    const method = id === undefined ? 'POST' : 'PUT'
    return mapped(await this.#send(method, `/api/vantage/v1/views${idPath(id)}`, draft), readView)
  }

  async deleteView(id: string): Answer<true> {
    return mapped(await this.#send('DELETE', `/api/vantage/v1/views${idPath(id)}`, undefined), () => true)
  }

  #send(method: 'POST' | 'PUT' | 'DELETE', path: string, body: object | undefined): Answer<Json> {
    const headers = { 'content-type': 'application/json' }
    return this.#request(
      `${this.#baseUrl}${path}`,
      body === undefined ? { method } : { method, headers, body: JSON.stringify(body) },
    )
  }

  /** Samples and rows that were read so far for questions that are being answered; they carry the names as `x-vantage-question`. */
  async rowsRead(ids: readonly string[]): Answer<number> {
    const form = new URLSearchParams(ids.slice(0, QUESTIONS_MAX).map((id): [string, string] => ['id', id]))
    return mapped(await this.#ask('/api/vantage/v1/questions', form, undefined), (body) => numberAt(body, 'rowsRead'))
  }

  #ask(path: string, form: URLSearchParams, signal: AbortSignal | undefined): Answer<Json> {
    const query = form.toString()
    const isLong = path.length + query.length > GET_URL_MAX_CHARS
    const url = `${this.#baseUrl}${path}${query === '' || isLong ? '' : `?${query}`}`
    const request: RequestInit = isLong ? { method: 'POST', body: form } : { method: 'GET' }
    if (signal !== undefined) request.signal = signal
    return this.#request(url, request)
  }

  async #request(url: string, request: RequestInit): Answer<Json> {
    try {
      return await readBody(await this.#fetch(url, request))
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return failed('cancelled', 'cancelled')
      return failed('unavailable', `no answer from the server: ${error instanceof Error ? error.message : 'unknown'}`)
    }
  }
}

async function readBody(response: Response): Answer<Json> {
  const requestId = response.headers.get('x-request-id') ?? undefined
  const text = await response.text()
  const parsed = parseJson(text)
  if (!response.ok || parsed === undefined || parsed['status'] === 'error') {
    return err(faultOf(response.status, parsed ?? plainError(response, text), requestId))
  }
  return ok(parsed)
}

/** The faces of Loki and Tempo say as plain text what is wrong. */
function plainError({ ok: isFine, headers }: Response, text: string): Json | undefined {
  const isText = headers.get('content-type')?.startsWith('text/plain') === true
  return isFine || !isText ? undefined : { error: text.trim().slice(0, ERROR_TEXT_MAX_CHARS) }
}

function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
}

/** Both error shapes are read: Prometheus' `{status, errorType, error}` and our `{error: {message}}`. */
function faultOf(status: number, body: Json | undefined, requestId: string | undefined): ClientFault {
  const nested = recordAt(body ?? {}, 'error')
  const message =
    textAt(body ?? {}, 'error') || textAt(nested, 'message') || textAt(body ?? {}, 'message') || `HTTP ${status}`
  return {
    code: codeOf(status),
    message: body === undefined && status < 300 ? 'the answer is not a JSON object' : message,
    status,
    errorType: optionalTextAt(body ?? {}, 'errorType'),
    requestId: requestId ?? optionalTextAt(nested, 'requestId'),
  }
}

function codeOf(status: number): keyof typeof STATUS {
  for (const [code, row] of Object.entries(STATUS)) {
    if (row.http === status) return code as keyof typeof STATUS
  }
  return 'internal'
}

function failed(code: keyof typeof STATUS, message: string): Result<never, ClientFault> {
  return err({ ...fault(code, message), status: 0, errorType: undefined, requestId: undefined })
}

function mapped<T>(answer: Result<Json, ClientFault>, read: (body: Json) => T): Result<T, ClientFault> {
  return answer.ok ? ok(read(answer.value)) : answer
}

function asQueryAnswer(answer: Result<Json, ClientFault>): Result<QueryAnswer, ClientFault> {
  if (!answer.ok) return answer
  const read = readQueryAnswer(answer.value)
  return read === undefined ? failed('internal', 'the answer has a result type that this page cannot draw') : ok(read)
}
