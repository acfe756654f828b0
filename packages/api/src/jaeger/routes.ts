import { type Clock, err, type Fault, fault, ok, type Result, type TenantId } from '@vantage/model'
import type { AskOptions, MetricQueries } from '../queries.ts'
import { type ApiRequest, JSON_TYPE, type Route } from '../route.ts'
import type { RpcMethod } from '../rpc-method.ts'
import type { TraceQueries } from '../traces/queries.ts'
import { answered, integer, type TraceRoute, text, traceRoutes } from '../traces/route-factory.ts'
import { archiveRoutes, archiveRpc, type TraceArchive } from './archive.ts'
import { JaegerJobs, type Job, LIMIT, traceJob } from './jobs.ts'
import { monitorRoutes } from './monitor-routes.ts'
import { jaegerRpcMethods, type ReadJaegerRequest } from './rpc.ts'
import { type SamplingStrategies, samplingRoutes, samplingRpc } from './sampling.ts'

export interface JaegerDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
  readonly metrics: MetricQueries
  readonly sampling: SamplingStrategies
  readonly archive: TraceArchive
  /** Traces that are not stored, OTLP/JSON, in the form of Jaeger's interface. */
  transform(tenant: TenantId, body: Uint8Array, options: AskOptions): Promise<Result<Uint8Array, Fault>>
}

/** A file of traces that somebody looks at, bytes. */
const TRANSFORM_BYTES_MAX = 16 * 1024 * 1024

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
    return [
      ...this.#firstRoutes(route),
      ...this.#thirdRoutes(route),
      ...this.#insightRoutes(route),
      ...monitorRoutes(route, this.#deps),
      ...archiveRoutes(route, this.#deps),
      ...this.samplingRoutes(prefix),
    ]
  }

  /** Alone where agents' clients ask. */
  samplingRoutes(prefix: string): Route[] {
    return samplingRoutes(traceRoutes(prefix, 'text'), this.#deps.sampling)
  }

  rpcMethods(read: ReadJaegerRequest): RpcMethod[] {
    const archive = archiveRpc(this.#deps, (message) => read('trace-v2', message))
    return [...jaegerRpcMethods(this.#deps, read), archive, this.samplingRpc(read)]
  }

  samplingRpc(read: ReadJaegerRequest): RpcMethod {
    return samplingRpc(this.#deps.sampling, (message) => read('operations', message))
  }

  #insightRoutes(route: TraceRoute): Route[] {
    const service = text('service', 'name of the service', true)
    const ask = (r: ApiRequest, job: Job) => answered(this.#deps.queries, r, job)
    return [
      route('/api/deep-dependencies', 'Ways of calls that lead through a service', [service], (r) =>
        ask(r, this.#jobs.insight(r.params, 'deep-dependencies')),
      ),
      route('/api/quality-metrics', 'How well the spans of a service join to traces', [service], (r) =>
        ask(r, this.#jobs.insight(r.params, 'quality')),
      ),
      {
        ...route('/api/transform', 'OTLP/JSON as Jaeger shows it', [], (r) => this.#transform(r), ['POST']),
        rawBodyBytesMax: TRANSFORM_BYTES_MAX,
      },
    ]
  }

  async #transform({ tenant, bytes, signal }: ApiRequest) {
    if (bytes === undefined || bytes.length === 0) return err(fault('bad_request', 'want OTLP/JSON, got no body'))
    const body = await this.#deps.transform(tenant, bytes, { signal, timeoutMs: undefined })
    return body.ok ? ok({ contentType: JSON_TYPE, body: body.value }) : body
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
