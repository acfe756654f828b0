import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  DESKTOP,
  HOSTILE,
  hasChromium,
  layoutFigures,
  type Stand,
  send,
  sendGrowingRequests,
  sendShop,
  sendTrace,
  startStand,
  stream,
  TRACE_ID,
  violations,
} from './support/dashboard.ts'
import { expectAccessible, MENU_THEMES, type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'

let stand: Stand

beforeAll(async () => {
  if (hasChromium) stand = await startStand()
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const RATE = 'rate(http_requests_total[30s])'
const EXPLORE = `/explore/metrics?a=${encodeURIComponent(RATE)}&from=now-5m&to=now`

async function seed(): Promise<void> {
  if (hasChromium) await sendShop(stand.server)
}

async function textOf(page: Page, selector: string): Promise<string> {
  return ((await page.locator(selector).first().textContent()) ?? '').trim()
}

/** The query that the first editor holds; it lives in a shadow tree, which locators see through. */
async function editorText(page: Page): Promise<string> {
  return (await page.locator('[data-editor] .cm-content').first().textContent()) ?? ''
}

describe.skipIf(!hasChromium)('get data in', () => {
  test('an empty server says what to send; refusals and the first event appear by themselves', async () => {
    const page = await stand.open('/')
    await page.getByRole('heading', { name: 'Welcome to Vantage' }).waitFor()
    await page.getByRole('link', { name: 'Send metrics' }).click()
    await page.waitForURL('**/setup')
    await page.getByRole('heading', { name: 'Listening for your first event' }).waitFor()
    await page.getByRole('radio', { name: 'Prometheus', exact: true }).check({ force: true })
    expect(await textOf(page, '.snippet')).toContain(`${new URL(stand.server.url).host}/api/v1/write`)

    await fetch(`${stand.server.url}/api/v1/write`, { method: 'POST', body: 'not snappy' })
    await page.getByText('Prometheus remote write: refused once').waitFor()
    await page.getByText('Check the Content-Type and Content-Encoding headers').waitFor()

    await sendShop(stand.server)
    await page.getByRole('heading', { name: 'Data is arriving' }).waitFor()
    await page.getByRole('link', { name: /^Explore .+/ }).click()
    await page.waitForURL('**/explore/metrics?a=*')
    await page.locator('.legend tbody tr').first().waitFor()
    await page.context().close()
  })

  test('a server with data shows Home, with what it lacks', async () => {
    const page = await stand.open('/')
    await page.getByRole('heading', { name: 'Home', exact: true }).waitFor()
    await page.getByText('Send metrics: done').waitFor()
    await page.locator('.home-setup').getByRole('link', { name: 'Send traces' }).waitFor()
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('explore metrics', () => {
  beforeAll(seed)

  test('a metric of the browser becomes a chart, a table and a plan', async () => {
    const page = await stand.open('/explore/metrics?from=now-5m&to=now')
    await page.getByText('Ask something').waitFor()
    await page.getByLabel('Search metrics').fill('requests')
    await page.getByRole('button', { name: /http_requests_total/ }).click()
    await page.locator('.legend tbody tr').nth(2).waitFor()
    expect(await editorText(page)).toBe('rate(http_requests_total[5m])')
    expect(await page.locator('.chart-host canvas').count()).toBe(1)

    await page.getByText('Table', { exact: true }).click()
    await page.locator('.result-table tbody tr').nth(2).waitFor()
    await page.getByRole('button', { name: 'route' }).click()
    expect(await textOf(page, '.result-table th[aria-sort]')).toBe('route')

    await page.getByText('Explain', { exact: true }).click()
    await page.locator('.explain tbody tr').first().waitFor()
    expect(await textOf(page, '.explain tbody tr')).toContain('rate(http_requests_total[5m])')
    await page.context().close()
  })

  test('an error is shown at its character, and old data stays', async () => {
    const page = await stand.open(EXPLORE)
    await page.locator('.legend tbody tr').nth(2).waitFor()
    await page.locator('[data-editor] .cm-content').click()
    await page.keyboard.press('Control+A')
    // Text typed over coloured text inherits its colour as an inline style, which the policy blocks and reports.
    await page.keyboard.press('Delete')
    await page.keyboard.insertText('sum(http_requests_total) by by')
    await page.keyboard.press('Control+Enter')
    await page.getByText(/Query A: .*parse error/).waitFor()
    await page.locator('[data-editor] .cm-lintRange-error').first().waitFor()
    expect(await page.locator('.legend tbody tr').count()).toBe(3)
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    await page.context().close()
  })

  test('no match says which matcher removes everything and drops it', async () => {
    const query = 'http_requests_total{service_name="shop", route="/nowhere"}'
    const page = await stand.open(`/explore/metrics?a=${encodeURIComponent(query)}&from=now-5m&to=now`)
    await page.getByText('there are 3 series').waitFor()
    await page.getByRole('button', { name: 'Drop it' }).click()
    await page.locator('.legend tbody tr').nth(2).waitFor()
    expect(await editorText(page)).toBe('http_requests_total{service_name="shop"}')
    await page.context().close()
  })

  test('all of it works by keyboard', async () => {
    const page = await stand.open('/setup')
    await page.getByRole('heading', { name: 'Get data in' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('e')
    await page.waitForURL('**/explore/metrics')
    await page.locator('[data-editor] .cm-content').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.insertText(RATE)
    await page.keyboard.press('Control+Enter')
    await page.locator('.legend tbody tr').nth(2).waitFor()
    await page.locator('.chart-host').focus()
    await page.keyboard.press('ArrowLeft')
    await page.locator('.legend th.readout', { hasText: ':' }).waitFor()
    await page.keyboard.press('Shift+T')
    await page.locator('.chart-table tbody tr').first().waitFor()
    await page.keyboard.press('t')
    await page.getByLabel('Time range as text').waitFor()
    await page.keyboard.insertText('last 3 minutes')
    await page.getByText(/Last 3 min: .* UTC/).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**from=now-3m**')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search or jump' }).fill('queue_depth')
    await page.keyboard.press('Enter')
    await page.waitForURL('**a=queue_depth**')
    await page.context().close()
  })

  test('every control is in the URL: a pasted link gives the same view, Back gives the former', async () => {
    const first = await stand.open(EXPLORE)
    await first.locator('.legend tbody tr').nth(2).waitFor()
    await first.getByText('Stacked', { exact: true }).click()
    await first.locator('.legend-name').first().click()
    await first.locator('.legend tr[data-hidden="true"]').nth(1).waitFor()
    const shown = await first.locator('.legend tbody tr[data-hidden="false"] .legend-name').allTextContents()
    const second = await stand.open(new URL(first.url()).pathname + new URL(first.url()).search)
    await second.locator('.legend tr[data-hidden="true"]').nth(1).waitFor()
    expect(await second.locator('.legend tbody tr[data-hidden="false"] .legend-name').allTextContents()).toEqual(shown)
    expect(await second.getByRole('radio', { name: 'Stacked', exact: true }).isChecked()).toBe(true)
    await first.goBack()
    await first.locator('.legend tr[data-hidden="true"]').first().waitFor({ state: 'detached' })
    await first.goBack()
    expect(await first.getByRole('radio', { name: 'Line', exact: true }).isChecked()).toBe(true)
    await second.context().close()
    await first.context().close()
  })

  test('a dragged range zooms and pauses, z leads back, and live resumes', async () => {
    const page = await stand.open(EXPLORE)
    await page.locator('.legend tbody tr').nth(2).waitFor()
    const box = (await page.locator('.chart-host .u-over').boundingBox()) as { x: number; y: number; width: number }
    await page.mouse.move(box.x + box.width * 0.3, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 })
    await page.mouse.up()
    await page.waitForURL('**live=0**')
    await page.getByRole('button', { name: 'Paused' }).waitFor()
    expect(new URL(page.url()).searchParams.get('from')).toMatch(/^\d{13}$/)
    await page.keyboard.press('z')
    await page.waitForURL('**from=now-5m**')
    await page.getByRole('button', { name: 'Live', exact: true }).waitFor()
    await page.context().close()
  })

  test('text of senders stays text', async () => {
    const page = await stand.open('/explore/metrics?a=queue_depth&a.legend={{queue}}&from=now-5m&to=now')
    await page.locator('.legend tbody tr').first().waitFor()
    // The legend's own braces are filled once: what comes from a label is not read again.
    expect(await page.locator('.legend-name').first().textContent()).toBe(HOSTILE)
    expect(await page.title()).toBe('Metrics · Vantage')
    expect(await page.locator('.legend img').count()).toBe(0)
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('explore logs and traces', () => {
  beforeAll(async () => {
    if (hasChromium) await sendTrace(stand.server)
  })

  test('lines become fewer by a field; a line leads to its trace', async () => {
    const page = await stand.open('/explore/logs?from=now-15m&to=now')
    await page.locator('.log-row').nth(2).waitFor()
    await page.locator('.volume-bars li').first().waitFor()
    await page.locator('.facet-value', { hasText: 'error' }).first().click()
    await page.waitForURL('**q=*detected_level*')
    await expect.poll(() => page.locator('.log-row').count()).toBe(1)
    await page.locator('.log-row').first().click()
    await page.getByRole('link', { name: 'Open the trace' }).click()
    await page.waitForURL(`**/trace/${TRACE_ID}*`)
    await page.locator('.span-drawer').waitFor()
    await page.context().close()
  })

  test('a trace is found, opened, and shows the lines of its failed span; Back leads to the list', async () => {
    const page = await stand.open('/explore/traces?from=now-15m&to=now')
    await page.getByRole('link', { name: /GET \/checkout/ }).click()
    await page.locator('.waterfall-scroll canvas').waitFor()
    await page.keyboard.press('n')
    await page.getByText('the card was declined').first().waitFor()
    expect(await textOf(page, '.span-drawer h2')).toBe('POST /charge')
    await page.goBack()
    await page.waitForURL('**/explore/traces*')
    await page.getByRole('link', { name: /GET \/checkout/ }).waitFor()
    await page.context().close()
  })

  test('a query with a mistake says so and keeps what was there; no match offers a way out', async () => {
    const page = await stand.open('/explore/traces?from=now-15m&to=now')
    await page.getByRole('link', { name: /GET \/checkout/ }).waitFor()
    await page.getByLabel('TraceQL query').fill('{ duration > }')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.locator('.trace-list tbody tr').count()).toBe(1)
    await page.getByLabel('TraceQL query').fill('{ name = "nothing" }')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Show all traces' }).click()
    await page.getByRole('link', { name: /GET \/checkout/ }).waitFor()
    await page.context().close()
  })

  test('text of senders stays text', async () => {
    const page = await stand.open('/explore/logs?from=now-15m&to=now')
    await page.getByText(HOSTILE).first().waitFor()
    expect(await page.title()).toBe('Logs · Vantage')
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('services', () => {
  beforeAll(async () => {
    if (!hasChromium) return
    await sendGrowingRequests(stand.server)
    const event = { service: 'orders', version: '2.0.0', title: 'orders 2.0.0' }
    await fetch(`${stand.server.url}/api/vantage/v1/events`, { method: 'POST', body: JSON.stringify(event) })
  })

  test('the failing service stands on top; its page names what failed requests have, who calls whom, and the deploy', async () => {
    const page = await stand.open('/services?from=now-5m&to=now')
    const first = page.locator('.service-list tbody tr').first()
    await first.getByText('Failing').waitFor({ timeout: 15_000 })
    await first.getByText('orders 2.0.0').waitFor()
    await page.getByRole('link', { name: 'orders', exact: true }).click()
    await page.waitForURL('**/services/orders?*')
    await page.getByRole('heading', { name: 'orders' }).waitFor()
    await page.locator('[data-panel="latency"] canvas').waitFor()
    await page.getByRole('link', { name: 'POST /orders' }).waitFor()
    await page.locator('.service-changes').getByText('orders 2.0.0').waitFor()
    await page.getByRole('radio', { name: 'Failed' }).check({ force: true })
    await page.waitForURL('**different=failed*')
    expect(await textOf(page, '.difference-list li .code')).toBe('span.region = b')
    await page.locator('.service-dependencies').getByRole('link', { name: 'stock' }).click()
    await page.waitForURL('**/services/stock?*')
    await page.getByRole('link', { name: 'GET /stock' }).click()
    await page.waitForURL('**/explore/traces?**')
    await page.locator('.trace-list tbody tr').first().waitFor()
    await page.goBack()
    await page.goBack()
    await page.waitForURL('**/services/orders?*different=failed*')
    await page.context().close()
  })

  test('a part of the heatmap is explained: dragged over, or by keys; the URL has it, Back leads out', async () => {
    const page = await stand.open('/services/orders?from=now-5m&to=now')
    const heatmap = page.locator('[data-panel="distribution"]')
    await heatmap.locator('canvas').waitFor()
    const box = (await heatmap.locator('.picture-canvas').boundingBox()) as { x: number; y: number; width: number }
    const rows = page.locator('.difference-list li')
    // The slow ones are in the rows on top.
    await page.mouse.move(box.x + 70, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 14, box.y + 16, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL('**region=*')
    await heatmap.locator('.picture-region').waitFor()
    await expect.poll(() => rows.locator('.code').first().textContent()).toBe('span.region = b')
    expect(await violations(page, '.service-difference')).toEqual([])
    const other = await stand.open(new URL(page.url()).pathname + new URL(page.url()).search)
    await other.locator('[data-panel="distribution"] .picture-region').waitFor()
    await other.context().close()
    await page.goBack()
    await heatmap.locator('.picture-region').waitFor({ state: 'detached' })
    await page.getByLabel('Longer than').fill('500')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /longer than 500/ }).waitFor()
    await expect.poll(() => rows.locator('.code').first().textContent()).toBe('span.region = b')
    await page.context().close()
  })

  test('a service is found by its name, the order is in the URL, and nothing found says so', async () => {
    const page = await stand.open('/services?from=now-5m&to=now&sort=name')
    await page.locator('.service-list tbody tr').nth(1).waitFor()
    await page.getByLabel('Find a service').fill('STOCK')
    await expect.poll(() => page.locator('.service-list tbody tr').count()).toBe(1)
    expect(new URL(page.url()).searchParams.get('find')).toBe('STOCK')
    await page.getByRole('radio', { name: 'p95' }).check({ force: true })
    await page.waitForURL('**sort=p95*')
    await page.goto(`${stand.server.url}/services?from=1577836800000&to=1577840400000`)
    await page.getByRole('heading', { name: 'No service has had requests' }).waitFor()
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('live', () => {
  beforeAll(seed)

  test('new series appear by themselves; freezing, scrubbing and hosts work', async () => {
    // The shop's charts alone: those of this host and of all services are more than a hundred, whose drawing a busy
    // machine without a graphics card has no time for.
    const page = await stand.open(`/live?q=${encodeURIComponent('{service_name="shop"}')}`)
    await page.getByRole('heading', { name: 'queue_depth' }).waitFor()
    await send(stand.server, [{ metric: 'late_comer', timeMs: Date.now(), value: 1, tags: { instance: 'late-host' } }])
    await page.getByRole('heading', { name: 'late_comer' }).waitFor()
    await page.keyboard.press('Space')
    await page.getByText(/^Paused · /).waitFor()
    const plot = page.getByRole('img', { name: /^Streaming chart of queue_depth/ })
    const frozen = await plot.screenshot()
    await page.getByLabel('Scrub back').fill('-60')
    await expect.poll(async () => frozen.equals(await plot.screenshot())).toBe(false)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await page.getByText(/^Paused · /).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'All hosts' }).click()
    await page.getByRole('menuitemradio', { name: /^late-host 1 series, \d+ (s|min \d+ s) ago$/ }).click()
    await page.waitForURL('**host=late-host**')
    expect(await page.locator('.live-card').count()).toBe(1)
    await page.getByRole('button', { name: /^Latest values of late_comer/ }).click()
    expect(await textOf(page, '.strip-table tbody tr')).toContain('1')
    await page.context().close()
  })

  test('of more series than it shows it says how many, and shows more of them; kiosk mode is the wall alone', async () => {
    const series = Array.from({ length: 120 }, (_, i) => ({ instance: `crowd-${String(i).padStart(3, '0')}` }))
    const timeMs = Date.now()
    await send(
      stand.server,
      series.map((tags) => ({ metric: 'crowd', timeMs, value: 1, tags })),
    )
    const page = await stand.open('/live?q=crowd&series=100')
    const notice = page.locator('.live-notices')
    await expect.poll(() => notice.textContent(), SOON).toMatch(/^The first.*of 120 series that match/)
    await page.locator('.live-card', { hasText: '10 of 100' }).waitFor()
    expect(await violations(page, '.live-notices')).toEqual([])
    await page.getByLabel('Series shown at most').selectOption('400')
    await page.locator('.live-card', { hasText: '10 of 120' }).waitFor()
    await expect.poll(() => notice.textContent(), SOON).toBe('')
    expect(new URL(page.url()).searchParams.get('series')).toBe(null)
    // A moment that is no longer kept is left for now.
    await page.goto(`${stand.server.url}/live?q=crowd&at=${Date.now() - 600_000}`)
    await expect.poll(() => page.url(), SOON).toBe(`${stand.server.url}/live?q=crowd`)
    await page.getByRole('button', { name: 'Freeze', pressed: false }).waitFor()
    const rail = page.getByRole('navigation').first()
    expect(await rail.isVisible()).toBe(true)
    await page.keyboard.press('k')
    await expect.poll(() => rail.isVisible(), SOON).toBe(false)
    await page.goBack()
    await expect.poll(() => rail.isVisible(), SOON).toBe(true)
    await page.context().close()
  })

  test('charts are as sharp as the screen, also when the window moves to another one', async () => {
    const page = await stand.open(`/live?q=${encodeURIComponent('{service_name="shop",__name__="queue_depth"}')}`)
    const canvas = page.locator('.strip-canvas')
    await canvas.waitFor()
    const size = () =>
      page.evaluate<number[]>(`(({ width, height }) => [width, height])(document.querySelector('.strip-canvas'))`)
    await expect.poll(async () => (await size())[0]).toBeGreaterThan(300)
    const [width, height] = (await size()) as [number, number]
    const session = await page.context().newCDPSession(page)
    for (const deviceScaleFactor of [2, 1.5]) {
      // Another height too: a headless browser tells the page nothing of another density alone.
      const screen = { ...DESKTOP, height: DESKTOP.height - 10 * deviceScaleFactor }
      await session.send('Emulation.setDeviceMetricsOverride', { ...screen, deviceScaleFactor, mobile: false })
      const sharp = [width, height].map((px) => Math.round(px * deviceScaleFactor))
      await expect.poll(size).toEqual(sharp)
    }
    await page.context().close()
  })

  test('streaming disturbs nothing, lays nothing out, and prints its frame rate', async () => {
    const stop = stream(stand.server, 20, 10, 60)
    const selector = encodeURIComponent('{__name__=~"wall_.*"}')
    const page = await stand.open(`/live?q=${selector}&window=10&cols=5`, { size: { width: 1600, height: 1080 } })
    try {
      await page.locator('.live-card').nth(19).waitFor()
      await page.waitForTimeout(3_000)
      await page.getByLabel('Series selector').fill('{half="writ')
      await page.getByRole('button', { name: 'Sort now' }).click()
      await page.waitForTimeout(1_000)
      const before = await layoutFigures(page)
      await page.waitForTimeout(4_000)
      const after = await layoutFigures(page)
      expect(await page.getByRole('menu', { name: 'Sort now' }).isVisible()).toBe(true)
      expect(await page.getByLabel('Series selector').inputValue()).toBe('{half="writ')
      // The rail's health line is written once in five seconds; nothing else may cause layout.
      expect(after.layouts - before.layouts).toBeLessThanOrEqual(3)
      const frames = await page.locator('.corner').getAttribute('data-frames-per-second')
      console.log(`live wall, 20 charts × 10 series × 600 points at 60 Hz: ${frames} frames/s,`)
      console.log(
        `  in 4 s ${after.layouts - before.layouts} layouts, ${after.styles - before.styles} style recalculations`,
      )
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Freeze' }).click()
      // What is frozen is a moment: read again after more has come, it is the same time with the same values.
      const news = async () =>
        Number(
          /Paused · ([\d,]+)/.exec((await page.locator('.pause-bar').textContent()) ?? '')?.[1]?.replaceAll(',', ''),
        )
      const card = page.locator('.live-card').first()
      const frozen = async () => {
        await card.getByRole('button', { name: /^Latest values of / }).click()
        await card.locator('.strip-table tbody td').nth(9).waitFor()
        const text = await card.locator('.strip-table').textContent()
        await card.getByRole('button', { name: /^Latest values of / }).click()
        return `${await page.locator('.scrub-time').textContent()} ${text}`
      }
      const first = await frozen()
      const known = await news()
      await expect.poll(news, SOON).toBeGreaterThan(known + 1_000)
      expect(await frozen()).toBe(first)
    } finally {
      await stop()
    }
    await page.context().close()
  })
})

const SCREENS: readonly Screen[] = [
  ['setup', '/setup', '.snippet'],
  ['explore', EXPLORE, '.legend tbody tr'],
  ['explore-table', `${EXPLORE}&view=table`, '.result-table tbody tr'],
  ['explore-plan', `${EXPLORE}&view=explain`, '.explain tbody tr'],
  ['not-found', '/nowhere-else', 'main h1'],
  [
    'live',
    `/live?q=${encodeURIComponent('{service_name="shop",__name__!~"wall_.*|late_.*"}')}&window=60`,
    '.live-card',
  ],
  ['services', '/services?from=now-5m&to=now', '.service-list tbody tr'],
  ['service-different', '/services/orders?from=now-5m&to=now&different=failed', '.difference-list li'],
]

describe.skipIf(!hasChromium)('every screen in both themes', () => {
  beforeAll(seed)

  const layers: readonly (readonly [string, string, (page: Page) => Promise<void>])[] = [
    ['palette', 'dialog', (page) => page.keyboard.press('Control+k')],
    ['shortcuts', 'dialog', (page) => page.keyboard.press('?')],
    ['share menu', '.popover', (page) => page.getByRole('button', { name: 'Share' }).click()],
    ['theme menu', '.popover', (page) => page.getByRole('button', { name: 'Theme' }).click()],
  ]
  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, SCREENS))

  for (const theme of MENU_THEMES) {
    test(`axe finds nothing in dialogs and menus, ${theme}`, async () => {
      // Those before it may have taken longer than the five minutes that the chart shows.
      await sendShop(stand.server)
      const page = await stand.open(EXPLORE, { theme })
      await page.locator('.legend tbody tr').first().waitFor()
      const own: typeof layers = [
        ['time panel', '.popover', (one) => one.keyboard.press('t')],
        ['history', '.popover', (one) => one.getByRole('button', { name: 'History' }).click()],
        ['table twin', '.chart-table', (one) => one.keyboard.press('Shift+T')],
      ]
      for (const [name, within, show] of [...layers, ...own]) {
        await show(page)
        await page.locator(within).waitFor()
        expect(await violations(page, within), `${name} ${theme}`).toEqual([])
        await page.keyboard.press('Escape')
      }
      await page.context().close()
    })
  }

  test('fits 390 and 1440 px; one sheet shows them all', { timeout: 240_000 }, async () => {
    await sendShop(stand.server)
    await takePictures(stand, SCREENS, 'contact-sheet.png', () => sendShop(stand.server))
  })
})

describe.skipIf(!hasChromium)('when the server goes', () => {
  test('no page has complained until now', () => {
    const unexpected = stand.complaints.filter((one) => !one.includes('400 (Bad Request)'))
    expect(unexpected).toEqual([])
  })

  test('Live says since when, and the rail says that nothing answers', async () => {
    const page = await stand.open('/live')
    await page.locator('.live-card').first().waitFor()
    await stand.server.kill()
    await page.getByText(/The connection is lost/).waitFor()
    await page.getByText('No answer').waitFor()
    expect(await page.locator('.live-card').count()).toBeGreaterThan(0)
    await page.context().close()
  })
})
