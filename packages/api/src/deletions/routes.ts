import { type Clock, err, type Fault, fault, foreign, type NsRange, ok, type Result } from '@vantage/model'
import { parseLogql, parseMatchers, type Selector, wholeLineFilters } from '@vantage/query/logql'
import { msToNs, parseTimeNs } from '../loki/params.ts'
import { type ApiAnswer, type ApiRequest, JSON_TYPE, json, type Parameter, type Route } from '../route.ts'
import {
  type DeletionEntry,
  type DeletionRequest,
  type Deletions,
  EVER,
  SIGNALS,
  type SignalName,
  setsOfNamespace,
} from './deletion.ts'

/** Selectors of one request. */
const SELECTORS_MAX = 20

export interface DeletionDeps {
  readonly deletions: Deletions
  readonly clock: Clock
}

type Answer = Promise<Result<ApiAnswer, Fault>>

function parameter(name: string, description: string, more: Partial<Parameter> = {}): Parameter {
  return { name, in: 'query', required: false, description, type: 'string', ...more }
}

const START = parameter('start', 'unix seconds, nanoseconds or RFC 3339')
const END = parameter('end', 'as start')

/** Deleting what is stored: Loki's API for logs, and one for all signals. Takes effect at once and cannot be taken back. */
export class DeletionApi {
  readonly #deps: DeletionDeps

  constructor(deps: DeletionDeps) {
    this.#deps = deps
  }

  routes(): Route[] {
    const own = (
      methods: Route['methods'],
      summary: string,
      parameters: readonly Parameter[],
      handle: Route['handle'],
    ) =>
      ({
        methods,
        path: '/api/vantage/v1/delete',
        permission: 'admin',
        summary,
        parameters,
        faults: 'vantage',
        handle,
      }) as const
    return [
      own(
        ['POST'],
        'Delete what is stored, of all signals',
        [
          parameter('match[]', 'selector of labels; several are united', { repeated: true }),
          parameter('namespace', 'all of a service.namespace, and what was derived from it, in place of match[]'),
          parameter('signal', 'metrics, logs or spans; default all', { repeated: true }),
          START,
          END,
        ],
        (r) => this.#delete(r),
      ),
      own(['GET'], 'What was deleted lately', [], async (r) => ok(json({ deletions: this.#list(r).map(entryJson) }))),
    ]
  }

  /** Source: grafana/loki docs/sources/reference/loki-http-api.md, "Log deletion". */
  lokiRoutes(): Route[] {
    const route = (
      methods: Route['methods'],
      summary: string,
      parameters: readonly Parameter[],
      handle: Route['handle'],
    ) =>
      ({
        methods,
        path: '/loki/api/v1/delete',
        permission: 'admin',
        summary,
        parameters,
        faults: 'text',
        handle,
      }) as const
    const query = parameter('query', 'stream selector, and filters of lines', { required: true })
    const id = parameter('request_id', 'of a deletion', { required: true })
    return [
      route(['POST', 'PUT'], 'Delete log lines', [query, { ...START, required: true }, END], (r) =>
        this.#lokiDelete(r),
      ),
      route(['GET'], 'Deletions of log lines', [], async (r) => ok(json(this.#lokiList(r)))),
      route(['DELETE'], 'Take a deletion back', [id], async (r) => err(this.#lokiCancel(r))),
    ]
  }

  #list({ tenant }: ApiRequest): DeletionEntry[] {
    return this.#deps.deletions.list(tenant)
  }

  async #delete(request: ApiRequest): Answer {
    const { params, tenant } = request
    const range = this.#range(params, EVER)
    if (!range.ok) return range
    const signals = signalsOf(params)
    if (!signals.ok) return signals
    const wanted = wantedSets(params)
    if (!wanted.ok) return wanted
    const sets = Object.fromEntries(signals.value.map((signal) => [signal, wanted.value.sets[signal] ?? []]))
    const deleted = await this.#deps.deletions.run(tenant, { ...range.value, text: wanted.value.text, sets })
    return deleted.ok ? ok(json(entryJson(deleted.value))) : deleted
  }

  async #lokiDelete({ params, tenant }: ApiRequest): Answer {
    if ((params.get('start') ?? '') === '') return bad('start: want a time, got none')
    const endNs = msToNs(this.#deps.clock.nowMs())
    const range = this.#range(params, { startNs: EVER.startNs, endNs })
    if (!range.ok) return range
    const text = params.get('query') ?? ''
    const selected = selectedLines(text)
    if (!selected.ok) return selected
    const request: DeletionRequest = { ...range.value, text, ...selected.value }
    const deleted = await this.#deps.deletions.run(tenant, request)
    return deleted.ok ? ok({ status: 204, contentType: JSON_TYPE, body: '' }) : deleted
  }

  #lokiList(request: ApiRequest): unknown {
    const ofLogs = this.#list(request).filter(({ signals }) => signals.includes('logs'))
    return ofLogs.map(({ id, text, startNs, endNs, createdMs, isFinal }) => ({
      request_id: id,
      start_time: Number(startNs) / 1e9,
      end_time: Number(endNs) / 1e9,
      query: text,
      status: isFinal ? 'processed' : 'received',
      created_at: createdMs / 1000,
    }))
  }

  #lokiCancel(request: ApiRequest): Fault {
    const id = request.params.get('request_id') ?? ''
    if (id === '') return fault('bad_request', 'request_id: want the id of a deletion, got none')
    const isKnown = this.#list(request).some((one) => one.id === id)
    if (!isKnown) return fault('not_found', `no deletion ${JSON.stringify(foreign(id))}`)
    return fault('bad_request', `deletion ${id} has taken effect and cannot be taken back`)
  }

  #range(params: URLSearchParams, otherwise: NsRange): Result<NsRange, Fault> {
    const start = parseTimeNs('start', params.get('start'), otherwise.startNs)
    if (!start.ok) return start
    const end = parseTimeNs('end', params.get('end'), otherwise.endNs)
    if (!end.ok) return end
    if (start.value < end.value) return ok({ startNs: start.value, endNs: end.value })
    return bad('want start before end')
  }
}

function bad(message: string): { readonly ok: false; readonly error: Fault } {
  return err(fault('bad_request', message))
}

function signalsOf(params: URLSearchParams): Result<readonly SignalName[], Fault> {
  const named = params.getAll('signal').filter((text) => text !== '')
  const wrong = named.find((text) => !(SIGNALS as readonly string[]).includes(text))
  if (wrong !== undefined) return bad(`signal: want ${SIGNALS.join(', ')}, got ${JSON.stringify(foreign(wrong))}`)
  return ok(named.length === 0 ? SIGNALS : SIGNALS.filter((signal) => named.includes(signal)))
}

function wantedSets(params: URLSearchParams): Result<Pick<DeletionRequest, 'text' | 'sets'>, Fault> {
  const namespace = params.get('namespace') ?? ''
  const texts = [...params.getAll('match[]'), ...params.getAll('match')]
  if (namespace !== '') {
    if (texts.length > 0) return bad('want namespace or match[], got both')
    return ok({ text: `namespace=${namespace}`, sets: setsOfNamespace(namespace) })
  }
  if (texts.length === 0) return bad('want namespace or match[], got neither')
  if (texts.length > SELECTORS_MAX) return bad(`match[]: want at most ${SELECTORS_MAX} selectors, got ${texts.length}`)
  const sets: Selector['matchers'][] = []
  for (const text of texts) {
    const selector = parseMatchers(text)
    if (!selector.ok) return selector
    sets.push(selector.value.matchers)
  }
  return ok({ text: texts.join(' '), sets: { metrics: sets, logs: sets, spans: sets } })
}

/** A deletion names streams, and may filter their lines; stages that make labels of them are no part of it. */
function selectedLines(text: string): Result<Pick<DeletionRequest, 'sets' | 'lines'>, Fault> {
  const plan = parseLogql(text)
  if (!plan.ok) return plan
  if (plan.value.kind === 'selector') {
    const { matchers, stages } = plan.value
    const sets = { logs: [matchers] }
    if (stages.length === 0) return ok({ sets })
    const lines = wholeLineFilters(stages)
    if (lines !== undefined) return ok({ sets, lines })
  }
  return bad(
    'query: want a stream selector such as {app="shop"}, behind it filters of lines (|= != |~ !~) with one text each, got another query',
  )
}

function entryJson({ startNs, endNs, ...entry }: DeletionEntry): unknown {
  return { ...entry, startNs: String(startNs), endNs: String(endNs) }
}
