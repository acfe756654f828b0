import { type Clock, err, fault, foreign, ok, type Result } from '@vantage/model'
import type { MetricQueries, ServerFacts } from '../queries.ts'
import type { QueryJob } from '../query-job.ts'
import { type ApiRequest, JSON_TYPE, json, type Parameter, type Route } from '../route.ts'

const RANGE_DEFAULT_SECONDS = 3600
/** 400 days: longer than anything is kept. */
const RANGE_MAX_SECONDS = 400 * 86_400

const SERVICE: Parameter = {
  name: 'service',
  in: 'query',
  required: false,
  description: 'one service; default all',
  type: 'string',
}
const RANGE: Parameter = {
  name: 'range',
  in: 'query',
  required: false,
  description: `seconds back from now; default ${RANGE_DEFAULT_SECONDS}`,
  type: 'integer',
}

/** The plain metrics API: timeseries, aggregates and services by name, without a query language. */
export function plainRoutes(deps: { queries: MetricQueries; facts: ServerFacts; clock: Clock }): Route[] {
  const plain = (
    path: string,
    summary: string,
    parameters: readonly Parameter[],
    job: (range: { startMs: number; endMs: number }, service: string | undefined) => QueryJob,
  ): Route => ({
    methods: ['GET'],
    path,
    permission: 'metrics:read',
    summary,
    parameters,
    faults: 'vantage',
    handle: async (request: ApiRequest) => {
      const range = rangeOf(request, deps.clock.nowMs())
      if (!range.ok) return range
      const service = request.params.get('service') ?? undefined
      const answer = await deps.queries.ask(request.tenant, job(range.value, service), {
        signal: request.signal,
        timeoutMs: undefined,
      })
      return answer.ok ? ok({ contentType: JSON_TYPE, body: answer.value }) : answer
    },
  })
  return [
    plain('/api/metrics/timeseries', 'Points of every series of a service', [SERVICE, RANGE], (range, service) => ({
      kind: 'timeseries',
      service,
      range,
    })),
    plain(
      '/api/metrics/aggregated',
      'Count, min, max, avg, sum and last per metric and service',
      [SERVICE, RANGE],
      (range, service) => ({ kind: 'aggregated', service, range }),
    ),
    plain('/api/services', 'Services that sent metrics', [RANGE], (range) => ({ kind: 'services', range })),
    {
      methods: ['GET'],
      path: '/v1/stats',
      permission: 'metrics:read',
      summary: 'Figures of intake and storage',
      parameters: [],
      faults: 'vantage',
      handle: async () => ok(json(deps.facts.stats())),
    },
  ]
}

function rangeOf(request: ApiRequest, nowMs: number): Result<{ startMs: number; endMs: number }> {
  const text = request.params.get('range')
  const seconds = text === null || text === '' ? RANGE_DEFAULT_SECONDS : Number(text)
  if (!(seconds > 0) || seconds > RANGE_MAX_SECONDS) {
    const message = `range: want seconds from 1 to ${RANGE_MAX_SECONDS}, got ${JSON.stringify(foreign(text ?? ''))}`
    return err(fault('bad_request', message))
  }
  return ok({ startMs: nowMs - Math.round(seconds * 1000), endMs: nowMs })
}
