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
/** Of a browser that remembers nothing of the other. */
let fresh: Page
const nowMs = Date.now()
/** It stands still, so that what is shown follows from the URL alone. */
const TIME = `from=${nowMs - 1_800_000}&to=${nowMs + 60_000}&live=0`
/** The same until what the tests send begins to be counted: what is ordered by figures stays in its order. */
const PAST = `from=${nowMs - 1_800_000}&to=${nowMs}&live=0`
const LINES = encodeURIComponent('{service_name="gateway"}')
/** Of the history alone: requests that are sent as spans are counted while tests run. */
const CALLS = encodeURIComponent('sum by (service) (traces_spanmetrics_calls_total{span_name=~".+ request"})')
const SPANS = encodeURIComponent('{ resource.service.name = "payments" }')

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand({ VANTAGE_SELF_ENABLED: 'false' })
  await sendWorkspace(stand.server, nowMs)
  page = await stand.open('/setup')
  fresh = await stand.open('/setup')
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

/**
 * What a person has set, as the screen shows it: its controls, its headings, the order of its rows, and the series that are left
 * out. Not what this browser remembers, and not how far a frozen picture lies behind now.
 */
function stateOf(shown: Page): Promise<string[]> {
  return shown.evaluate<string[]>(`
    [...document.querySelectorAll('.top-bar, main, .explain-sheet')].flatMap((part) =>
      [...part.querySelectorAll(
        'h1, h2, h3, tbody th, button, input, select, summary, .scrub-time, [aria-pressed], [aria-checked], [aria-selected], [aria-expanded], [aria-sort], [data-hidden]',
      )].filter((element) => element.closest('.home-views, .scrub') === null).map((element) => {
        const name = element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 60)
        const is = ['aria-pressed', 'aria-checked', 'aria-selected', 'aria-expanded', 'aria-sort', 'data-hidden']
          .flatMap((key) => element.getAttribute(key) ?? [])
        if (element.tagName === 'SUMMARY') is.push(element.parentElement.open)
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
    path: `/services?${PAST}`,
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
    path: `/services/payments/operations?${PAST}`,
    ready: '.service tbody tr',
    steps: ['/', 'type req', 'at find=req'],
    back: 0,
  },
  {
    screen: 'metrics of a service',
    path: `/services/ledger/metrics?${PAST}`,
    ready: '.service tbody tr',
    steps: ['/', 'type cpu', 'at find=cpu'],
    back: 0,
  },
  {
    screen: 'service map',
    path: `/map?${PAST}`,
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
    path: `/d/service?${PAST}`,
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

/** Of screens whose other controls are above: what a pointer sets there. */
const CONTROLS: readonly Task[] = [
  {
    screen: 'home: how findings are made',
    path: `/?${PAST}`,
    ready: '.home-services tbody tr',
    steps: ['click .finding-rule summary', 'at rule=1'],
    back: 1,
  },
  {
    screen: 'live: host, window, columns, order, threshold, pin, limit, frozen',
    path: `/live?q=${encodeURIComponent('{__name__=~"node_load1|node_memory_Mem(Available|Total)_bytes"}')}&series=1000`,
    ready: '.live-card >> nth=2',
    steps: [
      'click button:has-text("All hosts")',
      `click [role="menuitemradio"]:has-text("${ALPHA}")`,
      'at host=',
      'click [aria-label="Window"] label >> nth=0',
      'at window=10',
      'click [aria-label="Columns"] label >> nth=3',
      'at cols=5',
      'click [aria-label="Sort now"]',
      'click text=By last value',
      'at sort=value',
      'click [aria-label="Threshold of node_load1"]',
      'give 2 .threshold-form input',
      'Enter',
      'at threshold=node_load1=2',
      'click [aria-label="Pin node_load1"]',
      'at pin=node_load1',
      'choose 100 [aria-label="Series shown at most"]',
      'at series=100',
      'click button:has-text("Freeze")',
      'at at=',
    ],
    back: 7,
  },
  {
    screen: 'the time of all screens: wider, zone',
    path: '/explore/metrics?from=now-1h&to=now&browser=closed',
    ready: '.cm-editor',
    steps: ['-', 'at live=0', 't', 'choose Asia/Tokyo .zone-select', 'at tz=Asia/Tokyo', 'Escape'],
    back: 2,
  },
  {
    screen: 'a service: what is different',
    path: `/services/payments?${PAST}`,
    ready: '.service .legend tbody tr',
    steps: ['click [aria-label="About which requests"] label >> nth=1', 'at different=failed'],
    back: 1,
  },
  {
    screen: 'service map: one service and those around it, with errors, of a moment',
    path: `/map?${PAST}`,
    ready: '.map-node',
    steps: [
      'click .map-node:has-text("payments")',
      'at node=payments',
      'click [aria-label="Calls away from what is selected"] label >> nth=1',
      'at hops=1',
      'click button:has-text("Errors only")',
      'at errors=1',
      'give 0.001 .map-rate input',
      'at min=0.001',
      'give 2 .map-scrub input',
      'at moment=2',
    ],
    back: 3,
  },
  {
    screen: 'metrics: two queries, a name for their series, one hidden, bars, fields',
    path: `/explore/metrics?${PAST}&a=${CALLS}`,
    ready: '.legend tbody tr',
    steps: [
      'give calls-{{service}} [aria-label="Legend of query A"], .legend-field input',
      'click [aria-label="Duplicate query A"]',
      'click [aria-label="Hide query B"]',
      'click [aria-label="Draw as"] label >> nth=2',
      'at mode=',
      'at a.legend=calls',
      'at b.off=1',
      'click .segment label:has-text("Builder")',
      'at edit=builder',
    ],
    back: 4,
  },
  {
    screen: 'log lines: fields unfolded and folded, a column, a text that is looked for',
    path: `/explore/logs?${TIME}&q=${LINES}&tab=table`,
    ready: '.log-table tbody tr',
    steps: [
      'click .log-facets button:has-text("more")',
      'at facet=all.',
      'click .log-facets details[open] summary',
      'at facet=shut.',
      'click .log-facets details:not([open]) summary >> nth=1',
      'at facet=open.',
      'click button:has-text("Columns")',
      'click .columns-menu label:has-text("zone")',
      'at col=zone',
      'Escape',
      'click .log-table [aria-sort] button, .log-table .sort-button',
      'at sort=',
      'give items .find-bar input',
      'at find=items',
    ],
    back: 4,
  },
  {
    screen: 'log lines: one in JSON, as it came',
    path: `/explore/logs?${TIME}&q=${encodeURIComponent('{service_name="cart"} |= "closed"')}`,
    ready: '.log-row',
    steps: ['click .log-row', 'at line=', 'click text=As it came', 'at plain=1'],
    back: 1,
  },
  {
    screen: 'split: one half earlier, the other as bars',
    path: `/explore/split?${PAST}&left=logs&left.q=${LINES}&right=metrics&right.a=${CALLS}`,
    ready: '.legend tbody tr',
    steps: [
      'choose 5m [aria-label="Time of the left half"]',
      'at left.shift=5m',
      'click [aria-label="Draw as"] label >> nth=2',
      'at right.mode=',
    ],
    back: 2,
  },
  {
    screen: 'traces: groups, a region, two that are picked',
    path: `/explore/traces?${TIME}&q=${SPANS}`,
    ready: '.trace-list tbody tr >> nth=1',
    steps: [
      'give name .trace-groups input',
      'Enter',
      'at by=name',
      'click .trace-list tbody tr >> nth=0 >> input',
      'at pick=',
      'give 1 .scatter-form input[name="longer"]',
      'Enter',
      'at region=',
    ],
    back: 2,
  },
  {
    screen: 'a trace: spans that are looked for, others hidden, nearer, names wider, as a table',
    path: `/trace/${RICH_TRACE}`,
    ready: '.waterfall-scroll canvas',
    steps: [
      'give payments #trace-filter',
      'at find=payments',
      'click [aria-label="Other spans"] label >> nth=1',
      'at others=hidden',
      'click .waterfall-scroll',
      '+',
      'at zoom=',
      'to [role="separator"]',
      'ArrowRight',
      'at names=',
      'Shift+T',
      'at table=1',
    ],
    back: 1,
  },
  {
    screen: 'the flame graph of a trace: one call over the whole width',
    path: `/trace/${RICH_TRACE}?view=flame`,
    ready: '.flame-host canvas',
    steps: ['to .flame-host', 'ArrowDown', 'ArrowDown', 'Enter', 'at focus='],
    back: 1,
  },
  {
    screen: 'attributes of a span, found',
    path: `/trace/${RICH_TRACE}?span=0000000000000001`,
    ready: '.span-drawer .span-part input',
    steps: ['give cart .span-drawer .span-part input', 'at attributes=cart'],
    back: 0,
  },
  {
    screen: 'a dashboard: narrowed, one series alone, queries of a panel',
    path: `/d/host?${TIME}`,
    ready: '.panel[data-state="shown"] .legend tbody tr',
    steps: ['click .legend-name', 'at hide=', 'click .variable', 'click .variable-values label', 'at var-', 'Escape'],
    back: 2,
  },
]

describe.skipIf(!hasChromium)('in the URL, and back', () => {
  for (const { screen, path, ready, steps, back } of [...TASKS, ...CONTROLS]) {
    test(screen, async () => {
      await page.goto(`${stand.server.url}${path}`)
      await page.locator(ready).first().waitFor()
      const before = { url: page.url(), state: await settled(page) }
      for (const one of steps) await step(page, one)
      const after = { url: page.url(), state: await settled(page) }
      expect(after.state).not.toEqual(before.state)
      await fresh.evaluate('localStorage.clear(), sessionStorage.clear()')
      await fresh.goto(after.url)
      await expect.poll(() => stateOf(fresh), SOON).toEqual(after.state)
      expect(fresh.url()).toBe(after.url)
      for (let i = 0; i < back; i++) await page.goBack()
      // What is typed or moved on with is no step: it goes with the screen.
      if (back > 0) await expect.poll(() => stepsOf(page.url())).toEqual(stepsOf(before.url))
    })
  }
})

/** Parameters that are written without a step of the history. */
const TYPED = [
  ...['find', 'fields', 'line', 'around', 'service', 'span', 'source', 'col', 'pick', 'min', 'moment', 'at', 'names'],
  ...['others', 'table', 'attributes', 'a.legend'],
]

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
      // First: what comes after the look at the state would not be in it.
      const isBusy = (await shown.locator('main [aria-busy="true"]').count()) > 0
      const now = await stateOf(shown)
      const isSame = JSON.stringify(now) === JSON.stringify(last)
      last = now
      return isSame && !isBusy
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
