export type { FoundDashboards, Provisioned, ProvisionedDashboard, RefusedDashboard } from './dashboards/provisioned.ts'
export { dashboardRoutes } from './dashboards/routes.ts'
export type { DeletionEntry, DeletionRequest, Deletions } from './deletions/deletion.ts'
export { DeletionApi } from './deletions/routes.ts'
export { DOCS_CSS, docsPage } from './docs-page.ts'
export { eventRoutes } from './events/routes.ts'
export { executionRoutes } from './executions/routes.ts'
export { faultAnswer } from './fault-answer.ts'
export type { TraceArchive } from './jaeger/archive.ts'
export { JAEGER_PREFIX, JaegerApi, type JaegerDeps } from './jaeger/routes.ts'
export { type JaegerRpcRequest, jaegerRpcMethods, type ReadJaegerRequest } from './jaeger/rpc.ts'
export type { SamplingStrategies } from './jaeger/sampling.ts'
export { transformedBody } from './jaeger/transform.ts'
export { type JoinsJob, runJoinsJob } from './joins/job.ts'
export { JoinsApi, type JoinsDeps } from './joins/routes.ts'
export { type LogsJob, runLogsJob } from './loki/logs-job.ts'
export type { LogQueries } from './loki/queries.ts'
export { LokiApi, type LokiDeps } from './loki/routes.ts'
export { tailMessage } from './loki/tail.ts'
export { openApiDocument } from './openapi.ts'
export { plainRoutes } from './plain/routes.ts'
export { PrometheusApi } from './prometheus/routes.ts'
export type {
  AskOptions,
  MetricAdmin,
  MetricQueries,
  Notice,
  NoticeFollower,
  Notices,
  ServerFacts,
} from './queries.ts'
export { type QueryJob, rowEncoder, runQueryJob } from './query-job.ts'
export { type ApiAnswer, type ApiRequest, json, type Parameter, type Permission, type Route } from './route.ts'
export type { RpcMethod, RpcRequest } from './rpc-method.ts'
export { type ReadTempoRequest, TEMPO_PREFIX, TempoApi, type TempoDeps, type TempoRpcRequest } from './tempo/routes.ts'
export { runTracesJob, type TracesJob } from './traces/job.ts'
export type { TraceQueries } from './traces/queries.ts'
export { traceDetailRoutes } from './traces/routes.ts'
export { viewRoutes } from './views/routes.ts'
export type { SavedView, SavedViews, ViewDraft } from './views/saved-view.ts'
export { ZIPKIN_PREFIX, ZipkinApi, type ZipkinDeps } from './zipkin/routes.ts'
