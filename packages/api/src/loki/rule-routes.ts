import { err, fault, ok } from '@vantage/model'
import { json, type Route } from '../route.ts'

const NOT_EVALUATED = 'this server evaluates no rules, so it takes none'

const named = (name: string) => ({ name, in: 'path', required: true, description: name, type: 'string' }) as const

/**
 * Loki's ruler as it answers where no rules are; none can be written, as none are evaluated. The texts are those by
 * which Grafana tells that there are none.
 * Source: grafana/loki docs/sources/reference/loki-http-api.md, "Ruler"; pkg/ruler/base/api.go.
 */
export function ruleRoutes(): Route[] {
  const missing = (path: string, methods: Route['methods'], summary: string, message: string): Route => ({
    methods,
    path: `/loki/api/v1/rules${path}`,
    permission: methods.includes('DELETE') ? 'logs:write' : 'logs:read',
    summary,
    parameters: [...path.matchAll(/:(\w+)/g)].map(([, name]) => named(name as string)),
    faults: 'text',
    readOnly: NOT_EVALUATED,
    handle: async () => err(fault('not_found', message)),
  })
  return [
    missing('', ['GET'], 'Rule groups: there are none', 'no rule groups found'),
    missing('/:namespace', ['GET'], 'Rule groups of a namespace: there are none', 'no rule groups found'),
    missing('/:namespace', ['DELETE'], 'Takes a namespace away: there is none', 'group namespace does not exist'),
    missing('/:namespace/:group', ['GET'], 'A rule group: there is none', 'group does not exist'),
    missing('/:namespace/:group', ['DELETE'], 'Takes a rule group away: there is none', 'group does not exist'),
  ]
}

/** The ruler's state in the form of Prometheus, where Loki has a port of its own. */
export function rulerStateRoutes(): Route[] {
  const told = (path: string, summary: string, data: unknown): Route => ({
    methods: ['GET'],
    path: `/prometheus/api/v1/${path}`,
    permission: 'logs:read',
    summary,
    parameters: [],
    faults: 'prometheus',
    handle: async () => ok(json({ status: 'success', data, errorType: '', error: '' })),
  })
  return [
    told('rules', 'Rules: none are evaluated', { groups: [] }),
    told('alerts', 'Alerts: none, as no rules are evaluated', { alerts: [] }),
  ]
}
