import { type Clock, err, type Fault, fault, foreign, ok, type Result } from '@vantage/model'
import type { LogQueries } from '../loki/queries.ts'
import { type ApiAnswer, type ApiRequest, json, type Route } from '../route.ts'
import { parseCount, parseRange } from '../traces/params.ts'
import { integer, text } from '../traces/route-factory.ts'

const RANGE_SECONDS = 86_400
const EVENTS = 100
const EVENTS_MAX = 1_000

export interface EventsDeps {
  readonly queries: LogQueries
  readonly clock: Clock
}

/** One event as it is answered; `time` is unix ns. */
interface EventJson {
  readonly time: string
  readonly kind: string
  readonly service: string
  readonly title: string
  readonly fields: Readonly<Record<string, string>>
}

/** Answer of a log query. Source: `writeLogqlAnswer`. */
interface Streams {
  readonly data: {
    readonly result: readonly {
      readonly stream: Readonly<Record<string, string>>
      readonly values: readonly (readonly [string, string])[]
    }[]
  }
}

/** Deploys and other changes: rows of the log streams that the label `event` marks. */
export function eventRoutes(deps: EventsDeps): Route[] {
  return [
    {
      methods: ['GET'],
      path: '/api/vantage/v1/events',
      permission: 'logs:read',
      summary: 'Deploys and other changes, newest first',
      parameters: [
        text('kind', 'deploy, change or another; default all'),
        text('service', 'name of a service; default all'),
        text('start', 'unix seconds, milliseconds, nanoseconds or RFC 3339'),
        text('end', 'as start; default now'),
        text('since', 'duration before end, in place of start; default 24h'),
        integer('limit', `default ${EVENTS}, at most ${EVENTS_MAX}`),
      ],
      faults: 'vantage',
      handle: (request) => readEvents(request, deps),
    },
  ]
}

async function readEvents(
  { params, tenant, signal }: ApiRequest,
  { queries, clock }: EventsDeps,
): Promise<Result<ApiAnswer, Fault>> {
  const range = parseRange(params, clock, RANGE_SECONDS)
  if (!range.ok) return range
  const limit = parseCount('limit', params.get('limit'), EVENTS, EVENTS_MAX)
  if (!limit.ok) return limit
  const kind = params.get('kind') ?? ''
  if (kind !== '' && !/^[a-z][a-z0-9_-]*$/.test(kind)) {
    return err(fault('bad_request', `kind: want a word such as deploy, got ${JSON.stringify(foreign(kind))}`))
  }
  const service = params.get('service') ?? ''
  const matchers = [
    kind === '' ? 'event=~".+"' : `event="${kind}"`,
    ...(service === '' ? [] : [`service_name=${JSON.stringify(service.toWellFormed())}`]),
  ]
  const job = {
    kind: 'logql',
    query: `{${matchers.join(',')}}`,
    ...range.value,
    // Rows have no steps.
    stepNs: range.value.endNs - range.value.startNs + 1n,
    limit: limit.value,
    direction: 'backward',
    intervalNs: 0n,
    detectsLevels: false,
    isCategorized: false,
  } as const
  const answer = await queries.ask(tenant, job, { signal, timeoutMs: undefined })
  return answer.ok ? ok(json({ events: eventsOf(answer.value) })) : answer
}

function eventsOf(answer: Uint8Array): EventJson[] {
  const { data } = JSON.parse(Buffer.from(answer).toString('utf8')) as Streams
  const events = data.result.flatMap(({ stream, values }) => {
    const { event: kind = '', service_name: service = '', ...fields } = stream
    return values.map(([time, title]): EventJson => ({ time, kind, service, title, fields }))
  })
  return events.sort((a, b) => Number(BigInt(b.time) - BigInt(a.time)))
}
