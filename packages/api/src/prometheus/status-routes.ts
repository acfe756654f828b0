import { ok } from '@vantage/model'
import type { EngineOptions } from '@vantage/query/promql'
import type { ServerFacts } from '../queries.ts'
import { type ApiAnswer, json, type Parameter, type Route } from '../route.ts'
import { blockOf } from './block.ts'
import { featuresOf } from './features.ts'

export type RouteFactory = (
  path: string,
  summary: string,
  parameters: readonly Parameter[],
  handle: Route['handle'],
  methods?: Route['methods'],
) => Route

/** Makes routes below `/api/v1` that read metrics. @param prefix '' or a path in front of it */
export function routeFactory(prefix: string): RouteFactory {
  return (path, summary, parameters, handle, methods = ['GET', 'POST']) => ({
    methods,
    path: `${prefix}/api/v1/${path}`,
    permission: 'metrics:read',
    summary,
    parameters,
    faults: 'prometheus',
    handle,
  })
}

const METRIC_NAME_PATTERN: Parameter = {
  name: 'metric_name_pattern',
  in: 'query',
  required: false,
  description: 'regular expression that the whole name has to match',
  type: 'string',
}

/** What the server says of itself. No rules are evaluated yet, so their lists are empty, as clients want to read. */
export function statusRoutes(route: RouteFactory, facts: ServerFacts, options: EngineOptions): Route[] {
  const told = (path: string, summary: string, data: () => unknown): Route =>
    route(path, summary, [], async () => ok(success(data())), ['GET'])
  return [
    told('status/buildinfo', 'Version', () => facts.buildInfo()),
    told('status/runtimeinfo', 'State of the process', () => facts.runtimeInfo()),
    told('status/config', 'The scrape configuration as it was read', () => ({ yaml: facts.scrapeConfig() })),
    told('status/flags', 'The configuration of the server; secrets are left out', () => facts.flags()),
    route(
      'status/self_metrics',
      'Own metrics as JSON',
      [METRIC_NAME_PATTERN],
      async ({ params }) => {
        const shown = facts.selfMetrics(params.get('metric_name_pattern') ?? '')
        return shown.ok ? ok(success(shown.value)) : shown
      },
      ['GET'],
    ),
    route(
      'status/tsdb/blocks',
      'Sealed parts: times, series, samples, size',
      [],
      async ({ tenant }) => ok(success({ blocks: facts.parts(tenant).map(blockOf) })),
      ['GET'],
    ),
    told('features', 'What the query language and the API can do', () => featuresOf(options, facts)),
    route(
      'user_limits',
      'Limits of the tenant, as Grafana Mimir answers them',
      [],
      async () => ok(json(facts.userLimits())),
      ['GET'],
    ),
    {
      ...told('status/walreplay', 'How far the log was replayed at the start', () => facts.walReplay()),
      isToldUnready: true,
    },
    told('rules', 'Rules: none are evaluated', () => ({ groups: [] })),
    told('alertmanagers', 'Alertmanagers that alerts are sent to: none, as no rules are evaluated', () => ({
      activeAlertmanagers: [],
      droppedAlertmanagers: [],
    })),
    told('alerts', 'Alerts: none, as no rules are evaluated', () => ({ alerts: [] })),
  ]
}

export function success(data: unknown): ApiAnswer {
  return json({ status: 'success', data })
}
