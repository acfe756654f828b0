import type { Clock } from '@vantage/model'
import type { ApiRequest, Route } from '../route.ts'
import type { TraceQueries } from '../traces/queries.ts'
import { answered, integer, type TraceRoute, text, traceRoutes } from '../traces/route-factory.ts'
import { JaegerJobs, type Job, LIMIT, traceJob } from './jobs.ts'

export interface JaegerDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
}

/** Where Jaeger's API lies beside others; on a port of its own it has the root. */
export const JAEGER_PREFIX = '/jaeger'

/** Jaeger's JSON APIs. Source: jaegertracing.io/docs/latest/apis; jaegertracing/jaeger internal/apis, api_v3. */
export class JaegerApi {
  readonly #deps: JaegerDeps
  readonly #jobs: JaegerJobs

  constructor(deps: JaegerDeps) {
    this.#deps = deps
    this.#jobs = new JaegerJobs(deps.clock)
  }

  /** @param prefix JAEGER_PREFIX, or '' on a port of its own */
  routes(prefix: string): Route[] {
    const route = traceRoutes(prefix, 'jaeger')
    return [...this.#firstRoutes(route), ...this.#thirdRoutes(route)]
  }

  #firstRoutes(route: TraceRoute): Route[] {
    const search = [
      text('service', 'name of the service', true),
      text('operation', 'name of the span'),
      text('tags', 'JSON object of texts'),
      { ...text('tag', 'key:value'), repeated: true },
      integer('start', 'unix µs'),
      integer('end', 'unix µs'),
      text('lookback', 'length of the range in front of end'),
      integer('limit', `traces; default ${LIMIT}`),
      text('minDuration', 'of the span'),
      text('maxDuration', 'of the span'),
      { ...text('traceID', 'these traces instead'), repeated: true },
    ]
    const depends = [integer('endTs', 'unix ms; default now'), integer('lookback', 'ms; default 48 h')]
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/services', 'Names of services', [], (r) => ask(r, this.#jobs.services('jaeger'))),
      route('/api/services/:service/operations', 'Names of operations of a service', [], (r) =>
        ask(r, this.#jobs.operations(r.path['service'] ?? '', '', 'jaeger-names')),
      ),
      route(
        '/api/operations',
        'Operations of a service with their kinds',
        [text('service', 'name of the service', true), text('spanKind', 'only of this kind')],
        (r) => ask(r, this.#jobs.operations(r.params.get('service') ?? '', r.params.get('spanKind') ?? '', 'jaeger')),
      ),
      route('/api/traces', 'Find traces', search, (r) => ask(r, this.#jobs.find(r.params))),
      route('/api/traces/:traceId', 'One trace', [], (r) => ask(r, traceJob(r.path['traceId'] ?? '', 'jaeger'))),
      route('/api/dependencies', 'Calls between services', depends, (r) => ask(r, this.#jobs.dependencies(r.params))),
    ]
  }

  #thirdRoutes(route: TraceRoute): Route[] {
    const names = [
      'service_name',
      'operation_name',
      'attributes',
      'start_time_min',
      'start_time_max',
      'duration_min',
      'duration_max',
      'search_depth',
    ]
    const search = names.map((name) => text(`query.${name}`, name.replaceAll('_', ' ')))
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/v3/services', 'Names of services', [], (r) => ask(r, this.#jobs.services('jaeger-v3'))),
      route(
        '/api/v3/operations',
        'Operations of a service',
        [text('service', 'name of the service', true), text('span_kind', 'only of this kind')],
        (r) =>
          ask(r, this.#jobs.operations(r.params.get('service') ?? '', r.params.get('span_kind') ?? '', 'jaeger-v3')),
      ),
      route(
        '/api/v3/dependencies',
        'Calls between services',
        [text('start_time', 'RFC 3339'), text('end_time', 'RFC 3339; default now')],
        (r) => ask(r, this.#jobs.dependenciesBetween(r.params, 'jaeger-v3')),
      ),
      route('/api/v3/traces', 'Find traces, as OTLP', search, (r) =>
        ask(r, this.#jobs.findThird(r.params, 'jaeger-v3')),
      ),
      route('/api/v3/trace-summaries', 'Find traces, a few figures of each', search, (r) =>
        ask(r, this.#jobs.summaries(r.params, 'jaeger-v3')),
      ),
      route('/api/v3/traces/:traceId', 'One trace, as OTLP', [], (r) =>
        ask(r, traceJob(r.path['traceId'] ?? '', 'jaeger-v3')),
      ),
    ]
  }
}
