import { err, type Fault, fault, type NsRange, ok, type Result, type TenantId } from '@vantage/model'
import { framed } from '@vantage/query/traces'
import { type ApiAnswer, json, type Route } from '../route.ts'
import type { RpcMethod, RpcRequest } from '../rpc-method.ts'
import { parseTraceId } from '../traces/params.ts'
import type { TraceQueries } from '../traces/queries.ts'
import type { TraceRoute } from '../traces/route-factory.ts'
import { jaegerBody } from './answers.ts'

/** Traces that are kept whatever their age. */
export interface TraceArchive {
  /** Durable when it resolves. @param range of its spans @returns why it is not kept */
  keep(tenant: TenantId, traceId: string, range: NsRange): Promise<Fault | undefined>
  /** @returns false where it was not kept */
  release(tenant: TenantId, traceId: string): Promise<boolean>
}

export interface ArchiveDeps {
  readonly queries: TraceQueries
  readonly archive: TraceArchive
}

/** Who asks for a trace to be kept. */
type Caller = Pick<RpcRequest, 'tenant' | 'signal'>

async function keep(id: string, { tenant, signal }: Caller, deps: ArchiveDeps): Promise<Result<undefined, Fault>> {
  const traceId = parseTraceId(id)
  if (!traceId.ok) return traceId
  const job = { kind: 'trace-times', traceId: traceId.value } as const
  const answer = await deps.queries.ask(tenant, job, { signal, timeoutMs: undefined })
  if (!answer.ok) return answer
  const { startNs, endNs } = JSON.parse(Buffer.from(answer.value).toString()) as Record<'startNs' | 'endNs', string>
  const range = { startNs: BigInt(startNs), endNs: BigInt(endNs) }
  const problem = await deps.archive.keep(tenant, traceId.value, range)
  return problem === undefined ? ok(undefined) : err(problem)
}

/** Source: jaegertracing.io/docs/latest/apis; taking a trace out again is ours. */
export function archiveRoutes(route: TraceRoute, deps: ArchiveDeps): Route[] {
  const done = (): Result<ApiAnswer> => ok(json({ ...(jaegerBody([]) as object), errors: [] }))
  const path = '/api/archive/:traceId'
  const kept = route(
    path,
    'Keep a trace whatever its age',
    [],
    async (request) => {
      const outcome = await keep(request.path['traceId'] ?? '', request, deps)
      return outcome.ok ? done() : outcome
    },
    ['POST'],
  )
  const released = route(
    path,
    'Let a trace that was kept age again',
    [],
    async ({ tenant, path: { traceId: id = '' } }) => {
      const traceId = parseTraceId(id)
      if (!traceId.ok) return traceId
      if (await deps.archive.release(tenant, traceId.value)) return done()
      return err(fault('not_found', `trace ${traceId.value} is not in the archive`))
    },
    ['DELETE'],
  )
  return [kept, released].map((one) => ({ ...one, permission: 'traces:write' as const }))
}

/** @param read the request's members as parameters */
export function archiveRpc(deps: ArchiveDeps, read: (message: Uint8Array) => Result<URLSearchParams>): RpcMethod {
  return {
    service: 'jaeger.api_v2.QueryService',
    name: 'ArchiveTrace',
    permission: 'traces:write',
    handle: async (request) => {
      const params = read(request.message)
      if (!params.ok) return params
      const outcome = await keep(params.value.get('trace_id') ?? '', request, deps)
      // Its answer has no members.
      return outcome.ok ? ok(framed([new Uint8Array(0)])) : outcome
    },
  }
}
