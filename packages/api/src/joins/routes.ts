import {
  type Clock,
  err,
  type Fault,
  fault,
  foreign,
  hexBytes,
  type NsRange,
  ok,
  type Result,
  type TenantId,
} from '@vantage/model'
import type { AboutRequest, DifferenceRequest, Subject } from '@vantage/query/joins'
import type { AskOptions } from '../queries.ts'
import { type ApiAnswer, type ApiRequest, JSON_TYPE, type Parameter, type Route } from '../route.ts'
import { parseCount, parseRange, parseSpan, parseTimeNs, parseTraceId } from '../traces/params.ts'
import { integer, text } from '../traces/route-factory.ts'
import type { JoinsJob } from './job.ts'

const RANGE_SECONDS = 3_600
const LINES = 100
const LINES_MAX = 1_000
const DIFFERENCES = 20
const DIFFERENCES_MAX = 200
const EXCEPTIONS = 100
const EXCEPTIONS_MAX = 1_000
const TIMEOUT_MS = 10_000
const TIMEOUT_MAX_MS = 60_000
/** Of the deadline, what the sections may use: the answer has to be written too. */
const SECTIONS_SHARE = 0.9

export interface JoinsDeps {
  readonly queries: {
    ask(tenant: TenantId, job: JoinsJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
  }
  readonly clock: Clock
}

const RANGE: readonly Parameter[] = [
  text('start', 'unix seconds, milliseconds, nanoseconds or RFC 3339'),
  text('end', 'as start; default now'),
  text('since', 'duration before end, in place of start; default 1h'),
]
const TIMEOUT = text('timeout', 'duration; default 10s, at most 1m; what is not read by then is named in `cuts`')

/** What joins the signals: questions that metrics, logs and traces answer together. */
export class JoinsApi {
  readonly #deps: JoinsDeps

  constructor(deps: JoinsDeps) {
    this.#deps = deps
  }

  routes(): Route[] {
    return [
      {
        methods: ['GET', 'POST'],
        path: '/api/vantage/v1/about',
        permission: 'traces:read',
        further: ['logs:read', 'metrics:read'],
        summary: 'Everything about a trace, a service or a window of time',
        parameters: [
          text('trace', 'trace id, in hex'),
          text('span', 'with trace: log lines of this span alone, in hex'),
          text('service', 'name of a service; without trace and service: the whole window'),
          ...RANGE,
          integer('limit', `log lines; default ${LINES}, at most ${LINES_MAX}`),
          TIMEOUT,
        ],
        faults: 'vantage',
        handle: (request) => this.#about(request),
      },
      {
        methods: ['GET', 'POST'],
        path: '/api/vantage/v1/difference',
        permission: 'traces:read',
        further: ['logs:read'],
        summary: 'What is different: attributes that are more frequent in a selection than in the rest or before',
        parameters: [
          text('signal', 'spans or logs; default spans'),
          text('query', 'the selection: TraceQL that selects spans, or a LogQL log query; without: the whole range'),
          text('scope', 'in the same language: only this is compared, on both sides'),
          text(
            'baseline',
            'rest (default), previous: the same query over the time before, just as long, or around: over the time around',
          ),
          text('aroundStart', 'with baseline=around: where the time before the selection begins, as start'),
          text('aroundEnd', 'with baseline=around: where the time after the selection ends, as start'),
          text('unit', 'of spans: trace (default) or span'),
          ...RANGE,
          integer('limit', `rows of each list; default ${DIFFERENCES}, at most ${DIFFERENCES_MAX}`),
          TIMEOUT,
        ],
        faults: 'vantage',
        handle: (request) => this.#difference(request),
      },
      {
        methods: ['GET', 'POST'],
        path: '/api/vantage/v1/exceptions',
        permission: 'traces:read',
        further: ['logs:read'],
        summary: 'What services threw, alike ones together',
        parameters: [
          text('service', 'name of a service; default all'),
          ...RANGE,
          integer('limit', `groups, those seen last first; default ${EXCEPTIONS}, at most ${EXCEPTIONS_MAX}`),
          TIMEOUT,
        ],
        faults: 'vantage',
        handle: (request) => this.#exceptions(request),
      },
    ]
  }

  async #about(request: ApiRequest): Promise<Result<ApiAnswer, Fault>> {
    const { params } = request
    const subject = subjectOf(params)
    if (!subject.ok) return subject
    const range = this.#range(params, subject.value)
    if (!range.ok) return range
    const linesMax = parseCount('limit', params.get('limit'), LINES, LINES_MAX)
    if (!linesMax.ok) return linesMax
    return this.#ask(request, (timeoutMs): JoinsJob => {
      const about: AboutRequest = { subject: subject.value, range: range.value, linesMax: linesMax.value, timeoutMs }
      return { kind: 'about', request: about }
    })
  }

  async #difference(request: ApiRequest): Promise<Result<ApiAnswer, Fault>> {
    const { params } = request
    const signal = oneOf(params, 'signal', ['spans', 'logs'] as const)
    if (!signal.ok) return signal
    const kind = oneOf(params, 'baseline', ['rest', 'previous', 'around'] as const)
    if (!kind.ok) return kind
    const unit = oneOf(params, 'unit', ['trace', 'span'] as const)
    if (!unit.ok) return unit
    const [query, scope] = [params.get('query') ?? '', params.get('scope') ?? '']
    if (query.trim() === '' && kind.value === 'rest') {
      return err(fault('bad_request', 'query: want a selection, or baseline=previous or around, got neither'))
    }
    const range = parseRange(params, this.#deps.clock, RANGE_SECONDS)
    if (!range.ok) return range
    const baseline = kind.value === 'around' ? parseAround(params) : ok(kind.value)
    if (!baseline.ok) return baseline
    const limit = parseCount('limit', params.get('limit'), DIFFERENCES, DIFFERENCES_MAX)
    if (!limit.ok) return limit
    return this.#ask(request, (timeoutMs): JoinsJob => {
      const asked: DifferenceRequest = {
        signal: signal.value,
        query: query.trim(),
        scope: scope.trim(),
        range: range.value,
        baseline: baseline.value,
        unit: unit.value,
        timeoutMs,
      }
      return { kind: 'difference', request: asked, limit: limit.value }
    })
  }

  async #exceptions(request: ApiRequest): Promise<Result<ApiAnswer, Fault>> {
    const { params } = request
    const range = parseRange(params, this.#deps.clock, RANGE_SECONDS)
    if (!range.ok) return range
    const limit = parseCount('limit', params.get('limit'), EXCEPTIONS, EXCEPTIONS_MAX)
    if (!limit.ok) return limit
    const service = params.get('service') ?? ''
    const asked = { range: range.value, service: service === '' ? undefined : service }
    return this.#ask(request, (timeoutMs) => {
      return { kind: 'exceptions', request: { ...asked, timeoutMs }, limit: limit.value }
    })
  }

  /** A trace has a time of its own, unless one is named. */
  #range(params: URLSearchParams, subject: Subject): Result<NsRange | undefined, Fault> {
    const isNamed = ['start', 'end', 'since'].some((name) => (params.get(name) ?? '') !== '')
    if (subject.kind === 'trace' && !isNamed) return ok(undefined)
    return parseRange(params, this.#deps.clock, RANGE_SECONDS)
  }

  async #ask(request: ApiRequest, jobOf: (timeoutMs: number) => JoinsJob): Promise<Result<ApiAnswer, Fault>> {
    const timeout = parseTimeout(request.params)
    if (!timeout.ok) return timeout
    const options = { signal: request.signal, timeoutMs: timeout.value }
    const job = jobOf(timeout.value * SECTIONS_SHARE)
    const body = await this.#deps.queries.ask(request.tenant, job, options)
    return body.ok ? ok({ contentType: JSON_TYPE, body: body.value }) : body
  }
}

function parseTimeout(params: URLSearchParams): Result<number, Fault> {
  const span = parseSpan('timeout', params.get('timeout'))
  if (!span.ok) return span
  if (span.value === undefined) return ok(TIMEOUT_MS)
  const timeoutMs = Number(span.value / 1_000_000n)
  if (timeoutMs >= 1 && timeoutMs <= TIMEOUT_MAX_MS) return ok(timeoutMs)
  return err(fault('bad_request', `timeout: want 1ms to ${TIMEOUT_MAX_MS}ms, got ${timeoutMs}ms`, { limit: 'timeout' }))
}

/** The time around the selection that it is held against. */
function parseAround(params: URLSearchParams): Result<NsRange, Fault> {
  const start = parseTimeNs('aroundStart', params.get('aroundStart'))
  if (!start.ok) return start
  const end = parseTimeNs('aroundEnd', params.get('aroundEnd'))
  if (!end.ok) return end
  if (start.value !== undefined && end.value !== undefined && start.value < end.value) {
    return ok({ startNs: start.value, endNs: end.value })
  }
  return err(fault('bad_request', 'aroundStart, aroundEnd: want both, the start before the end'))
}

/** @param names of which the first is meant where nothing is said */
function oneOf<Name extends string>(
  params: URLSearchParams,
  parameter: string,
  names: readonly [Name, ...Name[]],
): Result<Name, Fault> {
  const text = params.get(parameter) ?? ''
  if (text === '') return ok(names[0])
  const found = names.find((name) => name === text)
  if (found !== undefined) return ok(found)
  return err(fault('bad_request', `${parameter}: want ${names.join(' or ')}, got ${JSON.stringify(foreign(text))}`))
}

function subjectOf(params: URLSearchParams): Result<Subject, Fault> {
  const [trace, span, service] = ['trace', 'span', 'service'].map((name) => params.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  if (trace !== '' && service !== '') return err(fault('bad_request', 'want trace or service, got both'))
  if (trace === '') {
    if (span !== '') return err(fault('bad_request', 'span: want it with trace, got it alone'))
    return ok(service === '' ? { kind: 'window' } : { kind: 'service', service })
  }
  const traceId = parseTraceId(trace)
  if (!traceId.ok) return traceId
  if (span !== '' && hexBytes(span, 8) === undefined) {
    return err(fault('bad_request', `span: want 16 hex digits, got ${JSON.stringify(foreign(span))}`))
  }
  return ok({ kind: 'trace', traceId: traceId.value, spanId: span === '' ? undefined : span.toLowerCase() })
}
