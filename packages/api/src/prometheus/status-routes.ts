import { ok } from '@vantage/model'
import type { ServerFacts } from '../queries.ts'
import { type ApiAnswer, json, type Parameter, type Route } from '../route.ts'

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

/** What the server says of itself. No rules are evaluated yet, so their lists are empty, as clients want to read. */
export function statusRoutes(route: RouteFactory, facts: ServerFacts): Route[] {
  const told = (path: string, summary: string, data: () => unknown): Route =>
    route(path, summary, [], async () => ok(success(data())), ['GET'])
  return [
    told('status/buildinfo', 'Version', () => facts.buildInfo()),
    told('status/runtimeinfo', 'State of the process', () => facts.runtimeInfo()),
    told('status/config', 'The scrape configuration as it was read', () => ({ yaml: facts.scrapeConfig() })),
    told('status/flags', 'The configuration of the server; secrets are left out', () => facts.flags()),
    told('status/walreplay', 'How far the log was replayed at the start', () => facts.walReplay()),
    told('rules', 'Rules: none are evaluated', () => ({ groups: [] })),
    told('alerts', 'Alerts: none, as no rules are evaluated', () => ({ alerts: [] })),
  ]
}

export function success(data: unknown): ApiAnswer {
  return json({ status: 'success', data })
}
