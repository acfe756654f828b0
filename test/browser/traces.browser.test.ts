import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSet } from '../../packages/model/src/testing/index.ts'
import { HOSTILE, hasChromium, post, type Stand, sendRequests, startStand, violations } from './support/dashboard.ts'
import { HOUR_METRIC, HOUR_SERVICE, streamHour } from './support/hour.ts'
import { expectAccessible, MENU_THEMES, type Screen, takePictures } from './support/pictures.ts'
import {
  HOSTILE_TRACE,
  LARGE_TRACE,
  OTHER_TRACE,
  PARTIAL_TRACE,
  RICH_TRACE,
  sendLargeTrace,
  sendTraces,
} from './support/traces.ts'

let stand: Stand

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand()
  await sendTraces(stand.server)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const RICH = `/trace/${RICH_TRACE}`
const CHARGE = '0000000000000006'

async function openTrace(path: string): Promise<Page> {
  const page = await stand.open(path)
  await page.locator('.waterfall-scroll canvas, .waterfall-table, .flame-host canvas').first().waitFor()
  return page
}

function param(page: Page, name: string): string | null {
  return new URL(page.url()).searchParams.get(name)
}

const drawerTitle = (page: Page) => page.locator('.span-drawer h2')

describe.skipIf(!hasChromium)('a trace', () => {
  test('says in its head what it is, what failed, and that clocks differ', async () => {
    const page = await openTrace(RICH)
    const head = page.locator('.trace-head')
    expect(await head.textContent()).toMatch(/gateway POST \/checkout.*1\.2\ss in all.*57 spans.*3 services.*3 errors/)
    await head.getByText('1 span begins before its parent, by 10 ms at most').waitFor()
    const summary = await page.locator('.waterfall-scroll canvas').getAttribute('aria-label')
    expect(summary).toMatch(/^gateway POST \/checkout: 57 spans, of 3 services, in 1\.2\ss, 3 failed\.$/)
    await page.context().close()
  })

  test('is walked through by keys alone: spans, errors, folds, parents, the critical path, the table', async () => {
    const page = await openTrace(RICH)
    await page.keyboard.press('n')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('POST payments')
    await page.keyboard.press('n')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('POST /charge')
    await page.keyboard.press('Shift+N')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('POST payments')
    await page.keyboard.press('u')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('POST /checkout')
    await page.keyboard.press('v')
    expect(param(page, 'path')).toBe('1')
    await page.locator('.waterfall-scroll').focus()
    await page.keyboard.press('ArrowLeft')
    expect(param(page, 'fold')).toBe('0000000000000001')
    await page.keyboard.press('ArrowDown')
    expect(await drawerTitle(page).textContent()).toBe('POST /checkout')
    await page.keyboard.press('ArrowRight')
    expect(param(page, 'fold')).toBeNull()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('authorize')
    await page.keyboard.press('Escape')
    await page.locator('.span-drawer').waitFor({ state: 'detached' })
    await page.keyboard.press('+')
    await page.waitForURL('**zoom=300-900*')
    await page.keyboard.press('0')
    await expect.poll(() => param(page, 'zoom')).toBeNull()
    await page.keyboard.press('Shift+T')
    const rows = page.locator('.waterfall-table tbody tr')
    expect(await rows.count()).toBe(10)
    expect(await rows.nth(4).textContent()).toMatch(/48 × SELECT stockcart/)
    await page.context().close()
  })

  test('repeated siblings are one row that unfolds; a row is selected by a click', async () => {
    const page = await openTrace(RICH)
    const canvas = page.locator('.waterfall-scroll canvas')
    // The fifth row, right of its mark.
    await canvas.click({ position: { x: 200, y: 26 + 26 * 4 + 13 } })
    await expect.poll(() => drawerTitle(page).textContent()).toBe('48 × SELECT stock')
    await page.locator('.span-drawer').getByText('422').first().waitFor()
    await page.locator('.waterfall-scroll').focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL('**fold=g0000000000000064*')
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => drawerTitle(page).textContent()).toBe('SELECT stock')
    await page.context().close()
  })

  test('a span has attributes with ways on, events, lines, links, and its raw form', async () => {
    const page = await openTrace(`${RICH}?span=${CHARGE}`)
    const drawer = page.locator('.span-drawer')
    await drawer.getByText('the card was declined').waitFor()
    await drawer.getByText('exception.stacktrace: CardDeclined').waitFor()
    await drawer.getByText('begins 10 ms before its parent').waitFor()
    await drawer.getByRole('button', { name: 'Raw' }).click()
    await drawer.getByText('"spanId": "0000000000000006"').waitFor()
    await drawer.getByRole('button', { name: 'Raw' }).click()
    await drawer.getByRole('link', { name: new RegExp(OTHER_TRACE) }).click()
    await page.waitForURL(`**/trace/${OTHER_TRACE}?span=0000000000000001`)
    await page.goBack()
    await page.waitForURL(`**${RICH}?span=${CHARGE}`)
    await drawer.getByText('the card was declined').waitFor()
    await page.keyboard.press('l')
    await page.waitForURL('**/explore/logs?q=*')
    await page.getByText('the card was declined').first().waitFor()
    await page.goBack()
    await drawer.getByRole('link', { name: 'Metrics' }).click()
    await page.waitForURL('**/explore/metrics?a=histogram_quantile**')
    await page.context().close()
  })

  test('a value leads to the traces that share it', async () => {
    const page = await openTrace(`${RICH}?span=0000000000000001`)
    await page.getByLabel('Filter attributes').fill('cart')
    await expect.poll(() => page.locator('.span-pairs tr').count()).toBe(1)
    await page.getByRole('button', { name: 'What to do with cart.items' }).click()
    await page.getByRole('menuitem', { name: 'Traces with this value' }).click()
    await page.waitForURL('**/explore/traces?q=*cart.items*')
    await expect.poll(() => page.locator('.trace-list tbody tr').count()).toBe(1)
    await page.context().close()
  })

  test('a filter dims or hides, finds failed and slow spans, and says when nothing matches', async () => {
    const page = await openTrace(`${RICH}?table=1`)
    await page.keyboard.press('/')
    await page.keyboard.insertText('payments error')
    await page.getByText('3 spans', { exact: true }).waitFor()
    await page.getByRole('radio', { name: 'Hide other spans' }).check({ force: true })
    await expect.poll(() => page.locator('.waterfall-table tbody tr').count()).toBe(4)
    await page.getByLabel('Filter spans').fill('>500ms gateway')
    await expect.poll(() => page.locator('.waterfall-table tbody tr').count()).toBe(3)
    await page.getByLabel('Filter spans').fill('nothing like it')
    await page.getByText('No span matches the filter.').waitFor()
    await page.context().close()
  })

  test('the strip zooms by dragging, Back leads out again', async () => {
    const page = await openTrace(RICH)
    const box = (await page.locator('.minimap-strip').boundingBox()) as { x: number; y: number; width: number }
    await page.mouse.move(box.x + box.width / 2, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL('**zoom=*')
    const [from, to] = (param(page, 'zoom') as string).split('-').map(Number) as [number, number]
    expect([Math.round(from / 20), Math.round(to / 20)]).toEqual([30, 45])
    await page.goBack()
    await page.getByText('Drag to zoom').waitFor()
    await page.context().close()
  })

  test('names are made wider by keys, and the URL remembers', async () => {
    const page = await openTrace(RICH)
    const line = page.getByRole('separator', { name: 'Width of the names' })
    const before = Number(await line.getAttribute('aria-valuenow'))
    await line.focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => line.getAttribute('aria-valuenow')).toBe(String(before + 16))
    expect(param(page, 'names')).toBe(String(before + 16))
    await page.context().close()
  })

  test('the flame graph merges, focuses by key and by click, and has a table', async () => {
    const page = await openTrace(`${RICH}?view=flame`)
    await page.locator('.flame-host').focus()
    await page.keyboard.press('ArrowDown')
    await page.getByText('gateway POST payments: 1 call').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByText('gateway POST cart: 1 call').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**focus=0.1*')
    await page.keyboard.press('Shift+T')
    await page.locator('.waterfall-table').getByText('SELECT stock').waitFor()
    await page.getByRole('button', { name: 'Whole trace' }).click()
    await expect.poll(() => param(page, 'focus')).toBeNull()
    await page.context().close()
  })

  test('operations say where the time went and lead to the longest span; lines lead to theirs', async () => {
    const page = await stand.open(`${RICH}?view=operations`)
    const first = page.locator('.operations tbody tr').first()
    expect(await first.textContent()).toMatch(/SELECT stock.*cart.*422.*35\.2/)
    await page.locator('.operations tbody tr', { hasText: 'fraud check' }).getByRole('button').click()
    await expect.poll(() => drawerTitle(page).textContent()).toBe('fraud check')
    await page.getByRole('radio', { name: 'Logs' }).check({ force: true })
    await page.locator('.trace-lines li').nth(2).getByRole('button', { name: 'Span' }).click()
    await expect.poll(() => drawerTitle(page).textContent()).toBe('POST /charge')
    await page.context().close()
  })

  test('the map says who called whom; a service shows its calls alone, the longest leads to its span', async () => {
    const page = await openTrace(`${RICH}`)
    await page.getByText('Map', { exact: true }).click()
    await expect.poll(() => page.locator('.map-node[role="option"]').count()).toBe(3)
    const calls = page.getByRole('region', { name: 'Calls between services' })
    const all = await calls.locator('tbody tr').count()
    await page.locator('.map-host').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'service')).not.toBeNull()
    await expect.poll(() => calls.locator('tbody tr').count()).toBeLessThanOrEqual(all)
    expect(await page.locator('.map-node[aria-selected="true"]').count()).toBe(1)
    await page.keyboard.press('Escape')
    await expect.poll(() => param(page, 'service')).toBeNull()
    await calls.getByRole('button').first().click()
    await page.locator('.span-drawer').waitFor()
    expect(param(page, 'view')).toBeNull()
    await page.context().close()
  })

  test('a pasted link gives the same view in a fresh browser', async () => {
    const path = `${RICH}?view=waterfall&span=${CHARGE}&find=payments&others=hidden&path=1&zoom=600-1200&names=300`
    const page = await openTrace(path)
    await drawerTitle(page).waitFor()
    expect(await page.getByLabel('Filter spans').inputValue()).toBe('payments')
    expect(await page.getByRole('button', { name: 'Critical path' }).getAttribute('aria-pressed')).toBe('true')
    expect(await page.getByRole('radio', { name: 'Hide other spans' }).isChecked()).toBe(true)
    await page
      .locator('.minimap')
      .getByRole('button', { name: /600.*1\.2/ })
      .waitFor()
    expect(page.url().endsWith(path)).toBe(true)
    await page.context().close()
  })

  test('parents that did not arrive are said and drawn; a trace that is not there says so', async () => {
    const page = await openTrace(`/trace/${PARTIAL_TRACE}?table=1`)
    await page.getByText('Partial: 1 parent that is named was not received').waitFor()
    expect(await page.locator('.waterfall-table tbody tr').first().textContent()).toMatch(
      /000000000000004d, not received/,
    )
    await page.context().close()
    const missing = await stand.open(`/trace/${'e'.repeat(32)}`)
    await missing.getByText(/No span of trace e+ is stored/).waitFor()
    await missing.getByRole('button', { name: 'Retry' }).waitFor()
    await missing.context().close()
    const odd = await stand.open('/trace/not-an-id')
    await odd.getByText(/trace id: want at most 32 hex digits/).waitFor()
    await odd.context().close()
  })

  test('a span that cannot be asked for says so, and the waterfall stays', async () => {
    const page = await openTrace(RICH)
    await page.route('**/spans/*', (route) => route.abort())
    // The first request after a new route may still pass it by: the second span's does not.
    await page.keyboard.press('n')
    await page.keyboard.press('n')
    await page.getByText(/Attributes cannot be shown/).waitFor()
    await page.locator('.waterfall-scroll canvas').waitFor()
    await page.context().close()
  })

  test('hostile, endless and right-to-left names stay text', async () => {
    const page = await openTrace(`/trace/${HOSTILE_TRACE}?span=0000000000000001&table=1`)
    await page.locator('.span-pairs').getByText(HOSTILE).first().waitFor()
    expect(await page.title()).toBe('Trace · Vantage')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('two traces', () => {
  test('are held against each other from the trace: added, missing, slower and faster calls', async () => {
    const page = await openTrace(RICH)
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.locator('.compare-menu .menu-item').first().click()
    await page.waitForURL(`**${RICH}/compare/${OTHER_TRACE}*`)
    const row = (name: string) =>
      page.locator('.compare-table tbody tr', { has: page.getByText(name, { exact: true }) })
    expect(await row('loyalty').textContent()).toMatch(/added/)
    expect(await row('audit').textContent()).toMatch(/missing/)
    expect(await row('SELECT stock').textContent()).toMatch(/faster.*48 → 2/)
    expect(await row('authorize').count()).toBe(0)
    await page.getByRole('radio', { name: 'All calls' }).check({ force: true })
    expect(await row('authorize').textContent()).toMatch(/same/)
    await page.getByRole('button', { name: 'Swap' }).click()
    await page.waitForURL(`**/trace/${OTHER_TRACE}/compare/${RICH_TRACE}?show=all`)
    await expect.poll(() => row('SELECT stock').textContent()).toMatch(/slower.*2 → 48/)
    await page.context().close()
  })

  test('one that is not there is named', async () => {
    const page = await stand.open(`${RICH}/compare/${'e'.repeat(32)}`)
    await page.getByText(/No span of trace e+ is stored/).waitFor()
    await page.context().close()
  })
})

const FIND = '/explore/traces?from=now-15m&to=now&live=0'
const ORDERS = `${FIND}&q=${encodeURIComponent('{ trace:rootName = "POST /orders" }')}`

describe.skipIf(!hasChromium)('explore traces', () => {
  beforeAll(async () => {
    if (hasChromium) for (const go of [0, 1, 2]) await sendRequests(stand.server, go)
  })

  const rows = (page: Page) => page.locator('.trace-list tbody tr')

  test('a region of the scatter selects traces and says what is different about them', async () => {
    const page = await stand.open(ORDERS)
    await rows(page).nth(119).waitFor()
    // Waits until it stays where it is: fonts that arrive late move it.
    const host = page.locator('.scatter-host')
    await host.hover({ position: { x: 70, y: 10 } })
    const box = await host.boundingBox()
    if (box === null) throw new Error('the scatter has no place')
    await page.mouse.down()
    // To the very end: the newest requests are a moment old.
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 3, { steps: 5 })
    await page.mouse.up()
    await page.waitForURL('**region=*')
    await expect.poll(() => rows(page).count()).toBe(30)
    await page.locator('.difference-list li', { hasText: 'span.region = b' }).waitFor()
    await page.goBack()
    await expect.poll(() => rows(page).count()).toBe(120)
    await page.context().close()
  })

  test('the same by keys: longer than, two picked and compared', async () => {
    const page = await stand.open(ORDERS)
    await rows(page).first().waitFor()
    await page.getByLabel('Longer than').fill('500')
    await page.keyboard.press('Enter')
    await expect.poll(() => rows(page).count()).toBe(30)
    await rows(page).nth(0).getByRole('checkbox').press('Space')
    await page.getByText('pick another to compare').waitFor()
    await rows(page).nth(1).getByRole('checkbox').press('Space')
    await page.getByRole('link', { name: 'Compare' }).press('Enter')
    await page.waitForURL('**/trace/*/compare/*')
    await page.getByText('Both made the same calls').or(page.locator('.compare-table')).first().waitFor()
    await page.context().close()
  })

  test('spans are grouped by an attribute: rates, errors and durations; a value filters', async () => {
    const page = await stand.open(`${FIND}&q=${encodeURIComponent('{ span.region != nil }')}`)
    await page.locator('.trace-groups input').fill('span.region')
    await page.keyboard.press('Enter')
    await page.waitForURL('**by=span.region*')
    const group = page.locator('.trace-groups tbody tr', { hasText: 'b' })
    await expect.poll(() => group.textContent(), { timeout: 10_000 }).toMatch(/b.*100.%.*9\d\d/)
    await group.getByRole('button', { name: 'b' }).click()
    await page.waitForURL('**q=*span.region*%3D*b*')
    await page.locator('.trace-groups input').fill('no field')
    await page.keyboard.press('Enter')
    await page.getByText('Want an attribute with its scope').waitFor()
    await page.context().close()
  })

  test('of many groups it says that it shows the most frequent', async () => {
    const startMs = Date.now() - 10_000
    const spans = Array.from({ length: 60 }, (_, i) => ({
      traceId: (0xfade00 + i).toString(16).padStart(32, '0'),
      spanId: (i + 1).toString(16).padStart(16, '0'),
      name: 'shard',
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${startMs + 5}000000`,
      attributes: [{ key: 'shard', value: { stringValue: `s${i}` } }],
    }))
    await post(stand.server, '/v1/traces', { resourceSpans: [{ resource: {}, scopeSpans: [{ spans }] }] })
    const page = await stand.open(`${FIND}&by=span.shard&q=${encodeURIComponent('{ span.shard != nil }')}`)
    await page.getByText('The 50 most frequent of 60 groups; a narrower query shows others.').waitFor()
    expect(await page.locator('.trace-groups tbody tr').count()).toBe(50)
    await page.context().close()
  })
})

const STREAM_MS = 6_000
/** A short time, which is asked again every two seconds. */
const NOW = 'from=now-5m&to=now'

describe.skipIf(!hasChromium)('an hour that streams by disturbs nobody', () => {
  test('menus, typed text, focus, selection, picks, scroll and zoom stay while everything is drawn anew', async () => {
    await streamHour(stand.server, 500)
    const lines = await openLive(
      `/explore/logs?${NOW}&q=${encodeURIComponent(`{service_name="${HOUR_SERVICE}"}`)}`,
      '.log-row',
    )
    await lines.locator('.log-list').evaluate((box) => box.scrollTo(0, 480))
    await lines.getByRole('button', { name: 'Columns' }).click()
    await lines.locator('.columns-menu').waitFor()

    const metrics = await openLive(`/explore/metrics?${NOW}&edit=builder&a=${HOUR_METRIC}`, '.legend tbody tr')
    await metrics.getByLabel('Metric', { exact: true }).fill('half_typ')

    const traces = await openLive(
      `/explore/traces?${NOW}&q=${encodeURIComponent('{ name = "GET /hour" }')}`,
      '.trace-list tbody tr',
    )
    await traces.locator('.trace-pick input').nth(4).check()
    await traces.evaluate(`getSelection().selectAllChildren(document.querySelector('.explore h1'))`)
    await traces.locator('.main').evaluate((box) => box.scrollTo(0, 300))

    const map = await openLive(`/map?${NOW}&zoom=2`, '.map-node[role="option"]')
    await map.locator('.map-host').focus()
    await map.keyboard.press('ArrowRight')

    const services = await openLive(`/services?${NOW}`, '.service-list tbody tr')
    await services.getByLabel('Find a service').pressSequentially('o')

    const wall = await openLive(`/live?window=10&q=${HOUR_METRIC}`, '.live-card')
    await wall.setViewportSize({ width: 1440, height: 300 })
    await wall.getByRole('button', { name: 'Sort now' }).click()
    await wall.locator('.main').evaluate((box) => box.scrollTo(0, 40))
    await wall.evaluate(`getSelection().selectAllChildren(document.querySelector('.live-title'))`)
    const strip = wall.locator('.strip-canvas')

    const pages = [lines, metrics, traces, map, services, wall]
    const before = await Promise.all(pages.map((page) => page.evaluate<string>(HELD)))
    expect(before[0]).toContain('[480,0]')
    expect(before[2]).toContain('"selected":"Explore traces"')
    expect(before[2]).toContain('[300,0]')
    for (const held of [`"selected":"${HOUR_METRIC}"`, '"open":["Sort now"]', 'menu-item', '[40,0]']) {
      expect(before[5]).toContain(held)
    }
    const painted = await strip.screenshot()
    const drawn = await Promise.all([metrics, traces].map((page) => page.evaluate<string>(DRAWN)))
    await streamHour(stand.server, STREAM_MS)
    await lines.getByText(/^Paused · [\d,]+ new lines$/).waitFor()
    expect(await Promise.all(pages.map((page) => page.evaluate<string>(HELD)))).toEqual(before)
    // What is drawn is not what was: the stream did arrive.
    const now = await Promise.all([metrics, traces].map((page) => page.evaluate<string>(DRAWN)))
    for (const [i, one] of now.entries()) expect(one).not.toBe(drawn[i])
    expect(painted.equals(await strip.screenshot())).toBe(false)
    await Promise.all(pages.map((page) => page.context().close()))
  })
})

async function openLive(path: string, ready: string): Promise<Page> {
  const page = await stand.open(path)
  await page.locator(ready).first().waitFor()
  return page
}

/** What a person holds: focus, what is typed, chosen and selected, what is open, and how far everything is scrolled. */
const HELD = `JSON.stringify({
  url: location.search,
  focus: [document.activeElement?.tagName, document.activeElement?.className],
  typed: [...document.querySelectorAll('input, select')].map((one) => [one.getAttribute('aria-label'), one.value, one.checked]).filter((one) => one[2] || one[1] === 'half_typ' || one[1] === 'o'),
  selected: String(getSelection()),
  open: [...document.querySelectorAll('.popover, dialog, details[open]')].map((one) => one.getAttribute('aria-label') ?? one.textContent?.slice(0, 10)),
  scroll: ['.main', '.log-list', '.map-host'].map((one) => document.querySelector(one)).map((one) => one && [one.scrollTop, one.scrollLeft]),
  firstLine: document.querySelector('.log-row .log-text')?.textContent,
})`
const DRAWN = `JSON.stringify([...document.querySelectorAll('.legend .readout, .trace-list .aside, .trace-list .trace-start')].map((one) => one.textContent))`

const SCREENS: readonly Screen[] = [
  [
    'traces',
    `${ORDERS}&region=${Date.now() - 900_000}-${Date.now() + 900_000},500-5000&by=name`,
    '.difference-list li',
  ],
  ['trace', `${RICH}?path=1&span=${CHARGE}`, '.span-lines li'],
  ['trace-flame', `${RICH}?view=flame`, '.flame-host canvas'],
  ['trace-operations', `${RICH}?view=operations`, '.operations tbody tr'],
  ['trace-map', `${RICH}?view=map`, '.map-node[role="option"]'],
  ['trace-logs', `${RICH}?view=logs`, '.trace-lines li'],
  ['trace-compare', `${RICH}/compare/${OTHER_TRACE}`, '.compare-table tbody tr'],
  ['trace-partial', `/trace/${PARTIAL_TRACE}`, '.waterfall-scroll canvas'],
  ['trace-table', `${RICH}?table=1`, '.waterfall-table tbody tr'],
  ['trace-hostile', `/trace/${HOSTILE_TRACE}?span=0000000000000001`, '.span-pairs tr'],
]

describe.skipIf(!hasChromium)('every screen of traces', () => {
  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, SCREENS))

  for (const theme of MENU_THEMES) {
    test(`axe finds nothing in menus, ${theme}`, async () => {
      const page = await stand.open(`${RICH}?span=0000000000000001`, { theme })
      await page.getByRole('button', { name: 'What to do with cart.items' }).click()
      expect(await violations(page, '.value-menu')).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Compare' }).click()
      await page.locator('.compare-menu .menu-item').first().waitFor()
      expect(await violations(page, '.compare-menu')).toEqual([])
      await page.context().close()
    })
  }

  test('fits 390 and 1440 px; one sheet shows them all', { timeout: 240_000 }, async () => {
    await takePictures(stand, SCREENS, 'contact-sheet-traces.png')
  })
})

/** The most that is drawn; in the quick set so many that it opens folded, too. */
const LARGE = { test: 20_000, wide: 100_000, long: 100_000 }[testSet()]

describe.skipIf(!hasChromium)('a large trace', () => {
  test('of many spans opens folded, unfolds whole, and scrolls without layout', { timeout: 180_000 }, async () => {
    await sendLargeTrace(stand.server, LARGE)
    const startMs = performance.now()
    const page = await openTrace(`/trace/${LARGE_TRACE}`)
    const usableMs = performance.now() - startMs
    await page.getByText(`${LARGE.toLocaleString('en')} spans`).waitFor()
    const tall = () => page.locator('.waterfall-scroll').evaluate((box) => box.scrollHeight)
    expect(await tall()).toBeLessThan(2_100 * 26)
    await page.getByRole('button', { name: 'All levels' }).click()
    await expect.poll(tall).toBe(26 + LARGE * 26)
    const framesPerSecond = await page.evaluate<number>(SCROLL)
    console.log(
      `${LARGE} spans: drawn after ${Math.round(usableMs)} ms, ${framesPerSecond.toFixed(1)} frames/s while scrolling`,
    )
    expect(await page.locator('.waterfall-scroll canvas').count()).toBe(1)
    await page.keyboard.press('n')
    await page.locator('.span-drawer .badge.critical').first().waitFor()
    await page.context().close()
  })
})

/** Scrolls for two seconds, a few rows with every frame. @returns frames a second */
const SCROLL = `new Promise((resolve) => {
  const box = document.querySelector('.waterfall-scroll')
  const start = performance.now()
  let frames = 0
  const step = (now) => {
    box.scrollTop += 173
    frames++
    if (now - start < 2000) requestAnimationFrame(step)
    else resolve((frames * 1000) / (now - start))
  }
  requestAnimationFrame(step)
})`

describe.skipIf(!hasChromium)('afterwards', () => {
  test('no page has complained', () => {
    const expected = /400 \(Bad Request\)|404 \(Not Found\)|ERR_FAILED/
    expect(stand.complaints.filter((one) => !expected.test(one))).toEqual([])
  })
})
