/** Set: test, 20 s. What is done on each screen is done by keys alone, stands in the URL, and is taken back step by step. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, type Stand, startStand } from './support/dashboard.ts'
import { ALPHA } from './support/hosts.ts'
import { step } from './support/keys.ts'
import { SOON } from './support/soon.ts'
import { OTHER_TRACE, RICH_TRACE } from './support/traces.ts'
import { sendWorkspace } from './support/workspace.ts'

let stand: Stand
let page: Page
const nowMs = Date.now()
/** It stands still, so that what is shown follows from the URL alone. */
const TIME = `from=${nowMs - 1_800_000}&to=${nowMs + 60_000}&live=0`
const LINES = encodeURIComponent('{service_name="gateway"}')
/** Of the history alone: requests that are sent as spans are counted while tests run. */
const CALLS = encodeURIComponent('sum by (service) (traces_spanmetrics_calls_total{span_name=~".+ request"})')
const SPANS = encodeURIComponent('{ resource.service.name = "payments" }')

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand({ VANTAGE_SELF_ENABLED: 'false' })
  await sendWorkspace(stand.server, nowMs)
  page = await stand.open('/setup')
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

/** What a person has set, as the screen shows it: its controls, its headings, and the series that are left out. */
function stateOf(shown: Page): Promise<string[]> {
  return shown.evaluate<string[]>(`
    [...document.querySelectorAll('.top-bar, main, .explain-sheet')].flatMap((part) =>
      [...part.querySelectorAll(
        'h1, h2, h3, input, select, [aria-pressed], [aria-checked], [aria-selected], [aria-expanded], [aria-sort], [data-hidden]',
      )].map((element) => {
        const name = element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 60)
        const is = ['aria-pressed', 'aria-checked', 'aria-selected', 'aria-expanded', 'aria-sort', 'data-hidden']
          .flatMap((key) => element.getAttribute(key) ?? [])
        const value = element.type === 'radio' || element.type === 'checkbox' ? element.checked : element.value
        return [element.tagName, name, ...is, value ?? ''].join(' ')
      }),
    )`)
}

interface Task {
  readonly screen: string
  readonly path: string
  readonly ready: string
  readonly steps: readonly string[]
  /** Steps of the history from there on. */
  readonly back: number
}

const TASKS: readonly Task[] = [
  {
    screen: 'services, found and ordered',
    path: `/services?${TIME}`,
    ready: '.service-list tbody tr',
    steps: [
      '/',
      'type pay',
      'at find=pay',
      'to [aria-label="Order"] input',
      'ArrowRight',
      'at sort=name',
      'ArrowRight',
      'at sort=rate',
    ],
    back: 2,
  },
  {
    screen: 'operations of a service',
    path: `/services/payments/operations?${TIME}`,
    ready: '.service tbody tr',
    steps: ['/', 'type req', 'at find=req'],
    back: 0,
  },
  {
    screen: 'metrics of a service',
    path: `/services/ledger/metrics?${TIME}`,
    ready: '.service tbody tr',
    steps: ['/', 'type cpu', 'at find=cpu'],
    back: 0,
  },
  {
    screen: 'service map',
    path: `/map?${TIME}`,
    ready: '.map-node',
    steps: ['/', 'type cart', 'Tab', 'Shift+T', 'at view=table'],
    back: 1,
  },
  {
    screen: 'metrics as a sorted table',
    path: `/explore/metrics?${TIME}&a=${CALLS}&view=table`,
    ready: '.result-table tbody tr',
    steps: ['to .sort-button', 'Enter', 'at sort=service', 'Enter', 'at sort=-service'],
    back: 2,
  },
  {
    screen: 'metrics as a chart with its table, without the list of metrics, one series alone',
    path: `/explore/metrics?${TIME}&a=${CALLS}`,
    ready: '.legend tbody tr',
    steps: [
      'Shift+T',
      'see .chart-table',
      'to [aria-label="Metric browser"]',
      'Enter',
      'at browser=closed',
      'to .legend-name',
      'Enter',
      'at hide=',
    ],
    back: 3,
  },
  {
    screen: 'log lines: details, lines around, fields',
    path: `/explore/logs?${TIME}&q=${LINES}`,
    ready: '.log-row',
    steps: [
      'to [aria-label="Lines, the newest first"]',
      'j',
      'at line=',
      'b',
      'at around=1',
      'to .log-context .button',
      'Enter',
      'at around=20',
      'w',
      'at wrap=1',
    ],
    back: 1,
  },
  {
    screen: 'patterns of lines, one of them opened',
    path: `/explore/logs?${TIME}&q=${LINES}&tab=patterns`,
    ready: '.log-pattern',
    steps: ['to .log-pattern-line', 'Enter', 'at open=', 'see .log-pattern-values'],
    back: 1,
  },
  {
    screen: 'fields of lines',
    path: `/explore/logs?${TIME}&q=${LINES}&tab=fields`,
    ready: '.log-fields tbody tr',
    steps: ['to .fields-search input', 'type host', 'at fields=host'],
    back: 0,
  },
  {
    screen: 'traces, the slowest first',
    path: `/explore/traces?${TIME}&q=${SPANS}`,
    ready: '.trace-list tbody tr',
    steps: ['to [aria-label="Order"] input', 'ArrowRight', 'at sort='],
    back: 1,
  },
  {
    screen: 'a trace: the raw form of a failed span',
    path: `/trace/${RICH_TRACE}`,
    ready: '.waterfall-scroll canvas',
    steps: ['n', 'at span=', 'to .span-jumps [aria-pressed]', 'Enter', 'at raw=1', 'see .span-raw', 'v', 'at path=1'],
    back: 1,
  },
  {
    screen: 'operations of a trace lead to a span',
    path: `/trace/${RICH_TRACE}?view=operations`,
    ready: '.operations tbody tr',
    steps: ['to .operations .text-button', 'Enter', 'at span=', 'see .span-drawer'],
    back: 1,
  },
  {
    screen: 'lines of a trace lead to their span',
    path: `/trace/${RICH_TRACE}?view=logs`,
    ready: '.trace-lines li',
    steps: ['to .trace-lines .text-button', 'Enter', 'at span=', 'see .span-drawer'],
    back: 1,
  },
  {
    screen: 'the map of a trace, larger',
    path: `/trace/${RICH_TRACE}?view=map`,
    ready: '.map-node',
    steps: ['to .trace-map .map-host', 'ArrowRight', 'Enter', 'at service='],
    back: 0,
  },
  {
    screen: 'two traces',
    path: `/trace/${RICH_TRACE}/compare/${OTHER_TRACE}`,
    ready: '.compare-table tbody tr',
    steps: ['to [aria-label="Rows"] input', 'ArrowRight', 'at show=all'],
    back: 1,
  },
  {
    screen: 'exceptions, found and ordered',
    path: `/exceptions?${TIME}`,
    ready: '.exception-list tbody tr',
    steps: ['/', 'type card', 'at find=card', 'to [aria-label="Order"] input', 'ArrowRight', 'at sort=count'],
    back: 1,
  },
  {
    screen: 'hosts, found and ordered',
    path: `/hosts?${TIME}`,
    ready: '.host-list tbody tr',
    steps: ['/', 'type alpha', 'at find=alpha', 'to [aria-label="Order"] input', 'ArrowRight', 'at sort='],
    back: 1,
  },
  {
    screen: 'dashboards, found',
    path: '/dashboards',
    ready: '.dashboard-entry',
    steps: ['/', 'type host', 'at find=host'],
    back: 0,
  },
  {
    screen: 'a dashboard: a panel as a table fills the page',
    path: `/d/service?${TIME}`,
    ready: '.panel[data-state="shown"] .chart-host',
    steps: ['j', 'Shift+T', 'at table=', 'v', 'at panel='],
    back: 2,
  },
  {
    screen: 'get data in: a source, and its snippet copied',
    path: '/setup',
    ready: '.sources input',
    steps: [
      'to .sources input',
      'ArrowDown',
      'at source=',
      'to .card-head .button',
      'Enter',
      'see text=Snippet copied',
    ],
    back: 0,
  },
]

describe.skipIf(!hasChromium)('by keys alone, in the URL, and back', () => {
  for (const { screen, path, ready, steps, back } of TASKS) {
    test(screen, async () => {
      await page.goto(`${stand.server.url}${path}`)
      await page.locator(ready).first().waitFor()
      const before = { url: page.url(), state: await settled(page) }
      for (const one of steps) await step(page, one)
      const after = { url: page.url(), state: await settled(page) }
      expect(after.state).not.toEqual(before.state)
      const fresh = await stand.open(new URL(after.url).pathname + new URL(after.url).search)
      await expect.poll(() => stateOf(fresh), SOON).toEqual(after.state)
      expect(fresh.url()).toBe(after.url)
      await fresh.context().close()
      for (let i = 0; i < back; i++) await page.goBack()
      // What is typed or moved on with is no step: it goes with the screen.
      if (back > 0) await expect.poll(() => stepsOf(page.url())).toEqual(stepsOf(before.url))
    })
  }
})

/** Parameters that are written without a step of the history. */
const TYPED = ['find', 'fields', 'line', 'around', 'service', 'span', 'source']

function stepsOf(url: string): string {
  const { pathname, searchParams } = new URL(url)
  for (const name of TYPED) searchParams.delete(name)
  return `${pathname}?${searchParams}`
}

/** The state, once two looks at it are the same and nothing more is asked for. */
async function settled(shown: Page): Promise<string[]> {
  let last = await stateOf(shown)
  await expect
    .poll(async () => {
      const now = await stateOf(shown)
      const isSame = JSON.stringify(now) === JSON.stringify(last)
      last = now
      return isSame && (await shown.locator('main [aria-busy="true"]').count()) === 0
    }, SOON)
    .toBe(true)
  return last
}

describe.skipIf(!hasChromium)('by keys alone', () => {
  const check = (name: string, path: string, ready: string, ...steps: readonly string[]) =>
    test(name, async () => {
      await page.goto(`${stand.server.url}${path}`)
      await page.locator(ready).first().waitFor()
      for (const one of steps) await step(page, one)
    })
  check(
    'live: freeze, go on, values as a table, pin',
    `/live?q=${encodeURIComponent('{__name__=~"node_load1|node_memory_MemAvailable_bytes"}')}`,
    '.live-card',
    'Space',
    'see text=/^Paused ·/',
    'Space',
    'to [aria-label^="Latest values of"]',
    'Enter',
    'see .strip-table',
    'at table=node_load1',
    'to [aria-label^="Pin "]',
    'Enter',
    'at pin=',
  )
  check(
    'from a service to its slowest traces',
    `/services?${TIME}`,
    '.service-list tbody tr',
    '/',
    'type payments',
    'to .service-name a',
    'Enter',
    'at /services/payments',
    'to .service-tabs a[href*="/operations"]',
    'Enter',
    'at /operations',
    'to .service tbody a',
    'Enter',
    'at sort=slowest',
  )
  check(
    'from an exception to its span',
    `/exceptions?${TIME}`,
    '.exception-list tbody tr',
    '/',
    'type card',
    'to .exception-list a',
    'Enter',
    'at /exceptions/',
    'to .card-head a[href^="/trace/"]',
    'Enter',
    'at /trace/',
    'see .span-drawer',
  )
  check(
    'from a host to a service on it',
    `/hosts/${encodeURIComponent(ALPHA)}?${TIME}`,
    '.host-processes tbody tr',
    'to .host a[href^="/services/"]',
    'Enter',
    'at /services/ledger',
  )
  check(
    'what is different: against the time before, and those that have it',
    `/explore/traces?${TIME}&q=${SPANS}&explain=${SPANS}&explain.at=${nowMs - 120_000}-${nowMs}&explain.around=${nowMs - 1_800_000}-${nowMs}`,
    '.explain-sheet .segment input',
    'to .explain-sheet .segment input',
    'ArrowRight',
    'at explain.vs=previous',
    'Escape',
    'gone .explain-sheet',
  )
})

test.skipIf(!hasChromium)('no page has complained', () => expect(stand.complaints).toEqual([]))
