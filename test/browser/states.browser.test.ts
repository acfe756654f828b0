/** Set: test, 25 s. What every screen says while it waits, where there is nothing, where something fails or is cut. */
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { PRODUCT } from '../support/product.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { hasChromium, type Stand, startStand, violations } from './support/dashboard.ts'
import { sendExceptions } from './support/exceptions.ts'
import { sendHistory } from './support/history.ts'
import { ALPHA, sendHosts } from './support/hosts.ts'
import { sendShopLines } from './support/logs.ts'
import { MENU_THEMES } from './support/pictures.ts'
import { SOON } from './support/soon.ts'
import { PARTIAL_TRACE, RICH_TRACE, sendTraces } from './support/traces.ts'

/** Nothing of its own, so that the only data is what was sent. */
const ENV = { VANTAGE_SELF_ENABLED: 'false', VANTAGE_DASHBOARD: join(PRODUCT, 'dashboard') }
const RANGE = 'from=now-30m&to=now&live=0'
/** Nothing is of that time. */
const LONG_AGO = 'from=1577836800000&to=1577840400000'
const LINES = encodeURIComponent('{service_name="gateway"}')
const PROMQL = encodeURIComponent('sum by (service) (traces_spanmetrics_calls_total)')
/** Shown wherever a screen is: the way to all others. */
const RAIL = 'nav a[href^="/services"]'

const SEED = testSeed()

let stand: Stand
let page: Page

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand(ENV)
  const { server } = stand
  await Promise.all([
    sendHistory(server, Date.now()),
    sendTraces(server),
    sendExceptions(server),
    sendHosts(server),
    sendShopLines(server),
  ])
  console.log(`seed ${SEED}`)
  page = await stand.open('/setup', { theme: MENU_THEMES[0] ?? 'dark' })
  page.setDefaultTimeout(4_000)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

/** As a link does: the page stays. */
async function visit(path: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  )
}

/** By way of a screen that asks nothing, so that each starts anew. */
async function go(path: string): Promise<void> {
  await visit('/nowhere')
  await visit(path)
}

let looked = 0

/** In the quick set one in four, which the seed chooses: the parts are the same on all screens. */
async function expectAccessible(within: string): Promise<void> {
  if (testSet() === 'test' && looked++ % 4 !== SEED % 4) return
  expect(await violations(page, within), page.url()).toEqual([])
}

/** Requests to a path of the API that hold a text, in the address or in the body. */
const asks = (route: Route, has: string) =>
  `${decodeURIComponent(route.request().url()).replaceAll('+', ' ')} ${route.request().postData() ?? ''}`.includes(has)

async function meddle(api: string, has: string, how: (route: Route) => Promise<void>): Promise<() => Promise<void>> {
  const path = (url: URL) => url.pathname.startsWith(api)
  await page.route(path, (route) => (asks(route, has) ? how(route) : route.continue()))
  return () => page.unrouteAll({ behavior: 'wait' })
}

describe.skipIf(!hasChromium)('a screen without data', () => {
  let empty: TestServer
  beforeAll(async () => {
    empty = await startServer({ env: ENV })
    await page.goto(empty.url)
  })
  afterAll(async () => {
    await page.goto(stand.server.url)
    await empty.stop()
  })

  test('leads to sending some where there never was any', async () => {
    const setup = (name: string) => page.locator('main').getByRole('link', { name }).first().waitFor()
    for (const [path, title, never, step] of EMPTY) {
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      await page.getByText(title).first().waitFor()
      await page.getByText(never).waitFor()
      await setup(step)
      await expectAccessible('.empty')
    }
  })
})

describe.skipIf(!hasChromium)('a time without data', () => {
  test('leads to a wider one', async () => {
    for (const [path, title, never] of EMPTY) {
      await go(`${path}${path.includes('?') ? '&' : '?'}${LONG_AGO}`)
      await page.getByText(title).first().waitFor()
      await page.getByRole('button', { name: 'Look at the last 24 hours' }).waitFor()
      expect(await page.getByText(never).count(), path).toBe(0)
    }
  })
})

/** Screen, what it says, what more where nothing ever came, and where that leads. */
const EMPTY: readonly (readonly [path: string, title: string, never: string, step: string])[] = [
  ['/services', 'No service has had requests in this time', 'No span has arrived', 'Send traces'],
  ['/map', 'No service has had requests in this time', 'No span has arrived', 'Send traces'],
  [`/explore/metrics?a=${PROMQL}`, 'No data in this range', 'No metric has arrived', 'Send metrics'],
  [`/explore/logs?q=${LINES}`, 'No line matches', 'No line has arrived', 'Send logs'],
  [`/explore/logs?q=${LINES}&tab=patterns`, 'No line matches', 'No line has arrived', 'Send logs'],
  [`/explore/logs?q=${LINES}&tab=fields`, 'No line matches', 'No line has arrived', 'Send logs'],
  ['/explore/traces', 'No trace matches', 'No span has arrived', 'Send traces'],
  ['/exceptions', 'Nothing was thrown in this time', 'No span has arrived', 'Send traces'],
  ['/hosts', 'No host reports in this time', 'No metric has arrived', 'Send metrics'],
]

describe.skipIf(!hasChromium)('a filter that removes everything', () => {
  const check = (name: string, path: string, says: string | RegExp, found: string) =>
    test(name, async () => {
      await go(path)
      await page.getByText(says).first().waitFor()
      await page.getByRole('button', { name: 'Drop it' }).first().click()
      await page.locator(found).first().waitFor()
    })
  check('services', `/services?${RANGE}&find=zzz`, 'Without this filter there are', '.service-list tbody tr')
  check('operations', `/services/payments/operations?${RANGE}&find=zzz`, 'Without this filter there', 'tbody tr')
  check('hosts', `/hosts?${RANGE}&find=zzz`, 'Without this filter there are', '.host-list tbody tr')
  check('exceptions', `/exceptions?${RANGE}&find=zzz`, 'Without this filter there are', '.exception-list tbody tr')
  check('dashboards', '/dashboards?find=zzz', 'Without this filter there are', '.dashboard-entry')
  check(
    'traces',
    `/explore/traces?${RANGE}&q=${encodeURIComponent('{ status = error && name = "zzz" }')}`,
    /Without name = "zzz" there (is|are)/,
    '.trace-list tbody tr',
  )
})

/** Screen, what of its questions fails (path of the API, a text of it), what it says, and what goes on beside it. */
type Failing = readonly [path: string, api: string, has: string, says: string, alive: string]
const FAILING: readonly Failing[] = [
  ['/', '/api/vantage/v1/views', '', 'The saved views', '.home-services tbody tr'],
  ['/', '/api/v1/query_range', 'calls_total', 'Lines over time', '.home-services tbody tr'],
  ['/services', '/api/v1/query_range', '', 'Lines over time', '.service-list tbody tr'],
  ['/services/payments', '/loki/api/v1/patterns', '', 'The patterns', '[data-panel="latency"][data-state="shown"]'],
  ['/services/payments', '/api/v1/query_range', 'latency_bucket', 'Latency', '.service-changes li'],
  ['/services/payments', '/api/v1/query', 'service_graph', 'The calls', '.service-figures dd'],
  ['/services/payments?different=failed', '/api/vantage/v1/difference', '', 'What is different', '.service-figures dd'],
  ['/services/payments/operations', '/api/v1/query_range', '', 'Trends', 'tbody tr'],
  [
    '/services/payments/traces',
    '/tempo/api/search',
    '',
    'Newest traces',
    '[data-panel="durations"][data-state="shown"]',
  ],
  ['/services/payments/logs', '/loki/api/v1/query_range', 'sum', 'Log lines by level', '[data-panel="lines"]'],
  ['/services/payments/metrics', '/api/v1/query', '__name__', 'Its metrics', '.service-tabs'],
  ['/services/payments/dependencies', '/api/v1/query', 'service_graph', 'The calls', '.service-tabs'],
  ['/services/payments/deploys', '/api/vantage/v1/events', '', 'The changes', '.service-tabs'],
  ['/map', '/api/v1/query', 'service_graph', 'Calls', '.map-node'],
  [`/explore/metrics?a=${PROMQL}`, '/api/v1/query_range', '', 'Query A', '.browser-entry'],
  [`/explore/metrics?a=${PROMQL}`, '/api/v1/label/__name__', '', 'The list could not be read', '.legend tbody tr'],
  [`/explore/logs?q=${LINES}`, '/loki/api/v1/query_range', 'direction', 'The query failed', '.volume-bars li'],
  [`/explore/logs?q=${LINES}`, '/loki/api/v1/query_range', 'sum', 'Lines over time', '.log-row'],
  [`/explore/logs?q=${LINES}&tab=patterns`, '/loki/api/v1/patterns', '', 'The patterns', '.volume-bars li'],
  [`/explore/logs?q=${LINES}&tab=fields`, '/loki/api/v1/detected_fields', '', 'The fields', '.volume-bars li'],
  ['/explore/traces', '/tempo/api/search', '', 'The query failed', '.trace-groups'],
  ['/explore/traces?by=name', '/tempo/api/metrics/query', '', 'Spans a second', '.trace-list tbody tr'],
  [`/trace/${RICH_TRACE}`, '/api/vantage/v1/traces', '', 'The trace cannot be shown', RAIL],
  [`/trace/${RICH_TRACE}?view=logs`, '/loki/api/v1/query_range', '', 'The lines', '.trace-facts'],
  ['/exceptions', '/api/vantage/v1/exceptions', '', 'Exceptions cannot be shown', RAIL],
  ['/hosts', '/api/v1/query_range', '', 'Lines over time', '.host-list tbody tr'],
  [`/hosts/${ALPHA}`, '/api/v1/query', 'process_', 'The processes', '.panel[data-state="shown"]'],
  ['/dashboards', '/api/vantage/v1/dashboards', '', 'Dashboards cannot be listed', RAIL],
  ['/d/service', '/api/vantage/v1/dashboards', '', 'This dashboard cannot be shown', RAIL],
  ['/d/service', '/api/v1/query_range', 'latency_bucket', 'Latency', '.panel[data-state="shown"]'],
]

describe.skipIf(!hasChromium)('what fails', () => {
  for (const [path, api, has, says, alive] of FAILING) {
    test(`${path.split('=')[0]}: ${says}; the rest goes on, and Retry mends it`, async () => {
      const mend = await meddle(api, has, (route) =>
        route.fulfill({ status: 503, headers: { 'x-request-id': 'req-7' }, body: '{"error":"too busy"}' }),
      )
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      const notice = page.locator('.notice.critical', { hasText: `${says}: too busy` }).first()
      await notice.getByText('request req-7').first().waitFor()
      await notice.getByRole('button', { name: 'Copy details' }).waitFor()
      await page.locator(alive).first().waitFor()
      await expectAccessible('.notice.critical')
      await mend()
      await notice.getByRole('button', { name: 'Retry' }).click()
      await notice.waitFor({ state: 'detached' })
    })
  }
})

/** Screen and which of its answers lacks something. */
const CUT: readonly (readonly [path: string, api: string, has: string, alive: string])[] = [
  ['/', '/api/v1/query', 'calls_total', '.home-services tbody tr'],
  ['/services', '/api/v1/query', 'calls_total', '.service-list tbody tr'],
  ['/services/payments', '/api/v1/query', 'span_name', 'tbody tr'],
  ['/services/payments?different=failed', '/api/vantage/v1/difference', '', '.service-figures dd'],
  ['/services/payments/metrics', '/api/v1/query', '__name__', '.service-tabs'],
  ['/map', '/api/v1/query', 'service_graph', '.map-node'],
  [`/explore/metrics?a=${PROMQL}`, '/api/v1/query_range', '', '.legend tbody tr'],
  [`/explore/logs?q=${LINES}`, '/loki/api/v1/query_range', 'sum', '.log-row'],
  ['/exceptions', '/api/vantage/v1/exceptions', '', '.exception-list tbody tr'],
  ['/hosts', '/api/v1/query', 'node_', '.host-list tbody tr'],
  [`/hosts/${ALPHA}`, '/api/v1/query', 'process_', '.host-processes tbody tr'],
  ['/d/service', '/api/v1/query_range', 'calls_total', '.panel[data-state="shown"]'],
]

describe.skipIf(!hasChromium)('what is cut', () => {
  const text = '3 of 4 sources answered: eu-west did not'
  for (const [path, api, has, alive] of CUT) {
    test(`${path.split('=')[0]} says so beside what there is`, async () => {
      const mend = await meddle(api, has, async (route) => {
        const response = await route.fetch()
        const body = (await response.json()) as object
        await route.fulfill({
          response,
          json: { ...body, warnings: [text], cuts: [{ section: 'rows', message: text }] },
        })
      })
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      const notice = page.locator('.notice.warning', { hasText: text }).first()
      await notice.getByText('Partial').waitFor()
      await page.locator(alive).first().waitFor()
      await expectAccessible('.notice.warning')
      await mend()
    })
  }

  test('a trace that came in part says which parents are missing', async () => {
    await go(`/trace/${PARTIAL_TRACE}`)
    await page.locator('.notice.warning').getByText('Partial: 1 parent that is named was not received').waitFor()
  })
})

describe.skipIf(!hasChromium)('what is asked', () => {
  test('has its place from the start, and what was known stays while it is asked again', async () => {
    let open = () => {}
    const hold = async () => {
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      return meddle('/api/v1/query', '', (route) => gate.then(() => route.continue()))
    }
    const release = await hold()
    await go(`/services?${RANGE}`)
    await page.locator('main .skeleton[aria-busy="true"]').waitFor()
    open()
    const rows = page.locator('.service-list tbody tr')
    await rows.first().waitFor()
    await release()
    const count = await rows.count()
    const releaseAgain = await hold()
    await visit(`/services?${RANGE.replace('30m', '45m')}`)
    await page.locator('.service-list[aria-busy="true"]').waitFor()
    expect(await rows.count()).toBe(count)
    open()
    await page.locator('.service-list[aria-busy="false"]').waitFor()
    await releaseAgain()
  })

  test('and is wrong is shown at its place in the query', async () => {
    for (const [path, q, marked] of [
      ['/explore/logs', '{service_name=="gateway"}', '='],
      ['/explore/traces', '{ status = error && && }', '&'],
    ] as const) {
      await go(`${path}?${RANGE}&q=${encodeURIComponent(q)}`)
      await expect.poll(() => page.locator('.fault-place mark').first().textContent(), SOON).toContain(marked)
      expect(await page.locator('.fault-id').first().textContent()).toMatch(/request [0-9a-f-]{36}$/)
    }
  })
})

test.skipIf(!hasChromium)('no page has complained but of what was broken', () =>
  expect(stand.complaints.filter((one) => !one.includes('503') && !one.includes('400'))).toEqual([]),
)
