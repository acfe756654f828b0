import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Stand, violations } from '../browser/support/dashboard.ts'
import { takePictures } from '../browser/support/pictures.ts'
import { SOON } from '../browser/support/soon.ts'

/** A screen with what people come to it for. */
interface DemoScreen {
  readonly name: string
  readonly path: string
  /** Words that stand on it: `#` is a number above zero, `…` anything. */
  readonly sees: readonly string[]
  /** What is opened on it. */
  readonly act?: (page: Page) => Promise<void>
}

/** What the screens ask for by name: two checkouts, and the host that all runs on. */
export interface DemoNames {
  readonly traces: readonly [string, string]
  readonly host: string
}

/** Up to when it was opened: nothing moves while it is looked at. */
const TIME = 'from=now-5m&to=now&live=0'
/** Of the fault alone. */
const FAULT_TIME = 'from=now-1m&to=now&live=0'
const code = encodeURIComponent
const ROUTES = code(
  'sum by (http_route) (rate(http_server_request_duration_seconds_count{service_name="atlan-api"}[1m]))',
)
const BUCKETS = code('sum by (le) (rate(http_server_request_duration_seconds_bucket[1m]))')
const ALL_LINES = code('{service_namespace="vantage-demo"}')
const CHECKOUT_LINES = code('{service_name="checkout"}')
const CHECKOUT_SPANS = code('{ resource.service.name = "checkout" }')
const press = (key: string) => (page: Page) => page.keyboard.press(key)
const click = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).first().click()

/** Every screen of the navigation while the shop does well, with what opens upon it; last those of figures over time. */
export function calmScreens({ traces: [trace, other], host }: DemoNames): readonly DemoScreen[] {
  return [
    { name: 'setup', path: '/setup', sees: ['data is arriving … samples', 'OTLP over HTTP', '# spans', '# log rows'] },
    {
      name: 'live',
      path: `/live?q=${code('{service_name="catalog"}')}`,
      sees: ['http_server_request_duration_seconds_count', 'process_memory_usage_bytes … # MiB'],
      act: (page) => page.getByRole('button', { name: /^Latest values of process_memory_usage_bytes/ }).click(),
    },
    ...exploreScreens(),
    ...traceScreens(trace, other),
    { name: 'palette', path: '/setup', sees: ['checkout', 'Service'], act: lookFor('checkout') },
    { name: 'shortcuts', path: `/services?${TIME}`, sees: ['Go to Home', 'Keyboard'], act: press('?') },
    { name: 'time', path: `/services?${TIME}`, sees: ['Last 15 min', 'Since last deploy'], act: press('t') },
    { name: 'share', path: `/services?${TIME}`, sees: ['Copy link to these minutes'], act: click('Share') },
    ...boardScreens(),
    ...serviceScreens(),
    {
      name: 'map',
      path: `/map?${TIME}&view=map&node=checkout`,
      sees: ['atlan-api # /s', 'payments # /s', 'redis # /s'],
    },
    {
      name: 'map-table',
      path: `/map?${TIME}&view=table`,
      sees: ['atlan-api Healthy #', 'catalog postgresql Healthy #', 'checkout payments Healthy #'],
    },
    { name: 'hosts', path: `/hosts?${TIME}`, sees: [`${host} … # %`] },
    {
      name: 'host',
      path: `/hosts/${code(host)}?${TIME}`,
      sees: ['processor used # %', 'checkout … checkout-# … # MiB', 'catalog # /s 0 # ms', 'request served'],
    },
    { name: 'home', path: `/?${TIME}`, sees: ['catalog Healthy #', 'checkout Healthy #', 'recent changes'] },
  ]
}

function serviceScreens(): readonly DemoScreen[] {
  const at = (tab: string) => `/services/checkout${tab}?${TIME}`
  return [
    { name: 'services', path: `/services?${TIME}`, sees: ['# services', 'catalog Healthy #', 'payments Healthy #'] },
    {
      name: 'service',
      path: at(''),
      sees: [
        'requests per second #',
        'latency p99 # ms',
        'POST /orders/:user #',
        'called by atlan-api # /s',
        'calls … payments # /s',
        'order placed',
        'Heatmap of # buckets',
      ],
    },
    { name: 'service-operations', path: at('/operations'), sees: ['POST /orders/:user # 0 # ms # ms # ms … 100 %'] },
    { name: 'service-traces', path: at('/traces'), sees: ['atlan-api POST /checkout/:user # ms 0', 'Histogram of #'] },
    { name: 'service-logs', path: at('/logs'), sees: ['checkout {"level":"info","msg":"order placed"', 'info #'] },
    { name: 'service-metrics', path: at('/metrics'), sees: ['http_server_request_duration_seconds histogram #'] },
    {
      name: 'service-dependencies',
      path: at('/dependencies'),
      sees: ['called by 1 … atlan-api # /s 0 # ms', 'payments # /s 0 # ms', 'postgresql # /s 0 # ms'],
    },
    { name: 'service-deploys', path: at('/deploys'), sees: ['No change in this time'] },
  ]
}

function exploreScreens(): readonly DemoScreen[] {
  const metrics = `/explore/metrics?${TIME}`
  const logs = `/explore/logs?${TIME}`
  const traces = `/explore/traces?${TIME}`
  return [
    {
      name: 'metrics',
      path: `${metrics}&a=${ROUTES}`,
      sees: ['/product/:id # /s', '/checkout/:user # /s', '5 series'],
    },
    { name: 'metrics-table', path: `${metrics}&view=table&a=${ROUTES}`, sees: ['/product/:id # /s'] },
    { name: 'metrics-buckets', path: `${metrics}&a=${BUCKETS}`, sees: ['+Inf # /s', '0.01 # /s'] },
    { name: 'builder', path: `${metrics}&edit=builder&a=${ROUTES}`, sees: ['/product/:id # /s'] },
    { name: 'history', path: `${metrics}&a=${ROUTES}`, sees: ['sum by (http_route)'], act: openHistory },
    { name: 'logs', path: `${logs}&q=${CHECKOUT_LINES}`, sees: ['info #', 'order placed'] },
    {
      name: 'log-line',
      path: `${logs}&q=${CHECKOUT_LINES}`,
      sees: ['trace_id', 'service_version 1.0.0'],
      act: (page) => page.locator('.log-row').first().click(),
    },
    {
      name: 'log-patterns',
      path: `${logs}&tab=patterns&q=${ALL_LINES}`,
      sees: ['order placed … new #', 'request served … new #'],
    },
    { name: 'log-fields', path: `${logs}&tab=fields&q=${ALL_LINES}`, sees: ['cents int #', 'host_name string 1'] },
    {
      name: 'log-table',
      path: `${logs}&tab=table&q=${ALL_LINES}`,
      sees: ['service_name detected_level … atlan-api info'],
    },
    {
      name: 'traces',
      path: `${traces}&q=${CHECKOUT_SPANS}&by=name`,
      sees: ['atlan-api POST /checkout/:user # ms # 0', '# traces from # ms'],
    },
    {
      name: 'split',
      path: `/explore/split?${TIME}&left=logs&left.q=${CHECKOUT_LINES}&right=metrics&right.a=${ROUTES}`,
      sees: ['order placed', '/product/:id # /s'],
    },
  ]
}

function traceScreens(trace: string, other: string): readonly DemoScreen[] {
  const sees = ['atlan-api POST /checkout/:user', '# ms in all', '# spans', '# services']
  const at = (search: string) => `/trace/${trace}${search}`
  return [
    { name: 'trace', path: at('?path=1'), sees: [...sees, '# spans, of # services, in # ms'] },
    { name: 'trace-flame', path: at('?view=flame'), sees: [...sees, '1 call, # ms in all'] },
    { name: 'trace-table', path: at('?table=1'), sees: [...sees, 'POST /orders/:user checkout 3 … # ms'] },
    { name: 'trace-operations', path: at('?view=operations'), sees: [...sees, 'INSERT shop checkout # ms'] },
    {
      name: 'trace-map',
      path: at('?view=map'),
      sees: [...sees, 'checkout # spans · # ms', 'atlan-api checkout 1 # ms'],
    },
    { name: 'trace-logs', path: at('?view=logs'), sees: [...sees, 'order placed', 'request served'] },
    {
      name: 'trace-span',
      path: at(''),
      sees: ['POST /checkout/:user', 'http.route', 'request served'],
      act: press('j'),
    },
    { name: 'trace-compare', path: at(`/compare/${other}`), sees: ['checkout POST /orders/:user', '# spans'] },
  ]
}

function boardScreens(): readonly DemoScreen[] {
  return [
    { name: 'dashboards', path: '/dashboards', sees: ['API', 'Host', 'Service requests', 'Vantage'] },
    {
      name: 'board-service',
      path: `/d/service?${TIME}`,
      sees: [
        'requests # /s',
        'latency p99 # ms',
        'Heatmap of #',
        'catalog GET /products/:id # 0 # ms',
        'Succeeded … # %',
      ],
    },
    { name: 'board-host', path: `/d/host?${TIME}`, sees: ['processor used # %', 'memory used # %', 'used # GiB'] },
    {
      name: 'board-vantage',
      path: `/d/vantage?${TIME}`,
      sees: ['items in … # /s', 'memory # MiB', 'otlp-http # /s # /s # /s', 'series #'],
    },
    {
      name: 'board-api',
      path: `/d/api?${TIME}`,
      sees: ['GET /product/:id # /s', '200 # /s', 'POST /orders/:user # 0 # ms', 'atlan-api # … %', 'request served'],
    },
    {
      name: 'inspect',
      path: `/d/service?${TIME}`,
      sees: ['traces_spanmetrics_calls_total'],
      act: async (page) => {
        await click('What to do with Requests by how they ended')(page)
        await page.getByRole('menuitem', { name: 'Inspect: query and data' }).click()
      },
    },
  ]
}

/** Screens that show what a bad deploy of a service does, while it does it. */
export function faultScreens(service: string): readonly DemoScreen[] {
  const slow = `${Date.now() - 120_000}-${Date.now() + 600_000},400-10000`
  return [
    { name: 'home-finding', path: '/?from=now-2m&to=now&live=0', sees: [`# % of requests to ${service} fail since`] },
    {
      name: 'service-failing',
      path: `/services/${service}?${TIME}&different=failed`,
      sees: ['error rate # %', 'failed # /s', 'service.version … 1.1.0', `${service} 1.0.0 → 1.1.0`],
    },
    {
      name: 'deploys',
      path: `/services/${service}/deploys?${FAULT_TIME}`,
      sees: [`${service} 1.0.0 → 1.1.0 … # s`],
    },
    {
      name: 'exceptions',
      path: `/exceptions?${FAULT_TIME}`,
      sees: ['Error … a setting of the new version is missing … #'],
    },
    {
      name: 'exception',
      path: `/exceptions?${FAULT_TIME}`,
      sees: ['a setting of the new version is missing', '# of spans', 'at … service.ts'],
      act: async (page) => {
        await page.locator('.exception-list a').first().click()
        await page.waitForURL('**/exceptions/*')
      },
    },
    {
      name: 'different',
      path: `/explore/traces?${TIME}&q=${code(`{ resource.service.name = "${service}" }`)}&region=${slow}`,
      sees: ['service.version … 1.1.0', '# selected of'],
    },
    { name: 'map-failing', path: `/map?${FAULT_TIME}&view=table`, sees: [`${service} … # … # %`] },
  ]
}

async function openHistory(page: Page): Promise<void> {
  await click('Run')(page)
  await click('History')(page)
}

function lookFor(text: string) {
  return async (page: Page) => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type(text)
    await page.locator('dialog [role="option"]').first().waitFor()
  }
}

/** A pattern of words as they are laid out: what divides them may be of any width. */
function patternOf(words: string): RegExp {
  const source = words
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(' ', '\\s*')
    .replaceAll('…', '[^]*?')
    .replaceAll('#', '(?:[1-9][\\d.,]*|0\\.\\d+)k?')
  return new RegExp(source, 'i')
}

/** What stands on a page but for its frame: its words, and what it says of its drawings. */
function textOf(page: Page): Promise<string> {
  return page.evaluate<string>(`[...document.querySelectorAll('main, dialog, .popover')].map((part) => [
    part.innerText,
    ...[...part.querySelectorAll('[role="img"], [role="option"], canvas')].map((one) => one.getAttribute('aria-label') ?? ''),
  ].join('\\n')).join('\\n')`)
}

/** Something failed. */
const FAULTS = '.notice.critical:not(.finding), [role="alert"], .panel[data-state="failed"]'

/** Each of them shows what it is for, nothing that failed, nothing that axe finds, and all of them stand on one sheet. */
export async function lookAt(stand: Stand, screens: readonly DemoScreen[], sheet: string): Promise<void> {
  const byName = new Map(screens.map((one) => [one.name, one]))
  const rows = screens.map(({ name, path }) => [name, path, 'main h1'] as const)
  const complaints: string[] = []
  await takePictures(stand, rows, sheet, async (page, name) => {
    const { act, sees } = byName.get(name) as DemoScreen
    // What the screen before it had open: a first Escape may take back what was typed there.
    while ((await page.locator('dialog, .popover').count()) > 0) {
      await page.keyboard.press('Escape')
      await page.waitForTimeout(100)
    }
    await act?.(page)
    const missing = await missingOn(page, sees)
    await page.locator('.skeleton:not(.panel *)').first().waitFor({ state: 'detached' })
    const failed = await page.locator(FAULTS).allTextContents()
    complaints.push(...[...missing, ...failed, ...(await violations(page))].map((one) => `${name}: ${one}`))
  })
  expect(complaints).toEqual([])
}

/** What is still missing when it should be there. Panels ask once they are on screen: each is brought there. */
async function missingOn(page: Page, sees: readonly string[]): Promise<readonly string[]> {
  for (const deadlineMs = performance.now() + SOON.timeout; ; ) {
    const text = await textOf(page)
    const missing = sees.filter((words) => !patternOf(words).test(text))
    if (missing.length === 0 || performance.now() > deadlineMs) {
      await page.evaluate(`document.querySelector('main').scrollTop = 0`)
      return missing.length === 0 ? [] : [...missing, text]
    }
    await page.evaluate(`{
      const main = document.querySelector('main')
      const isEnd = main.scrollTop + main.clientHeight >= main.scrollHeight - 1
      main.scrollTop = isEnd ? 0 : main.scrollTop + main.clientHeight / 2
    }`)
    await page.waitForTimeout(100)
  }
}
