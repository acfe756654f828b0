import { err, fault, ok } from '@vantage/model'
import { configYaml } from '../config-yaml.ts'
import type { ServerFacts } from '../queries.ts'
import { type ApiAnswer, json, type Route } from '../route.ts'
import type { TraceRoute } from '../traces/route-factory.ts'

const OVERRIDES = 'limits are set by the configuration of this server'

const plain = (body: string): ApiAnswer => ({ contentType: 'text/plain; charset=utf-8', body })

/**
 * What Tempo says of itself. With a key, as all others: who tests a data source wants to know whether its key is right.
 * Source: grafana/tempo docs/sources/tempo/api_docs/_index.md, "Status", "Overrides API".
 */
export function statusRoutes(route: TraceRoute, facts: Pick<ServerFacts, 'buildInfo' | 'flags'>): Route[] {
  const told = (path: string, summary: string, answer: () => ApiAnswer): Route =>
    route(path, summary, [], async () => ok(answer()))
  const version = (): string => {
    const { application = '', version: number = '' } = facts.buildInfo()
    return `${application}, version ${number}\n`
  }
  return [
    told('/api/echo', 'Answers echo', () => plain('echo')),
    told('/ready', 'Answers ready', () => plain('ready')),
    told('/api/status/buildinfo', 'Version of the server', () => json(facts.buildInfo())),
    told('/status', 'Version and configuration', () => plain(`${version()}---\n${configYaml(facts).body}`)),
    told('/status/version', 'Version of the server', () => plain(version())),
    told('/status/config', 'The configuration, without secrets', () => configYaml(facts)),
    {
      ...route('/api/overrides', 'Limits that a tenant set: there are none', [], async () =>
        err(fault('not_found', `no overrides: ${OVERRIDES}`)),
      ),
      readOnly: OVERRIDES,
    },
  ]
}
