import { type Clock, type Fault, ok, type Result } from '@vantage/model'
import type { LogQueries } from '../loki/queries.ts'
import { type ApiRequest, json, type Route } from '../route.ts'
import { parseCount } from '../traces/params.ts'
import { integer } from '../traces/route-factory.ts'
import { type Figures, SUMS, sourcesOf, summaryOf } from './analytics.ts'
import { ANOMALY_FILTER, anomaliesOf } from './anomalies.ts'

/** Everything that is kept: runs carry the times of their ends, and files of runs may be old. */
const RANGE_SECONDS = 3_650 * 86_400
const RECENT = 10
const RECENT_MAX = 1_000
const SECOND_NS = 1_000_000_000n

export interface ExecutionsDeps {
  readonly queries: LogQueries
  readonly clock: Clock
}

/** Answer of a log query. Source: `writeLogqlAnswer`. */
interface Answer<Row> {
  readonly data: { readonly result: readonly Row[] }
}
type Streams = Answer<{
  readonly stream: Readonly<Record<string, string>>
  readonly values: readonly [string, string][]
}>
type Vector = Answer<{ readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }>

/** What execution logs say: rows of the streams `{log_type="execution"}`. */
export function executionRoutes(deps: ExecutionsDeps): Route[] {
  const range = integer('range', 'seconds before now; default all that is kept')
  const get = (path: string, summary: string, parameters: Route['parameters'], handle: Route['handle']): Route => ({
    methods: ['GET'],
    path,
    permission: 'logs:read',
    summary,
    parameters,
    faults: 'vantage',
    handle,
  })
  return [
    get(
      '/analytics/recent',
      'Runs of integration jobs, the newest first',
      [integer('limit', `default ${RECENT}, at most ${RECENT_MAX}`), range],
      async (request) => {
        const runs = await newest('', request, deps)
        return runs.ok ? ok(json({ count: runs.value.length, runs: runs.value })) : runs
      },
    ),
    get(
      '/analytics/anomalies',
      'Runs that failed, took long or much memory, did little, or say what cannot be; the newest first',
      [integer('limit', `default ${RECENT}, at most ${RECENT_MAX}`), range],
      async (request) => {
        const runs = await newest(` | ${ANOMALY_FILTER}`, request, deps)
        if (!runs.ok) return runs
        const anomalies = runs.value.map((run) => ({ rules: anomaliesOf(run), ...run }))
        return ok(json({ count: anomalies.length, anomalies }))
      },
    ),
    get('/analytics/sources', 'What each source of runs did, and how well', [range], async (request) => {
      const figures = await askFigures(request, deps)
      return figures.ok ? ok(json({ sources: sourcesOf(figures.value) })) : figures
    }),
    get('/analytics/summary', 'What all runs come to', [range], async (request) => {
      const figures = await askFigures(request, deps)
      return figures.ok ? ok(json(summaryOf(figures.value))) : figures
    }),
  ]
}

/** Runs under our names, the newest first. @param filter of LogQL, behind the streams */
async function newest(
  filter: string,
  { params, tenant, signal }: ApiRequest,
  deps: ExecutionsDeps,
): Promise<Result<Record<string, string>[], Fault>> {
  const limit = parseCount('limit', params.get('limit'), RECENT, RECENT_MAX)
  if (!limit.ok) return limit
  const seconds = parseCount('range', params.get('range'), RANGE_SECONDS, RANGE_SECONDS)
  if (!seconds.ok) return seconds
  const endNs = BigInt(deps.clock.nowMs()) * 1_000_000n
  const startNs = endNs - BigInt(seconds.value) * SECOND_NS
  const job = {
    ...logql(`{log_type="execution"}${filter}`, startNs, endNs),
    // Rows have no steps.
    stepNs: endNs - startNs + 1n,
    limit: limit.value,
  }
  const answer = await deps.queries.ask(tenant, job, { signal, timeoutMs: undefined })
  if (!answer.ok) return answer
  const { data } = readJson<Streams>(answer.value)
  const runs = data.result.flatMap(({ stream, values }) => {
    const { log_type: _type, service_name: source = '', detected_level: _level, ...fields } = stream
    return values.map(([timeNs, entry]) => ({ timeNs, run: { source, ...fields, entry } }))
  })
  runs.sort((a, b) => Number(BigInt(b.timeNs) - BigInt(a.timeNs)))
  return ok(runs.map(({ run }) => run))
}

/** Sums of each source and status, one question for each. */
async function askFigures(
  { params, tenant, signal }: ApiRequest,
  { queries, clock }: ExecutionsDeps,
): Promise<Result<Figures, Fault>> {
  const seconds = parseCount('range', params.get('range'), RANGE_SECONDS, RANGE_SECONDS)
  if (!seconds.ok) return seconds
  const nowNs = BigInt(clock.nowMs()) * 1_000_000n
  const figures: Figures = new Map()
  for (const [name, sum] of SUMS) {
    const query = `sum by (service_name, status) (${sum(`${seconds.value}s`)})`
    const job = { ...logql(query, nowNs, nowNs), stepNs: 0n, limit: 1 }
    const answer = await queries.ask(tenant, job, { signal, timeoutMs: undefined })
    if (!answer.ok) return answer
    for (const { metric, value } of readJson<Vector>(answer.value).data.result) {
      const { service_name: source = '', status = '' } = metric
      const known = figures.get(source) ?? new Map<string, Map<string, number>>()
      const sums = known.get(status) ?? new Map<string, number>()
      figures.set(source, known.set(status, sums.set(name, Number(value[1]))))
    }
  }
  return ok(figures)
}

function logql(query: string, startNs: bigint, endNs: bigint) {
  return {
    kind: 'logql',
    query,
    startNs,
    endNs,
    direction: 'backward',
    intervalNs: 0n,
    detectsLevels: false,
    isCategorized: false,
  } as const
}

function readJson<T>(answer: Uint8Array): T {
  return JSON.parse(Buffer.from(answer).toString('utf8')) as T
}
