/** Set: test, 20 s. What lists, tabs, menus, drawers and sheets are for is done by keys alone. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, type Stand, sendRequests, startStand } from './support/dashboard.ts'
import { step } from './support/keys.ts'
import { OTHER_TRACE, RICH_TRACE } from './support/traces.ts'
import { visitAnew } from './support/visit.ts'
import { sendWorkspace } from './support/workspace.ts'

let stand: Stand
let page: Page
const nowMs = Date.now()
/** It stands still, so that nothing is drawn anew meanwhile. */
const TIME = `from=${nowMs - 1_800_000}&to=${nowMs + 60_000}&live=0`
const LINES = encodeURIComponent('{service_name="payments"}')
const CALLS = encodeURIComponent('sum by (service) (traces_spanmetrics_calls_total{span_name=~".+ request"})')
const HOSTS = encodeURIComponent('{__name__=~"node_load1|node_memory_MemAvailable_bytes"}')
/** The requests of orders that failed, against its others; those came from region b. */
const DIFFERENT = new URLSearchParams({
  explain: '{ resource.service.name = "orders" && status = error }',
  'explain.in': '{ resource.service.name = "orders" }',
  'explain.at': `${nowMs - 60_000}-${nowMs + 60_000}`,
  'explain.around': `${nowMs - 1_800_000}-${nowMs + 60_000}`,
  'explain.vs': 'rest',
})
const SPLIT = `/explore/split?${TIME}&left=logs&left.q=${LINES}&right=traces`

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand({ VANTAGE_SELF_ENABLED: 'false' })
  await Promise.all([sendWorkspace(stand.server, nowMs), sendRequests(stand.server)])
  page = await stand.open('/setup')
  page.setDefaultTimeout(10_000)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const check = (name: string, path: string, ready: string, ...steps: readonly string[]) =>
  test(name, async () => {
    await visitAnew(page, path)
    await page.locator(ready).first().waitFor()
    await expect.poll(() => page.locator('main [aria-busy="true"]').count()).toBe(0)
    for (const one of steps) await step(page, one)
  })

/** The first of a list, and the second. */
const ROWS = (rows: string) =>
  ['j', `on ${rows}:nth-child(1) :is(a, button)`, 'j', `on ${rows}:nth-child(2) :is(a, button)`, 'k', 'Enter'] as const

describe.skipIf(!hasChromium)('rows of lists: j and k reach them, Enter follows them', () => {
  const list = (name: string, path: string, rows: string, leadsTo: string) =>
    check(name, `${path}${path.includes('?') ? '&' : '?'}${TIME}`, rows, ...ROWS(rows), `at ${leadsTo}`)
  const tab = '.service tbody tr'
  list('services', '/services', '.service-list tbody tr', '/services/')
  list('hosts', '/hosts', '.host-list tbody tr', '/hosts/')
  list('exceptions', '/exceptions', '.exception-list tbody tr', '/exceptions/')
  list('dashboards', '/dashboards', '.dashboard-entry', '/d/')
  list('traces', '/explore/traces', '.trace-list tbody tr', '/trace/')
  list('the map as a table', '/map?view=table', '[aria-label="Services"] tbody tr', 'node=')
  list('metrics of a service', '/services/ledger/metrics', tab, '/explore/metrics')
  check(
    'dependencies of a service, from one table to the next',
    `/services/checkout/dependencies?${TIME}`,
    '[aria-label="Calls"] tbody tr',
    'j',
    'on [aria-label="Called by"] tbody tr:first-child a',
    'j',
    'on [aria-label="Calls"] tbody tr:first-child a',
    'Enter',
    'at /services/',
    'see [data-panel="latency"]',
  )
  check(
    'operations of a service',
    `/services/payments/operations?${TIME}`,
    tab,
    'j',
    `on ${tab}:first-child a`,
    'Enter',
    'at sort=slowest',
  )
  check(
    'deploys of a service, to the charts around one',
    '/services/payments/deploys?from=now-1h&to=now',
    tab,
    'j',
    `on ${tab} a`,
    'Enter',
    'at /services/payments?from=',
    'at live=0',
    'see [data-panel="latency"]',
  )
  check(
    'one half of a split screen, which was used last',
    SPLIT,
    '[data-pane="right"] .trace-list tbody tr',
    'to [data-pane="right"] [aria-label="Order"] input',
    'j',
    'on [data-pane="right"] .trace-list tbody tr:first-child a',
    'Enter',
    'at /trace/',
  )
})

describe.skipIf(!hasChromium)(
  'values: f filters for the one in focus, Shift+f filters it out, their menus do both',
  () => {
    const different = (name: string, ...steps: readonly string[]) =>
      check(
        `what is different: ${name}`,
        `/explore/metrics?${TIME}&a=${CALLS}&browser=closed&${DIFFERENT}`,
        '.explain-sheet .difference-list li',
        'to .explain-sheet .segment input',
        'j',
        'on .explain-sheet .difference-list li:first-child a',
        ...steps,
      )
    different('Enter lists those that have it', 'Enter', 'at ({ span.region = "b" })')
    different('f lists those that have it', 'f', 'at ({ span.region = "b" })')
    different('Shift+f lists those that have another', 'Shift+F', 'at ({ span.region != nil && span.region != "b" })')
    different('its menu', 'Tab', 'Enter', 'axe .explain-sheet', 'ArrowDown', 'Enter', 'at span.region != "b"')
    check(
      'what is different about the failed requests of a service',
      `/services/orders?${TIME}&different=failed`,
      '.difference-list li',
      'to .difference-list a',
      'f',
      'at /explore/traces',
      'at span.region = "b"',
    )
    check(
      'what is different about slow requests, where none was counted',
      `/services/orders?${TIME}`,
      '.service-difference',
      'to [aria-label="About which requests"] input',
      'ArrowLeft',
      'at different=slow',
      'see text=There is none in this time.',
    )
    const span = (name: string, ...steps: readonly string[]) =>
      check(
        `an attribute of a span: ${name}`,
        `/trace/${RICH_TRACE}?span=0000000000000001`,
        '.span-pairs tr',
        'to [aria-label="What to do with cart.items"]',
        ...steps,
      )
    span('f', 'f', 'at /explore/traces', 'at (span.cart.items = "12" || span.cart.items = 12)')
    span('Shift+f', 'Shift+F', 'at span.cart.items != nil && span.cart.items != "12"')
    span('its menu', 'Enter', 'see [role="menu"]', 'ArrowDown', 'Enter', 'at span.cart.items != nil')
    const line = (name: string, ...steps: readonly string[]) =>
      check(
        `a field of a line: ${name}`,
        `/explore/logs?${TIME}&q=${LINES}`,
        '.log-row',
        'j',
        'see .span-drawer',
        'to .span-drawer [aria-label="What to do with zone"]',
        ...steps,
      )
    line('f', 'f', 'at | zone="eu-')
    line('its menu', 'Enter', 'axe .span-drawer', 'ArrowDown', 'Enter', 'at | zone!="eu-')
    check(
      'a field in common, while what is different is shown beside it',
      `/explore/logs?${TIME}&q=${LINES}&${DIFFERENT}`,
      '.explain-sheet .difference-list li',
      'to details[open] .facet-value',
      'Shift+F',
      'at {service_name="payments"} |',
    )
  },
)

describe.skipIf(!hasChromium)('tabs and views', () => {
  const tab = (name: string, steps: readonly string[]) =>
    check(`${name} of a service`, `/services/payments/${name}?${TIME}`, '[data-panel][data-state="shown"]', ...steps)
  tab('traces', ['to [data-panel="newest"] a[href^="/trace/"]', 'Enter', 'at /trace/'])
  tab('logs', ['to [data-panel="lines"] [aria-haspopup="menu"]', 'Enter', 'Enter', 'at /explore/logs'])
  check(
    'lines as a table: sorted, one opened and closed',
    `/explore/logs?${TIME}&q=${LINES}&tab=table&col=zone`,
    '.log-table tbody button',
    'to .log-table .sort-button',
    'Enter',
    'at sort=zone',
    'to .log-table tbody .text-button',
    'Enter',
    'see .span-drawer',
    'Escape',
    'gone .span-drawer',
  )
  check(
    'the plan of a query',
    `/explore/metrics?${TIME}&a=${CALLS}`,
    '.legend tbody tr',
    'to [aria-label="View"] input',
    'ArrowRight',
    'at view=table',
    'ArrowRight',
    'at view=explain',
    'see .explain tbody tr',
  )
  check(
    'a query in the builder',
    `/explore/metrics?${TIME}&a=node_load1&edit=builder`,
    '.builder [aria-label="Metric"]',
    'to .builder [aria-label="Metric"]',
    'Control+A',
    'type node_memory_MemTotal_bytes',
    'Enter',
    'at a=node_memory_MemTotal_bytes',
  )
  check(
    'a half of a split screen is closed',
    SPLIT,
    '[data-pane="left"] .log-row',
    'to [aria-label="Close the left half"]',
    'Enter',
    'at /explore/traces',
  )
  check(
    'from a trace to another of its root',
    `/trace/${RICH_TRACE}`,
    '.waterfall-scroll canvas',
    'to button:has(.lucide-git-compare-arrows)',
    'Enter',
    'see .compare-menu .menu-item',
    'to .compare-menu .menu-item',
    'Enter',
    `at /compare/${OTHER_TRACE}`,
  )
  check(
    'the map: from one selected to its neighbour, and to its page',
    `/map?${TIME}&node=payments&view=map`,
    '.map-drawer li button',
    'to .map-drawer li button',
    'Enter',
    'at node=checkout',
    'to .map-drawer .map-links a',
    'Enter',
    'at /services/checkout',
  )
})

describe.skipIf(!hasChromium)('menus, dialogs and what is kept', () => {
  const lines = `/explore/logs?${TIME}&q=${LINES}`
  check(
    'queries that ran',
    lines,
    '.log-row',
    '/',
    'Control+A',
    'type {service_name="cart"}',
    'Enter',
    'at q={service_name="cart"}',
    '/',
    'Control+A',
    'type {service_name="gateway"}',
    'Enter',
    'at q={service_name="gateway"}',
    'to button:has(.lucide-history)',
    'Enter',
    'see .history',
    'type cart',
    'to .history .menu-item',
    'Enter',
    'at q={service_name="cart"}',
  )
  check('columns of lines', lines, '.log-row', 'c', 'see .columns-menu', 'Space', 'at col=', 'Escape', 'gone .popover')
  check(
    'a saved view: saved, deleted, taken back',
    lines,
    '.log-row',
    'Control+s',
    'see .view-panel',
    'axe .view-panel',
    'type By keys',
    'Enter',
    'at saved=',
    'Control+s',
    'to .view-open .quiet',
    'axe .view-panel',
    'Enter',
    'see text=Deleted: By keys',
    'axe .toast',
    'to .toast button',
    'Enter',
    'see text=Restored: By keys',
  )
  check(
    'queries that ran, where none did',
    `/explore/traces?${TIME}`,
    '.trace-list tbody tr',
    'to button:has(.lucide-history)',
    'Enter',
    'see text=Nothing has run yet',
    'Escape',
    'gone .history',
  )
  check('the palette', lines, '.log-row', 'Control+k', 'type hosts', 'ArrowDown', 'ArrowUp', 'Enter', 'at /hosts')
  check(
    'what is shared',
    lines,
    '.log-row',
    'to [aria-label="Share"]',
    'Enter',
    'see [role="menu"]',
    'ArrowDown',
    'Enter',
    'see text=Link to these minutes copied',
  )
  check(
    'the theme',
    lines,
    '.log-row',
    'to [aria-label="Theme"]',
    'Enter',
    'on [aria-checked="true"]',
    'ArrowDown',
    'Enter',
    'see [data-theme="light"]',
    'Enter',
    'ArrowUp',
    'Enter',
    'see [data-theme="dark"]',
  )
  check('the time', lines, '.log-row', 't', 'see .time-panel', 'type last 20 minutes', 'Enter', 'at from=now-20m')
  check('the keys', lines, '.log-row', '?', 'see dialog', 'see text=Filter it out', 'Escape', 'gone dialog')
  check(
    'a star on Home',
    `/?${TIME}`,
    '.home-services tbody tr',
    'to .home-services .star',
    'Enter',
    'see .home-services tbody tr:first-child .star[aria-pressed="true"]',
  )
  check(
    'a variable of a dashboard',
    `/d/service?${TIME}`,
    '.panel[data-state="shown"]',
    'to .variable',
    'Enter',
    'see .variable-values li',
    'type pay',
    'to .variable-panel [type="checkbox"]',
    'axe .variable-panel',
    'Space',
    'at var-service=payments',
    'Escape',
    'gone .variable-panel',
  )
  check(
    'what a panel is made of',
    `/d/service?${TIME}`,
    '.panel[data-state="shown"]',
    'to [aria-label^="What to do with"]',
    'Enter',
    'axe [role="menu"]',
    'ArrowDown',
    'Enter',
    'see dialog',
    'Escape',
    'gone dialog',
  )
  const live = `/live?q=${HOSTS}`
  check(
    'live: sorted',
    live,
    '.live-card',
    'to [aria-label="Sort now"]',
    'Enter',
    'axe [role="menu"]',
    'ArrowDown',
    'Enter',
    'gone .popover',
  )
  check(
    'live: of one host',
    live,
    '.live-card',
    'to button:has(.host-name)',
    'Enter',
    'axe [role="menu"]',
    'ArrowDown',
    'Enter',
    'at host=10.0.0.5',
  )
  check(
    'live: a threshold',
    live,
    '.live-card',
    'to [aria-label^="Threshold of"]',
    'Enter',
    'axe [role="dialog"]',
    'type 5',
    'Enter',
    'at threshold=node_load1=5',
  )
})

test.skipIf(!hasChromium)('no page has complained', () => expect(stand.complaints).toEqual([]))
