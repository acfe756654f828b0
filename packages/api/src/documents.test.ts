import type { Clock } from '@vantage/model'
import { ok } from '@vantage/model'
import { DEFAULT_OPTIONS } from '@vantage/query/promql'
import { expect, test } from 'vitest'
import { docsPage } from './docs-page.ts'
import { openApiDocument } from './openapi.ts'
import { plainRoutes } from './plain/routes.ts'
import { PrometheusApi } from './prometheus/routes.ts'
import type { Route } from './route.ts'

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0 }
const facts = {
  buildInfo: () => ({}),
  runtimeInfo: () => ({}),
  stats: () => ({}),
  scrapeConfig: () => '',
  flags: () => ({}),
  senders: () => [],
  walReplay: () => ({ min: 0, max: 0, current: 0 }),
  parts: () => [],
  selfMetrics: () => ok([]),
  userLimits: () => ({}),
  discoveries: () => [],
}
const queries = { ask: async () => ok(new Uint8Array()) }
const admin = {
  deleteSeries: async () => undefined,
  cleanTombstones: async () => undefined,
  snapshot: async () => ok('x'),
}
const notices = { list: () => [], hasRoom: false, follow: () => () => {} }
const routes: Route[] = [
  ...new PrometheusApi({ queries, facts, clock, admin, notices, options: DEFAULT_OPTIONS }).routes(''),
  ...plainRoutes({ queries, facts, clock }),
]

interface Operation {
  readonly summary: string
  readonly security?: unknown
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly properties: object } }> }
}

const document = openApiDocument(routes, '1.2.3') as {
  readonly info: { readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
}

test('every route stands in the document with every method and parameter', () => {
  expect(document.info.version).toBe('1.2.3')
  for (const route of routes) {
    const path = route.path.replace(':name', '{name}')
    for (const method of route.methods) {
      const operation = document.paths[path]?.[method.toLowerCase()]
      expect(operation?.summary, `${method} ${path}`).toBe(route.summary)
      expect(operation?.security !== undefined).toBe(route.permission !== 'public')
      const form = operation?.requestBody?.content['application/x-www-form-urlencoded']?.schema.properties ?? {}
      const named = [...(operation?.parameters ?? []).map((one) => one.name), ...Object.keys(form)]
      expect(named.sort()).toEqual(route.parameters.map((one) => one.name).sort())
    }
  }
})

test('path parameters are required, as OpenAPI wants them', () => {
  const [name] = document.paths['/api/v1/label/{name}/values']?.['get']?.parameters ?? []
  expect(name).toMatchObject({ name: 'name', in: 'path', required: true })
})

test('the page shows every route, and text stays text', () => {
  const hostile: Route = {
    ...(routes[0] as Route),
    path: '/x"><script>',
    summary: '<img onerror=1> & more',
    parameters: [{ name: '"><b>', in: 'query', required: true, description: '<i>', type: 'string' }],
  }
  const page = docsPage([...routes, hostile], '<1>')
  for (const { path } of routes) expect(page).toContain(`<code>${path}</code>`)
  expect(page).not.toMatch(/<script|<img|<b>|<i>|<1>/)
  expect(page).toContain('&lt;img onerror=1&gt; &amp; more')
  expect(page).toContain('name="&quot;&gt;&lt;b&gt;"')
})
