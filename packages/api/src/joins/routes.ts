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
import type { AboutRequest, Subject } from '@vantage/query/joins'
import type { AskOptions } from '../queries.ts'
import { type ApiAnswer, type ApiRequest, JSON_TYPE, type Parameter, type Route } from '../route.ts'
import { parseCount, parseRange, parseSpan, parseTraceId } from '../traces/params.ts'
import { integer, text } from '../traces/route-factory.ts'
import type { JoinsJob } from './job.ts'

const RANGE_SECONDS = 3_600
const LINES = 100
const LINES_MAX = 1_000
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
