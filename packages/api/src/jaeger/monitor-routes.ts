import { type Clock, err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import type { MetricQueries } from '../queries.ts'
import type { QueryJob } from '../query-job.ts'
import { type ApiAnswer, type ApiRequest, json, type Route } from '../route.ts'
import { quotedText } from '../traces/params.ts'
import { integer, type TraceRoute, text } from '../traces/route-factory.ts'
import { jaegerBody } from './answers.ts'

const HOUR_MS = 3_600_000
const STEP_MS = 5_000
const RATE_MS = 600_000
const SPAN_KINDS: ReadonlySet<string> = new Set(['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'])
const SERVICES_MAX = 100

/** Points of series may be as near to each other as this, ms. */
const STEP_MIN_MS = 1

export interface MonitorDeps {
  readonly metrics: MetricQueries
  readonly clock: Clock
}

interface Asked {
  /** What series are selected by, with commas between. */
  readonly selector: string
  /** Names of labels. */
  readonly by: readonly string[]
  readonly rateMs: number
  readonly range: { readonly startMs: number; readonly endMs: number; readonly stepMs: number }
}

type Series = readonly {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (readonly [number, string])[]
}[]

/** A family of figures: what it is called, and the PromQL that gives it. */
interface Figure {
  /** With `service` in front, or `service_operation` where it is by operations. */
  readonly name: string
  readonly help: string
  readonly query: (asked: Asked) => string
}

const rate = ({ selector, rateMs }: Asked, metric: string, more = ''): string =>
  `rate(${metric}{${selector}${more}}[${rateMs}ms])`
const sumBy = (asked: Asked, inner: string, more: readonly string[] = []): string =>
  `sum by (${[...asked.by, ...more].join(', ')}) (${inner})`

const CALLS: Figure = {
  name: 'call_rate',
  help: 'calls a second, by service',
  query: (asked) => sumBy(asked, rate(asked, 'traces_spanmetrics_calls_total')),
}
const ERRORS: Figure = {
  name: 'error_rate',
  help: 'share of calls that failed, by service',
  query: (asked) => {
    const failed = rate(asked, 'traces_spanmetrics_calls_total', ', status_code="STATUS_CODE_ERROR"')
    const all = CALLS.query(asked)
    // Without a failure it is 0.
    return `(${sumBy(asked, failed)} or ${all} * 0) / ${all}`
  },
}
const latencies = (quantile: number): Figure => ({
  name: 'latencies',
  help: `quantile ${quantile} of durations in ms, by service`,
  query: (asked) => {
    const buckets = sumBy(asked, rate(asked, 'traces_spanmetrics_latency_bucket'), ['le'])
    return `1000 * histogram_quantile(${quantile}, ${buckets})`
  },
})

/**
 * What Jaeger's _Monitor_ screens ask, answered from the metrics that are made of spans.
 * Source: jaegertracing/jaeger-idl proto/api_v2/metricsquery.proto, model/metrics; jaegertracing.io/docs/latest/spm.
 */
export function monitorRoutes(route: TraceRoute, deps: MonitorDeps): Route[] {
  const parameters = [
    { ...text('service', 'name of a service', true), repeated: true },
    integer('endTs', 'unix ms; default now'),
    integer('lookback', 'ms; default an hour'),
    integer('step', 'ms; default 5 s'),
    integer('ratePer', 'ms that a rate is of; default 10 min'),
    { ...text('spanKind', 'server unless others are named'), repeated: true },
    text('groupByOperation', 'true: by operations too'),
  ]
  const told = (
    path: string,
    summary: string,
    more: Route['parameters'],
    figureOf: (params: URLSearchParams) => Result<Figure>,
  ): Route => ({
    ...route(`/api/metrics/${path}`, summary, [...parameters, ...more], async (request) => {
      const figure = figureOf(request.params)
      return figure.ok ? ask(figure.value, request, deps) : figure
    }),
    further: ['metrics:read'],
  })
  const quantile = { ...text('quantile', '0 to 1', true), type: 'number' as const }
  return [
    told('calls', 'Calls a second', [], () => ok(CALLS)),
    told('errors', 'Share of calls that failed', [], () => ok(ERRORS)),
    told('latencies', 'A quantile of durations, ms', [quantile], (params) => latenciesOf(params.get('quantile') ?? '')),
    route('/api/metrics/minstep', 'Least step of these series, ms', [], async () =>
      ok(json({ ...(jaegerBody([]) as object), data: STEP_MIN_MS })),
    ),
  ]
}

function latenciesOf(quantile: string): Result<Figure> {
  const number = Number(quantile)
  if (quantile.trim() !== '' && number >= 0 && number <= 1) return ok(latencies(number))
  return err(fault('bad_request', `quantile: want a number from 0 to 1, got ${JSON.stringify(foreign(quantile))}`))
}

async function ask(figure: Figure, request: ApiRequest, deps: MonitorDeps): Promise<Result<ApiAnswer, Fault>> {
  const asked = askedOf(request.params, deps.clock.nowMs())
  if (!asked.ok) return asked
  const job: QueryJob = {
    kind: 'promql',
    query: figure.query(asked.value),
    range: asked.value.range,
    options: DEFAULT_OPTIONS,
    explain: false,
    limit: 0,
  }
  const answer = await deps.metrics.ask(request.tenant, job, { signal: request.signal, timeoutMs: undefined })
  if (!answer.ok) return answer
  const { data } = JSON.parse(Buffer.from(answer.value).toString()) as { data: { result: Series } }
  return ok(json(familyOf(figure, asked.value.by, data.result)))
}

/** `MetricFamily` as JSON. */
function familyOf({ name, help }: Figure, by: readonly string[], series: Series): unknown {
  const isByOperation = by.length > 1
  return {
    name: `service_${isByOperation ? 'operation_' : ''}${name}`,
    type: 'GAUGE',
    help: `${help}${isByOperation ? ' & operation' : ''}`,
    metrics: series.map(({ metric, values }) => ({
      labels: [
        ...(isByOperation ? [{ name: 'operation', value: metric['span_name'] ?? '' }] : []),
        { name: 'service_name', value: metric['service'] ?? '' },
      ],
      metricPoints: values.map(([seconds, value]) => ({
        // JSON has no NaN: protobuf writes its name.
        gaugeValue: { doubleValue: Number.isFinite(Number(value)) ? Number(value) : value },
        timestamp: new Date(seconds * 1_000).toISOString(),
      })),
    })),
  }
}

function askedOf(params: URLSearchParams, nowMs: number): Result<Asked> {
  const services = params.getAll('service').filter((name) => name !== '')
  if (services.length === 0 || services.length > SERVICES_MAX) {
    return err(fault('bad_request', `service: want 1 to ${SERVICES_MAX} names of services, got ${services.length}`))
  }
  const kinds = params.has('spanKind') ? params.getAll('spanKind') : ['server']
  const unknown = kinds.find((kind) => !SPAN_KINDS.has(kind))
  if (unknown !== undefined) {
    const want = [...SPAN_KINDS].join(', ')
    return err(fault('bad_request', `spanKind: want ${want}, got ${JSON.stringify(foreign(unknown))}`))
  }
  const times: number[] = []
  for (const [name, fallback] of [
    ['endTs', Math.floor(nowMs)],
    ['lookback', HOUR_MS],
    ['step', STEP_MS],
    ['ratePer', RATE_MS],
  ] as const) {
    const given = params.get(name) ?? ''
    const ms = given === '' ? fallback : Number(given)
    if (!/^\d{0,15}$/.test(given) || ms < 1) {
      const got = JSON.stringify(foreign(given))
      return err(fault('bad_request', `${name}: want a whole number of ms from 1 on, got ${got}`))
    }
    times.push(ms)
  }
  const [endMs, lookbackMs, stepMs, rateMs] = times as [number, number, number, number]
  const group = params.get('groupByOperation') ?? ''
  if (!['', 'true', 'false'].includes(group)) {
    return err(fault('bad_request', `groupByOperation: want true or false, got ${JSON.stringify(foreign(group))}`))
  }
  const kindNames = kinds.map((kind) => `SPAN_KIND_${kind.toUpperCase()}`)
  return ok({
    selector: `service=~${oneOf(services)}, span_kind=~${oneOf(kindNames)}`,
    by: group === 'true' ? ['service', 'span_name'] : ['service'],
    rateMs,
    range: { startMs: endMs - lookbackMs, endMs, stepMs },
  })
}

/** A pattern of PromQL that takes these texts and no others. */
function oneOf(texts: readonly string[]): string {
  return quotedText(texts.map((one) => one.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')).join('|'))
}
