/** Set: test, 25 s. What every screen says while it waits, where there is nothing, where something fails or is cut. */
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSeed, testSet } from '../../packages/model/src/testing/index.ts'
import { PRODUCT } from '../support/product.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { hasChromium, post, type Stand, startStand, violations } from './support/dashboard.ts'
import { ALPHA } from './support/hosts.ts'
import { MENU_THEMES } from './support/pictures.ts'
import { SOON } from './support/soon.ts'
import { OTHER_TRACE, PARTIAL_TRACE, RICH_TRACE } from './support/traces.ts'
import { visit, visitAnew } from './support/visit.ts'
import { sendWorkspace } from './support/workspace.ts'

/** Nothing of its own, so that the only data is what was sent. */
const ENV = { VANTAGE_SELF_ENABLED: 'false', VANTAGE_DASHBOARD: join(PRODUCT, 'dashboard') }
const RANGE = 'from=now-30m&to=now&live=0'
/** Nothing is of that time. */
const LONG_AGO = 'from=1577836800000&to=1577840400000'
const LINES = encodeURIComponent('{service_name="gateway"}')
const SPLIT = `/explore/split?left=logs&left.q=${LINES}&right=traces`
const EXPLAINED = `/explore/traces?explain=${encodeURIComponent('{}')}&explain.at=1577836800000-1577840400000`
const PROMQL = encodeURIComponent('sum by (service) (traces_spanmetrics_calls_total)')
/** Shown wherever a screen is: the way to all others. */
const RAIL = 'nav a[href^="/services"]'

const SEED = testSeed()

let stand: Stand
let page: Page

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand(ENV)
  await sendWorkspace(stand.server, Date.now())
  console.log(`seed ${SEED}`)
  page = await stand.open('/setup', { theme: MENU_THEMES[0] ?? 'dark' })
  page.setDefaultTimeout(4_000)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const go = (path: string) => visitAnew(page, path)

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
    for (const [path, title, never, step] of [...EMPTY, ...EMPTY_NOW]) {
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      await page.getByText(title).first().waitFor()
      await page.getByText(never).first().waitFor()
      await setup(step)
      await expectAccessible('main')
    }
  })

  test('looks for what arrives where sending is explained', async () => {
    await go('/setup')
    await page.getByRole('heading', { name: 'Listening for your first event' }).waitFor()
    await page.locator('.wait').getByText('Nothing has arrived yet. This panel looks every second.').waitFor()
    await expectAccessible('main')
  })

  test('says where the newest rows may still be on their way', async () => {
    const lines = encodeURIComponent('{service_name="nobody"}')
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'somebody' } }] }
    const line = { timeUnixNano: `${Date.now()}000000`, body: { stringValue: 'a' } }
    await post(empty, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [line] }] }] })
    await go(`/explore/logs?q=${lines}&${RANGE}`)
    await page.getByText('Lines arrived within the last minute: the newest may still be on their way.').waitFor()
    await page.keyboard.press('r')
    await go(`/explore/logs?q=${lines}&${RANGE.replace('to=now', 'to=now-5m')}`)
    await page.getByText('No line matches').first().waitFor()
    await page.getByRole('button', { name: 'Look at the last 24 hours' }).waitFor()
    expect(await page.getByText('on their way').count()).toBe(0)
  })
})

describe.skipIf(!hasChromium)('a time without data', () => {
  test('that lies before what is kept says so with the limit, and leads to a wider one', async () => {
    for (const [path, title, never, , kept] of [...EMPTY, HOME_OF_NOTHING]) {
      await go(`${path}${path.includes('?') ? '&' : '?'}${LONG_AGO}`)
      await page.getByText(title).first().waitFor()
      await page.getByText(kept).waitFor()
      await page.getByRole('button', { name: 'Look at the last 24 hours' }).waitFor()
      expect(await page.getByText(never).count(), path).toBe(0)
    }
  })

  test('that holds all that is kept offers no wider one', async () => {
    await go(`/explore/logs?q=${encodeURIComponent('{service_name="nobody"}')}&from=now-16d&to=now`)
    await page.getByText('No line matches').first().waitFor()
    await page.getByRole('link', { name: 'Send logs' }).waitFor()
    await expect.poll(() => page.getByRole('button', { name: /Look at the last/ }).count(), SOON).toBe(0)
  })
})

const SAMPLES_KEPT = 'Samples are kept for 400 d here (storage.retention1h); this time lies before that.'
const LINES_KEPT = 'Lines are kept for 15 d here (storage.retention); this time lies before that.'
const SPANS_KEPT = 'Spans are kept for 15 d here (storage.retention); this time lies before that.'

/** Screen, what it says, what more where nothing ever came, where that leads, and what more where it is no longer kept. */
type Empty = readonly [path: string, title: string, never: string, step: string, kept: string]
const EMPTY: readonly Empty[] = [
  ['/services', 'No service has had requests in this time', 'No span has arrived', 'Send traces', SAMPLES_KEPT],
  ['/map', 'No service has had requests in this time', 'No span has arrived', 'Send traces', SAMPLES_KEPT],
  [`/explore/metrics?a=${PROMQL}`, 'No data in this range', 'No metric has arrived', 'Send metrics', SAMPLES_KEPT],
  [`/explore/logs?q=${LINES}`, 'No line matches', 'No line has arrived', 'Send logs', LINES_KEPT],
  [`/explore/logs?q=${LINES}&tab=patterns`, 'No line matches', 'No line has arrived', 'Send logs', LINES_KEPT],
  [`/explore/logs?q=${LINES}&tab=fields`, 'No line matches', 'No line has arrived', 'Send logs', LINES_KEPT],
  ['/explore/traces', 'No trace matches', 'No span has arrived', 'Send traces', SPANS_KEPT],
  ['/exceptions', 'Nothing was thrown in this time', 'No span has arrived', 'Send traces', SPANS_KEPT],
  ['/hosts', 'No host reports in this time', 'No metric has arrived', 'Send metrics', SAMPLES_KEPT],
]
/** Home of a workspace that has some. */
const HOME_OF_NOTHING: Empty = ['/', 'No service has had requests', 'Welcome to Vantage', 'Send traces', SAMPLES_KEPT]
/** Screens that are of now. */
const EMPTY_NOW: readonly Empty[] = [
  ['/', 'Welcome to Vantage', 'Nothing has arrived yet', 'Send traces', ''],
  ['/live', 'Nothing matches yet', 'No metric has arrived', 'Send metrics', ''],
]

/** Part of a screen that is about one thing, and what it says where that has nothing. */
const NOTHING_OF: readonly (readonly [path: string, says: string])[] = [
  ['/services/nobody', 'No requests in this time.'],
  ['/services/nobody', 'No calls between services in this time.'],
  ['/services/nobody', 'None in this time.'],
  ['/services/nobody/operations', 'No requests in this time.'],
  ['/services/nobody/traces', 'No traces in this time.'],
  ['/services/nobody/logs', 'No lines in this time.'],
  ['/services/nobody/metrics', 'It sends no metrics of its own'],
  ['/services/nobody/dependencies', 'No calls in this time.'],
  ['/services/nobody/deploys', 'No change in this time.'],
  ['/hosts/nobody', 'No process says that it runs here'],
  ['/exceptions/0123456789abcdef', 'Not thrown in this time'],
  [`/trace/${OTHER_TRACE}?view=logs`, 'No line names this trace.'],
  [SPLIT.replace(LINES, encodeURIComponent('{service_name="nobody"}')), 'No line matches'],
  [EXPLAINED, 'There is none in this time.'],
]

describe.skipIf(!hasChromium)('one thing that has nothing', () => {
  test('says so in its place, on every screen and tab', async () => {
    for (const [path, says] of NOTHING_OF) {
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      await page.locator('main, .explain-sheet').getByText(says).first().waitFor()
      await page.locator(RAIL).first().waitFor()
      await expectAccessible('main')
    }
  })

  test('a trace that is not there: what was looked for, how far back, and what to try', async () => {
    const id = 'e'.repeat(32)
    for (const path of [`/trace/${id}`, `/trace/${RICH_TRACE}/compare/${id}`]) {
      await go(path)
      const notice = page.locator('.notice.warning', { hasText: `No span of trace ${id} is stored.` })
      await notice.getByText('those of the last 15 d (storage.retention)').waitFor()
      await notice.getByText('not have arrived yet').waitFor()
      await notice.getByRole('button', { name: 'Retry' }).waitFor()
      expect(await violations(page, '.notice')).toEqual([])
      await notice.getByRole('link', { name: 'Find other traces' }).click()
      await page.locator('.trace-list tbody tr').first().waitFor()
    }
  })
})

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
  check('live, of a host', '/live?host=zzz', 'Without this filter there are', '.live-card')
  const selector = encodeURIComponent('{__name__="traces_spanmetrics_calls_total", service="zzz"}')
  check('live, of a selector', `/live?q=${selector}`, /Without service="zzz" there (is|are)/, '.live-card')
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
  [`/trace/${RICH_TRACE}/compare/${OTHER_TRACE}`, '/api/vantage/v1/traces', '', 'The trace cannot be shown', RAIL],
  [SPLIT, '/tempo/api/search', '', 'The query failed', '[data-pane="left"] .log-row'],
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

describe.skipIf(!hasChromium)('what fails of what comes by itself', () => {
  test('setup: what arrives is not known; it tries again by itself', async () => {
    const mend = await meddle('/api/vantage/v1/intake/recent', '', (route) =>
      route.fulfill({ status: 503, headers: { 'x-request-id': 'req-7' }, body: '{"error":"too busy"}' }),
    )
    await go('/setup')
    const notice = page.locator('.notice.critical', { hasText: 'What arrives is not known: too busy' })
    await notice.getByText('request req-7').waitFor()
    await notice.getByRole('button', { name: 'Retry' }).waitFor()
    await notice.getByRole('button', { name: 'Copy details' }).waitFor()
    await page.locator('.snippet').waitFor()
    await expectAccessible('.notice.critical')
    await mend()
    await notice.waitFor({ state: 'detached' })
  })

  test('live: a selector that is refused is shown with its place, and Retry asks again', async () => {
    await go(`/live?q=${encodeURIComponent('{job=="api"}')}`)
    const notice = page.locator('.notice.critical', { hasText: 'The server refused' })
    await expect.poll(() => notice.locator('.fault-place mark').textContent(), SOON).toContain('=')
    await notice.getByRole('button', { name: 'Copy details' }).waitFor()
    await expectAccessible('.notice.critical')
    await notice.getByRole('button', { name: 'Retry' }).click()
    await notice.waitFor()
  })
})

/** Screen and which of its answers lacks something. */
const CUT: readonly (readonly [path: string, api: string, has: string, alive: string])[] = [
  ['/', '/api/v1/query', 'calls_total', '.home-services tbody tr'],
  ['/services', '/api/v1/query', 'calls_total', '.service-list tbody tr'],
  ['/services/payments', '/api/v1/query', 'span_name', 'tbody tr'],
  ['/services/payments?different=failed', '/api/vantage/v1/difference', '', '.service-figures dd'],
  ['/services/payments/operations', '/api/v1/query', 'span_name', 'tbody tr'],
  ['/services/payments/traces', '/api/v1/query_range', 'latency', '[data-panel="durations"][data-state="shown"]'],
  ['/services/payments/logs', '/loki/api/v1/query_range', 'sum', '[data-panel="lines"] li'],
  ['/services/payments/metrics', '/api/v1/query', '__name__', '.service-tabs'],
  ['/services/payments/dependencies', '/api/v1/query', 'service_graph', 'tbody tr'],
  ['/map', '/api/v1/query', 'service_graph', '.map-node'],
  [`/explore/metrics?a=${PROMQL}`, '/api/v1/query_range', '', '.legend tbody tr'],
  [`/explore/metrics?a=${PROMQL}&view=table`, '/api/v1/query', 'calls_total', '.result-table tbody tr'],
  [`/explore/logs?q=${LINES}`, '/loki/api/v1/query_range', 'sum', '.log-row'],
  [`/explore/split?left=metrics&left.a=${PROMQL}&right=traces`, '/api/v1/query_range', '', '.legend tbody tr'],
  [`${EXPLAINED}`, '/api/vantage/v1/difference', '', '.trace-list tbody tr'],
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
    await visit(page, `/services?${RANGE.replace('30m', '45m')}`)
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

describe.skipIf(!hasChromium)('code that cannot be loaded', () => {
  const without = async (file: string, path: string) => {
    await page.route(new RegExp(`/assets/${file}-`), (route) => route.abort())
    await page.goto(`${stand.server.url}${path}`)
    const notice = page.locator('.notice.critical', { hasText: 'This part cannot be loaded' })
    await notice.getByRole('button', { name: 'Reload' }).waitFor()
    await expectAccessible('.notice.critical')
    await page.unrouteAll({ behavior: 'wait' })
    return notice
  }

  test('of the editor: the query is plain text, which runs, and Retry brings the editor', async () => {
    const notice = await without('editor', `/explore/metrics?a=${PROMQL}&${RANGE}`)
    await page.locator('.legend tbody tr').first().waitFor()
    await page.getByRole('textbox', { name: 'Query A', exact: true }).fill('count(traces_spanmetrics_calls_total)')
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/[?&]a=count/)
    await notice.getByRole('button', { name: 'Retry' }).click()
    await page.locator('[data-editor]').waitFor()
    await notice.waitFor({ state: 'detached' })
  })

  test('of the builder: the query is plain text, which runs when it is left', async () => {
    const notice = await without('query-builder', `/explore/logs?q=${LINES}&edit=builder&${RANGE}`)
    await page.locator('.log-row').first().waitFor()
    await page.getByRole('textbox', { name: 'LogQL query' }).fill('{service_name=~"gate.+"}')
    await page.keyboard.press('Tab')
    await page.waitForURL(/gate\.%2B/)
    await notice.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('group', { name: 'LogQL query, builder' }).waitFor()
  })

  test('of a view, and of a screen: what is around it goes on', async () => {
    const view = await without('trace-map', `/trace/${RICH_TRACE}?view=map`)
    await page.locator('.trace-facts').waitFor()
    await view.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.map-node').first().waitFor()
    const screen = await without('service-page', `/services/payments?${RANGE}`)
    await page.locator(RAIL).first().waitFor()
    await screen.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.service-figures').waitFor()
  })
})

/** Screen, what of it is held, and what it shows before that. */
const SLOW: readonly (readonly [path: string, api: string, shown: string])[] = [
  ['/', '/api/v1/query', '.home-services tbody tr'],
  ['/services', '/api/v1/query', '.service-list tbody tr'],
  [`/explore/metrics?a=${PROMQL}`, '/api/v1/query_range', '.legend tbody tr'],
  [`/explore/logs?q=${LINES}`, '/loki/api/v1/query_range', '.log-row'],
  ['/explore/traces', '/tempo/api/search', '.trace-list tbody tr'],
  ['/d/service', '/api/v1/query', '.panel-shown'],
]
const NOTE = '.waiting-note'
/** Where paler words are held to what can be read. */
const PALE_AT = '/services'
const STAYS = 'Cancelled; what was shown before is still there.'

describe.skipIf(!hasChromium)('what takes long', () => {
  beforeAll(() =>
    page.evaluate(
      '{ const now = performance.now.bind(performance); let skipped = 0; performance.now = () => now() + skipped; globalThis.skip = (ms) => { skipped += ms } }',
    ),
  )
  /** The page has waited so much longer: what comes from the server is as old as it was. */
  const skip = (ms: number) => page.evaluate(`skip(${ms})`)

  /** Path of the API whose answers are held, '' = none. One route for all: where there is none, the browser lets pass what follows the next one at once. */
  let held = ''
  let gate = Promise.resolve()
  beforeAll(() =>
    page.route(
      ({ pathname }) => held !== '' && pathname.startsWith(held),
      (route) => gate.then(() => route.continue()),
    ),
  )
  afterAll(() => page.unrouteAll({ behavior: 'wait' }))

  /** Nothing is answered until it is released. */
  function hold(api: string): () => void {
    let open = () => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    held = api
    return () => {
      held = ''
      open()
    }
  }

  for (const [path, api, shown] of SLOW) {
    test(`${path.split('=')[0]} says for how long; cancelled, what was shown stays, and r asks again`, async () => {
      await go(`${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
      await page.locator(shown).first().waitFor()
      await expect.poll(() => page.locator('[aria-busy="true"]').count(), SOON).toBe(0)
      const kept = page.getByText(STAYS).or(page.getByTitle(STAYS))
      const release = hold(api)
      await page.keyboard.press('r')
      await page.locator('[aria-busy="true"]').first().waitFor()
      await skip(2_000)
      await page
        .locator(NOTE)
        .getByText(/^\d+ s · \d+ answers? missing$/)
        .waitFor()
      const seconds = async () => Number.parseInt((await page.locator(NOTE).textContent()) ?? '', 10)
      const before = await seconds()
      await skip(10_000)
      await expect.poll(seconds, SOON).toBeGreaterThanOrEqual(before + 10)
      await expectAccessible(NOTE)
      if (path === PALE_AT) {
        const pale = `[...document.querySelectorAll('main .card[aria-busy="true"]')].flatMap((card) =>
          card.getAnimations({ subtree: true })).filter(({ currentTime }) => currentTime >= 1000).length`
        await expect.poll(() => page.evaluate(pale), SOON).toBeGreaterThan(0)
        expect(await violations(page, 'main')).toEqual([])
      }
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.locator(NOTE).waitFor({ state: 'detached' })
      await kept.first().waitFor()
      await page.locator('main').getByRole('button', { name: /Retry/i }).first().waitFor()
      expect(await page.locator(shown).count()).toBeGreaterThan(0)
      release()
      await page.keyboard.press('r')
      await expect.poll(() => kept.count(), SOON).toBe(0)
    })
  }

  test('what works long says how much it has read, and Cancel ends it on the server as well', async () => {
    const cancelled = async () => {
      const text = await (await fetch(`${stand.server.url}/metrics`)).text()
      return Number(/^vantage_queries_total\{lang="promql",outcome="cancelled"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    const before = await cancelled()
    const heavy = encodeURIComponent(
      'quantile_over_time(0.9, (sum(rate(traces_spanmetrics_calls_total[5m])))[30m:20ms])',
    )
    await go(`/explore/metrics?a=${heavy}&${RANGE}`)
    await page.locator('main [aria-busy="true"]').first().waitFor()
    await skip(2_000)
    await page
      .locator(NOTE)
      .getByText(/^\d+ s · 1 answer missing · [1-9]\S*( k)? rows read$/)
      .waitFor()
    expect(await cancelled()).toBe(before)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(cancelled, SOON).toBe(before + 1)
  })

  const cancel = async () => {
    await skip(2_000)
    await page.locator(NOTE).getByRole('button', { name: 'Cancel' }).click()
    await page.locator(NOTE).waitFor({ state: 'detached' })
  }

  test('the list of metrics: cancelled, those that were known stay, and Retry reads it', async () => {
    await go(`/explore/metrics?a=${PROMQL}&${RANGE}`)
    const entries = page.locator('.browser-entry')
    await entries.first().waitFor()
    await expect.poll(() => page.locator('[aria-busy="true"]').count(), SOON).toBe(0)
    const release = hold('/api/v1/label/__name__')
    await page.getByRole('button', { name: 'Look for new metrics' }).click()
    await cancel()
    const notice = page.locator('.browser .notice', { hasText: STAYS })
    await notice.waitFor()
    expect(await entries.count()).toBeGreaterThan(0)
    release()
    await notice.getByRole('button', { name: 'Retry' }).click()
    await notice.waitFor({ state: 'detached' })
  })

  test('what arrives, where sending is explained: cancelled, it looks no longer until it is asked to', async () => {
    await go('/setup')
    await page.locator('.intake-lines').first().waitFor()
    const release = hold('/api/vantage/v1/intake/recent')
    // The next look is held.
    await page.waitForRequest('**/api/vantage/v1/intake/recent*')
    await cancel()
    const notice = page.locator('.wait .notice', { hasText: STAYS })
    await notice.waitFor()
    release()
    const next = page.waitForRequest('**/api/vantage/v1/intake/recent*', { timeout: 1_500 }).catch(() => 'none')
    expect(await next).toBe('none')
    await notice.getByRole('button', { name: 'Retry' }).click()
    await notice.waitFor({ state: 'detached' })
  })

  test('what the palette offers: the rest can be waited for no longer once it is closed', async () => {
    await go('/hosts')
    await page.locator('.host-list tbody tr').first().waitFor()
    await expect.poll(() => page.locator('[aria-busy="true"]').count(), SOON).toBe(0)
    const release = hold('/api/vantage/v1/views')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search or jump' }).fill('exceptions')
    await page.getByRole('option', { name: /Exceptions/ }).waitFor()
    await page.keyboard.press('Escape')
    await cancel()
    release()
  })

  test('a trace: cancelled before there was an answer, and Retry shows it', async () => {
    const release = hold('/api/vantage/v1/traces')
    await go(`/trace/${RICH_TRACE}`)
    await page.locator('main .skeleton').first().waitFor()
    await skip(2_000)
    await page.getByRole('status').getByText('Answers take long. Cancel ends the waiting.').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    const notice = page.locator('main .notice', { hasText: 'Cancelled before there was an answer.' })
    await notice.waitFor()
    release()
    await notice.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.trace-facts').waitFor()
  })
})

test.skipIf(!hasChromium)('no page has complained but of what was broken', () =>
  expect(stand.complaints.filter((one) => !/503|400|404|ERR_FAILED/.test(one))).toEqual([]),
)
