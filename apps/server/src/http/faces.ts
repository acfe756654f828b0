import {
  type AskOptions,
  DeletionApi,
  type Deletions,
  dashboardRoutes,
  eventRoutes,
  executionRoutes,
  JAEGER_PREFIX,
  JaegerApi,
  JoinsApi,
  type JoinsDeps,
  LokiApi,
  type LokiDeps,
  type MetricQueries,
  type Route,
  type RpcMethod,
  TEMPO_PREFIX,
  TempoApi,
  type TraceArchive,
  type TraceQueries,
  traceDetailRoutes,
  viewRoutes,
  ZIPKIN_PREFIX,
  ZipkinApi,
} from '@vantage/api'
import { readJaegerRequest } from '@vantage/decode/jaeger'
import { readTempoRequest } from '@vantage/decode/tempo'
import { type Fault, type FileSystem, type Result, systemClock, type TenantId } from '@vantage/model'
import type { Config } from '../config/schema.ts'
import { tryRoute } from '../process/try-route.ts'
import { ProvisionedDashboards } from '../provisioned-dashboards.ts'
import { logqlLimits, traceqlLimits } from '../query/row-limits.ts'
import type { WorkerJob } from '../query/worker-job.ts'
import { SavedViews } from '../saved-views.ts'

/** Span attributes that Zipkin's search field completes. */
const AUTOCOMPLETE_KEYS = ['http.route', 'http.request.method', 'service.version', 'deployment.environment.name']

/** APIs of logs and traces that other products' clients speak. */
export interface Faces {
  /** On the main port, each under its prefix. */
  readonly routes: readonly Route[]
  /** On ports of their own, where each has the root. */
  readonly ports: readonly { readonly port: number; readonly routes: readonly Route[] }[]
  /** Over gRPC. */
  readonly rpcs: readonly RpcMethod[]
  /** Where clients of Jaeger's agent ask how many traces to record. */
  readonly samplingRoutes: readonly Route[]
  /** Of these, what senders of spans ask. */
  readonly senderRpcs: readonly RpcMethod[]
}

export interface FaceDeps {
  ask(tenant: TenantId, job: WorkerJob, options: AskOptions): Promise<Result<Uint8Array, Fault>>
  readonly config: Config
  readonly metrics: MetricQueries
  readonly facts: LokiDeps['facts']
  readonly files: FileSystem
  readonly deletions: Deletions
  readonly archive: TraceArchive
}

export function openFaces({ ask, metrics, facts, config, files, deletions, archive }: FaceDeps): Faces {
  const ofTraceql = traceqlLimits(config)
  const logs: LokiDeps['queries'] = {
    ask: (tenant, job, options) => ask(tenant, { kind: 'logs', job }, options),
  }
  const traces: TraceQueries = {
    ask: (tenant, job, options) => ask(tenant, { kind: 'traces', job, limits: ofTraceql }, options),
  }
  const joined: JoinsDeps['queries'] = {
    ask: (tenant, job, options) => ask(tenant, { kind: 'joins', job, limits: ofTraceql }, options),
  }
  const joins = new JoinsApi({ queries: joined, clock: systemClock })
  const loki = new LokiApi({ queries: logs, facts, clock: systemClock, limits: logqlLimits(config) })
  const tempo = new TempoApi({ queries: traces, clock: systemClock, facts })
  const jaeger = new JaegerApi({
    queries: traces,
    clock: systemClock,
    metrics,
    sampling: config.jaeger.sampling,
    archive,
    transform: (tenant, body, options) => ask(tenant, { kind: 'transform', body, limits: ofTraceql }, options),
  })
  const zipkin = new ZipkinApi({ queries: traces, clock: systemClock, autocompleteKeys: AUTOCOMPLETE_KEYS })
  const deleting = new DeletionApi({ deletions, clock: systemClock })
  const ofLoki = [...loki.routes(), ...deleting.lokiRoutes()]
  return {
    routes: [
      ...joins.routes(),
      ...traceDetailRoutes(traces),
      ...deleting.routes(),
      ...viewRoutes(new SavedViews({ files, directory: config.data, clock: systemClock })),
      ...dashboardRoutes(new ProvisionedDashboards(config.dashboards.directory)),
      tryRoute(),
      ...eventRoutes({ queries: logs, clock: systemClock }),
      ...executionRoutes({ queries: logs, clock: systemClock }),
      ...ofLoki,
      ...tempo.routes(TEMPO_PREFIX),
      ...jaeger.routes(JAEGER_PREFIX),
      ...zipkin.routes(ZIPKIN_PREFIX),
    ],
    rpcs: [...jaeger.rpcMethods(readJaegerRequest), ...tempo.rpcMethods(readTempoRequest)],
    senderRpcs: [jaeger.samplingRpc(readJaegerRequest)],
    ports: [
      { port: 3100, routes: [...ofLoki, ...loki.portRoutes()] },
      { port: 3200, routes: tempo.routes('') },
      { port: 9411, routes: zipkin.routes('') },
      { port: 16686, routes: jaeger.routes('') },
    ],
    samplingRoutes: jaeger.samplingRoutes(''),
  }
}
