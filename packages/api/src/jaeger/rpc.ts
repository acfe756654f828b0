import type { Clock, Result } from '@vantage/model'
import type { RpcMethod } from '../rpc-method.ts'
import type { TraceQueries } from '../traces/queries.ts'
import { JaegerJobs, type Job, traceJob } from './jobs.ts'
import type { JaegerRpcForm } from './rpc-answers.ts'

export interface JaegerRpcDeps {
  readonly queries: TraceQueries
  readonly clock: Clock
}

/** How a request is read: its members under the names of the third version's HTTP API. */
export type JaegerRpcRequest = 'empty' | 'trace-v2' | 'trace-v3' | 'find' | 'operations' | 'dependencies'

/** @returns the members of a message, or why it is none */
export type ReadJaegerRequest = (kind: JaegerRpcRequest, message: Uint8Array) => Result<URLSearchParams>

const SERVICES: readonly (readonly [string, JaegerRpcForm])[] = [
  ['jaeger.api_v2.QueryService', 'jaeger-v2-rpc'],
  ['jaeger.api_v3.QueryService', 'jaeger-v3-rpc'],
]

/**
 * Jaeger's query services over gRPC, of the second and of the third version.
 * Source: jaegertracing/jaeger-idl proto/api_v2/query.proto, proto/api_v3/query_service.proto.
 */
export function jaegerRpcMethods({ queries, clock }: JaegerRpcDeps, read: ReadJaegerRequest): RpcMethod[] {
  const jobs = new JaegerJobs(clock)
  return SERVICES.flatMap(([service, form]) => {
    const method = (name: string, kind: JaegerRpcRequest, jobOf: (params: URLSearchParams) => Job): RpcMethod => ({
      service,
      name,
      permission: 'traces:read',
      handle: async ({ tenant, message, signal }) => {
        const params = read(kind, message)
        if (!params.ok) return params
        const job = jobOf(params.value)
        return job.ok ? queries.ask(tenant, job.value, { signal, timeoutMs: undefined }) : job
      },
    })
    // The second version has none.
    const summaries =
      form === 'jaeger-v3-rpc' ? [method('FindTraceSummaries', 'find', (p) => jobs.summaries(p, form))] : []
    return [
      ...summaries,
      method('GetServices', 'empty', () => jobs.services(form)),
      method('GetOperations', 'operations', (params) =>
        jobs.operations(params.get('service') ?? '', params.get('span_kind') ?? '', form),
      ),
      method('GetTrace', form === 'jaeger-v2-rpc' ? 'trace-v2' : 'trace-v3', (params) =>
        traceJob(params.get('trace_id') ?? '', form),
      ),
      method('FindTraces', 'find', (params) => jobs.findThird(params, form)),
      method('GetDependencies', 'dependencies', (params) => jobs.dependenciesBetween(params, form)),
    ]
  })
}
