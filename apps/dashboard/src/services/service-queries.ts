/**
 * The questions of the service screens, in PromQL over the metrics that are counted from spans. A service's requests are
 * the spans by which it was entered: server and consumer.
 */
const CALLS = 'traces_spanmetrics_calls_total'
const LATENCY = 'traces_spanmetrics_latency'
const ENTRY = 'span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"'
const FAILED = 'status_code="STATUS_CODE_ERROR"'
const NOT_FAILED = 'status_code!="STATUS_CODE_ERROR"'

/** Figures of a service over one time, as `figure` of the series of `figuresQuery` names them. */
export const FIGURES = ['rate', 'errors', 'p50', 'p95', 'p99'] as const
export type Figure = (typeof FIGURES)[number]

const QUANTILES: readonly (readonly [Figure, number])[] = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
]

/** A string of PromQL, LogQL and TraceQL. A dollar is escaped: panels fill in what it would name. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('$', '\\u0024')
}

function matchers(service: string | undefined, ...others: readonly string[]): string {
  return `{${[ENTRY, ...(service === undefined ? [] : [`service=${quoted(service)}`]), ...others].join(',')}}`
}

/** PromQL's way to write a span of time. */
export function spanText(spanMs: number): string {
  return `${Math.max(1, Math.round(spanMs / 1000))}s`
}

/**
 * Requests and errors a second and latencies in seconds, in one question, so that all are of one moment.
 * @param by labels that tell the rows
 * @param offsetMs how long before the moment of the question the time ends
 */
export function figuresQuery(spanMs: number, offsetMs: number, by: string, service?: string): string {
  const window = `[${spanText(spanMs)}]${offsetMs === 0 ? '' : ` offset ${spanText(offsetMs)}`}`
  return figureParts(window, by, QUANTILES, service)
}

/**
 * Requests, errors and p95 of every service over time, of one alone all quantiles. The window of a step reaches back to the
 * step before it, so that a change shows at its step.
 */
export function figureStepsQuery(stepMs: number, service?: string): string {
  const isOne = service !== undefined
  const quantiles = isOne ? QUANTILES : QUANTILES.filter(([figure]) => figure === 'p95')
  const reachMs = Math.max(stepMs, isOne ? LINE_REACH_MS : STEP_REACH_MS)
  return figureParts(`[${spanText(reachMs)}]`, 'service', quantiles, service)
}

/** How far back a step looks at least: long enough for metrics that are stated every few seconds. */
const STEP_REACH_MS = 20_000
/** Of one service, whose lines are drawn: also for metrics that are scraped twice a minute. */
const LINE_REACH_MS = 60_000

function figureParts(window: string, by: string, quantiles: typeof QUANTILES, service?: string): string {
  const named = (figure: Figure, query: string) => `label_replace(${query}, "figure", "${figure}", "", "")`
  return [
    named('rate', `sum by (${by}) (rate(${CALLS}${matchers(service)}${window}))`),
    named('errors', `sum by (${by}) (rate(${CALLS}${matchers(service, FAILED)}${window}))`),
    ...quantiles.map(([figure, quantile]) => {
      const buckets = `sum by (le, ${by}) (rate(${LATENCY}_bucket${matchers(service)}${window}))`
      return named(figure, `histogram_quantile(${quantile}, ${buckets})`)
    }),
  ].join(' or ')
}

/** Every service that has had requests. */
export const SERVICES_QUERY = `group by (service) (${CALLS}${matchers(undefined)})`

/** How far the rates of a chart look back: long enough for metrics that are stated every few seconds. */
export function rateWindowMs(stepMs: number): number {
  return Math.max(4 * stepMs, 60_000)
}

function stepWindow(stepMs: number): string {
  return `[${spanText(rateWindowMs(stepMs))}]`
}

/** Steps of a sparkline. */
const TREND_STEPS = 40
const TREND_STEP_MIN_MS = 5_000

export function trendStepMs(spanMs: number): number {
  return Math.max(TREND_STEP_MIN_MS, Math.ceil(spanMs / TREND_STEPS / 1000) * 1000)
}

/** Requests a second over time. @param by label that tells the rows */
export function trendQuery(stepMs: number, by: string, service?: string): string {
  return `sum by (${by}) (rate(${CALLS}${matchers(service)}${stepWindow(stepMs)}))`
}

/** Requests a second by how they ended; of a panel, which fills `$window` in. */
export function requestsQueries(service: string): Readonly<Record<'ok' | 'failed', string>> {
  const rate = (matcher: string) => `sum(rate(${CALLS}${matchers(service, matcher)}[$window]))`
  return { ok: rate(NOT_FAILED), failed: rate(FAILED) }
}

/** Latencies in seconds by quantile; of a panel, too. */
export function latencyQueries(service: string): Readonly<Record<string, string>> {
  const buckets = `sum by (le) (rate(${LATENCY}_bucket${matchers(service)}[$window]))`
  return Object.fromEntries(QUANTILES.map(([name, quantile]) => [name, `histogram_quantile(${quantile}, ${buckets})`]))
}

/** Seconds spent in requests of each operation, a second. */
export function timeQuery(service: string, spanMs: number): string {
  return `sum by (span_name) (rate(${LATENCY}_sum${matchers(service)}[${spanText(spanMs)}]))`
}

/**
 * Calls a second between this service and others, those that failed, and their p95 in seconds; `side` says which of the two
 * the other is.
 */
export function dependencyQuery(service: string, spanMs: number): string {
  const name = quoted(service)
  const window = `[${spanText(spanMs)}]`
  const named = (query: string, other: string, figure: string) =>
    `label_replace(label_replace(label_replace(${query}, "service", "$1", "${other}", "(.*)"), ` +
    `"side", "${other}", "", ""), "figure", "${figure}", "", "")`
  return (['client', 'server'] as const)
    .flatMap((other) => {
      const own = `{${other === 'client' ? 'server' : 'client'}=${name}}`
      const calls = (metric: string) =>
        `sum by (${other}) (rate(traces_service_graph_request_${metric}${own}${window}))`
      const buckets = `sum by (le, ${other}) (rate(traces_service_graph_request_server_seconds_bucket${own}${window}))`
      return [
        named(calls('total'), other, 'rate'),
        named(calls('failed_total'), other, 'errors'),
        named(`histogram_quantile(0.95, ${buckets})`, other, 'p95'),
      ]
    })
    .join(' or ')
}
