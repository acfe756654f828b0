import { type Fault, ok, type Result } from '@vantage/model'
import { type ApiAnswer, type ApiRequest, type FaultStyle, JSON_TYPE, type Parameter, type Route } from '../route.ts'
import type { TracesJob } from './job.ts'
import type { TraceQueries } from './queries.ts'

export type Answer = Promise<Result<ApiAnswer, Fault>>

/** Makes routes that read traces, below one prefix. */
export type TraceRoute = (
  path: string,
  summary: string,
  parameters: readonly Parameter[],
  handle: (request: ApiRequest) => Answer,
  methods?: Route['methods'],
) => Route

/** @param prefix '' or a path in front */
export function traceRoutes(prefix: string, faults: FaultStyle): TraceRoute {
  return (path, summary, parameters, handle, methods = ['GET']) => {
    const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
    const inPath = named.map(
      (name): Parameter => ({ name, in: 'path', required: true, description: name, type: 'string' }),
    )
    return {
      methods,
      path: `${prefix}${path}`,
      permission: 'traces:read',
      summary,
      parameters: [...inPath, ...parameters],
      faults,
      handle,
    }
  }
}

export function text(name: string, description: string, required = false): Parameter {
  return { name, in: 'query', required, description, type: 'string' }
}

export function integer(name: string, description: string): Parameter {
  return { name, in: 'query', required: false, description, type: 'integer' }
}

/** Sends a job and hands its body on. */
export async function answered(
  queries: TraceQueries,
  request: ApiRequest,
  job: Result<TracesJob, Fault>,
  contentType = JSON_TYPE,
): Answer {
  if (!job.ok) return job
  const body = await queries.ask(request.tenant, job.value, { signal: request.signal, timeoutMs: undefined })
  return body.ok ? ok({ contentType, body: body.value }) : body
}
