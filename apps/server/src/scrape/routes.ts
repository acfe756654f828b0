import { type ApiAnswer, type ApiRequest, json, type Parameter, type Route } from '@vantage/api'
import { err, type Fault, fault, foreign, formatDuration, ok, type Result } from '@vantage/model'
import { type ActiveTarget, type DroppedTarget, relabelSteps } from '@vantage/receive'
import { relabelConfigOf } from './prometheus-yml.ts'
import type { Scraping } from './scraping.ts'
import { targetsMetadata } from './targets-metadata.ts'

const ID: Parameter = { name: 'id', in: 'path', required: true, description: 'target id', type: 'string' }
const STATE: Parameter = {
  name: 'state',
  in: 'query',
  required: false,
  description: 'active, dropped or any',
  type: 'string',
}
const POOL: Parameter = {
  name: 'scrapePool',
  in: 'query',
  required: false,
  description: 'targets of one job',
  type: 'string',
}

const MATCH_TARGET: Parameter = {
  name: 'match_target',
  in: 'query',
  required: false,
  description: 'selector over the labels of targets',
  type: 'string',
}
const METRIC: Parameter = { ...MATCH_TARGET, name: 'metric', description: 'one metric' }
const LIMIT: Parameter = {
  name: 'limit',
  in: 'query',
  required: false,
  description: 'at most so many, 0 = all',
  type: 'integer',
}

const STEPS_POOL: Parameter = { ...POOL, required: true, description: 'a scrape job' }
const STEPS_LABELS: Parameter = {
  ...POOL,
  name: 'labels',
  required: true,
  description: 'labels before relabelling, as a JSON object',
}

type Answer = Promise<Result<ApiAnswer, Fault>>

/**
 * What is scraped, by Prometheus' API, and the registration of targets while running.
 * @param scraping undefined until the server is ready, which no handler runs before
 */
export function scrapeRoutes(scraping: () => Scraping | undefined): Route[] {
  const open = (): Scraping => {
    const found = scraping()
    if (found === undefined) throw new Error('BUG: a handler ran before the server was ready')
    return found
  }
  const prometheus = (prefix: string): Route[] => [
    read(`${prefix}/api/v1/targets`, 'Targets and how their last scrape went', [STATE, POOL], (request) =>
      targets(open(), request),
    ),
    read(
      `${prefix}/api/v1/targets/metadata`,
      'Type, unit and help of metrics, by the targets that said so',
      [MATCH_TARGET, METRIC, LIMIT],
      async (request) => targetsMetadata(open().manager, request.params),
    ),
    read(
      `${prefix}/api/v1/targets/relabel_steps`,
      "What each relabelling rule of a job makes of a target's labels",
      [STEPS_POOL, STEPS_LABELS],
      async (request) => relabelling(open(), request.params),
    ),
    read(`${prefix}/api/v1/scrape_pools`, 'Names of the scrape jobs', [], async () =>
      ok(json({ status: 'success', data: { scrapePools: open().manager.pools() } })),
    ),
  ]
  return [
    ...prometheus(''),
    ...prometheus('/prometheus'),
    {
      ...admin('GET', '/api/vantage/v1/targets', 'Targets that were registered'),
      handle: async () => ok(json({ targets: open().registered.list() })),
    },
    {
      ...admin('POST', '/api/vantage/v1/targets', 'Register a target: JSON with url, job, labels, interval'),
      handle: async (request) => {
        const added = open().registered.register(request.json)
        if (!added.ok) return added
        await open().applyRegistered()
        return ok(json(added.value, 201))
      },
    },
    {
      ...admin('DELETE', '/api/vantage/v1/targets/:id', 'End a registered target, after the scrape that runs'),
      parameters: [ID],
      handle: async (request) => {
        const problem = open().registered.unregister(request.path['id'] ?? '')
        if (problem !== undefined) return err(problem)
        await open().applyRegistered()
        return ok(json({ removed: request.path['id'] }))
      },
    },
    {
      ...admin('POST', '/api/vantage/v1/targets/:id/collect', 'Scrape a target now (id of /api/v1/targets)'),
      parameters: [ID],
      handle: async (request) => {
        const state = await open().scrapeNow(request.path['id'] ?? '')
        return state === undefined
          ? err(fault('not_found', `no active target ${JSON.stringify(request.path['id'])}`))
          : ok(json(state))
      },
    },
    {
      ...admin('POST', '/-/reload', 'Read the scrape configuration again; no other key changes while running'),
      methods: ['POST', 'PUT'],
      handle: async () => {
        const problem = await open().reload()
        if (problem !== undefined) return err(fault('unprocessable', `the old configuration stays: ${problem}`))
        return ok({ contentType: 'text/plain; charset=utf-8', body: '' })
      },
    },
  ]
}

function read(
  path: string,
  summary: string,
  parameters: readonly Parameter[],
  handle: (request: ApiRequest) => Answer,
): Route {
  return { methods: ['GET'], path, permission: 'metrics:read', summary, parameters, faults: 'prometheus', handle }
}

function admin(method: 'GET' | 'POST' | 'DELETE', path: string, summary: string): Omit<Route, 'handle'> {
  return { methods: [method], path, permission: 'admin', summary, parameters: [], faults: 'vantage' }
}

const STATES: ReadonlySet<string> = new Set(['active', 'dropped', 'any', ''])

async function targets({ manager }: Scraping, { params }: ApiRequest): Answer {
  const state = (params.get('state') ?? '').toLowerCase()
  if (!STATES.has(state)) {
    return err(
      fault('bad_request', `state: want active, dropped or any, got ${JSON.stringify(state)}`, { reason: 'bad_data' }),
    )
  }
  const pool = params.get('scrapePool') ?? ''
  const active = state === 'dropped' ? [] : manager.active().filter(({ target }) => isOf(target.job.name, pool))
  const dropped = state === 'active' ? [] : manager.dropped().filter((target) => isOf(target.job, pool))
  const counts: Record<string, number> = {}
  for (const { job } of manager.dropped()) counts[job] = (counts[job] ?? 0) + 1
  const data = {
    activeTargets: active.map(shownTarget),
    droppedTargets: dropped.map(shownDropped),
    droppedTargetCounts: counts,
  }
  return ok(json({ status: 'success', data }))
}

function isOf(job: string, pool: string): boolean {
  return pool === '' || job === pool
}

function shownTarget({ target, state }: ActiveTarget): unknown {
  return {
    // Not in Prometheus: what the registration API names.
    id: target.id,
    discoveredLabels: Object.fromEntries(target.discovered),
    labels: Object.fromEntries(target.labels),
    scrapePool: target.job.name,
    scrapeUrl: target.url,
    globalUrl: target.url,
    lastError: state.lastError,
    lastScrape: new Date(state.lastScrapeMs).toISOString(),
    lastScrapeDuration: state.lastDurationMs / 1000,
    health: state.health,
    scrapeInterval: formatDuration(target.intervalMs),
    scrapeTimeout: formatDuration(target.timeoutMs),
  }
}

function shownDropped({ job, discovered }: DroppedTarget): unknown {
  return { discoveredLabels: Object.fromEntries(discovered), scrapePool: job }
}

/** Rules and labels, step by step. Source: Prometheus web/api/v1, `targets/relabel_steps`. */
function relabelling({ manager }: Scraping, params: URLSearchParams): Result<ApiAnswer, Fault> {
  const pool = params.get('scrapePool') ?? ''
  const job = manager.job(pool)
  if (pool === '') return bad('no scrapePool parameter provided')
  if (job === undefined) return bad(`no scrape job ${JSON.stringify(foreign(pool))}`)
  const labels = labelsOf(params.get('labels') ?? '')
  if (labels === undefined) return bad('invalid parameter "labels": want a JSON object of texts')
  const steps = relabelSteps(labels, job.relabelRules).map(({ rule, output, isKept }) => ({
    rule: relabelConfigOf(rule),
    output: Object.fromEntries(output),
    keep: isKept,
  }))
  return ok(json({ status: 'success', data: { steps } }))
}

function labelsOf(text: string): ReadonlyMap<string, string> | undefined {
  try {
    const entries = Object.entries(JSON.parse(text) as object)
    return entries.every(([, value]) => typeof value === 'string') ? new Map(entries) : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
    return undefined
  }
}

function bad(message: string): Result<ApiAnswer, Fault> {
  return err(fault('bad_request', message, { reason: 'bad_data' }))
}
