/** Set: test, 25 s. What a point and a region of a chart lead to, and the time since a deploy. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, PHONE, post, type Stand, startStand, violations } from './support/dashboard.ts'
import { type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'
import { STATED_QUERY, sendZones, ZONE_B, ZONES_BOARD } from './support/zones.ts'

let stand: Stand
let folder: string
/** When requests were sent. */
let sentMs = 0

beforeAll(async () => {
  if (!hasChromium) return
  folder = await mkdtemp(join(tmpdir(), 'vantage-zones-'))
  await writeFile(join(folder, 'zones.json'), JSON.stringify(ZONES_BOARD))
  stand = await startStand({ VANTAGE_DASHBOARDS_DIRECTORY: folder, VANTAGE_SELF_ENABLED: 'false' })
  sentMs = await sendZones(stand.server)
}, 60_000)

afterAll(async () => {
  if (!hasChromium) return
  await stand.close()
  await rm(folder, { recursive: true, force: true })
})

const LATENCY = `histogram_quantile(0.9, sum by (le) (${STATED_QUERY}))`
const explore = (query: string, more = '') =>
  `/explore/metrics?from=now-5m&to=now${more}&a=${encodeURIComponent(query)}`
/** The time of the requests, whenever it is looked at. */
const fixed = () => `/explore/metrics?from=${sentMs - 240_000}&to=${sentMs + 20_000}&a=${encodeURIComponent(LATENCY)}`
const fixedLines = () =>
  `/explore/logs?from=${sentMs - 240_000}&to=${sentMs + 20_000}&q=${encodeURIComponent('{service_name="parcels"}')}`
const param = (page: Page, name: string) => new URL(page.url()).searchParams.get(name)
const menu = (page: Page) => page.getByRole('menu')

async function openChart(path: string, options: Parameters<Stand['open']>[1] = {}): Promise<Page> {
  const page = await stand.open(path, options)
  await page.locator('.legend tbody tr').first().waitFor()
  return page
}

/** Begins on a chart and goes up: the page scrolls under it. */
async function dragFinger(page: Page, chart: string): Promise<void> {
  await page.evaluate('document.querySelector("main").style.paddingBottom = "2000px"')
  await page.locator(chart).scrollIntoViewIfNeeded()
  const box = await page.locator(chart).boundingBox()
  if (box === null) throw new Error(`there is no ${chart}`)
  const session = await page.context().newCDPSession(page)
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints })
  await touch('touchStart', [{ x, y }])
  for (let i = 1; i <= 10; i++) await touch('touchMove', [{ x: x + i, y: y - i * 10 }])
  await touch('touchEnd', [])
  await expect.poll(async () => box.y - ((await page.locator(chart).boundingBox())?.y ?? 0)).toBeGreaterThan(40)
}

/** Clicks where the newest points are. */
async function clickNewest(page: Page): Promise<void> {
  const plot = page.locator('.chart-host .u-over').first()
  const box = (await plot.boundingBox()) ?? { width: 0, height: 0 }
  await plot.click({ position: { x: box.width - 4, y: box.height / 2 } })
  await menu(page).waitFor()
}

/** As the key r does on the page; keys that are pressed are the menu's. */
async function askAgain(page: Page): Promise<void> {
  await page.evaluate('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "r", bubbles: true }))')
}

/** From one place to another, as shares of the width and height. */
async function altDrag(page: Page, selector: string, from: readonly number[], to: readonly number[]): Promise<void> {
  await page.keyboard.down('Alt')
  await drag(page, selector, from, to)
  await page.keyboard.up('Alt')
}

async function drag(page: Page, selector: string, from: readonly number[], to: readonly number[]): Promise<void> {
  const box = await page.locator(selector).first().boundingBox()
  if (box === null) throw new Error(`there is no ${selector}`)
  const place = ([x = 0, y = 0]: readonly number[]) => [box.x + box.width * x, box.y + box.height * y] as const
  await page.mouse.move(...place(from))
  await page.mouse.down()
  await page.mouse.move(...place(to), { steps: 4 })
  await page.mouse.up()
}

const sheet = (page: Page) => page.getByRole('complementary', { name: 'What is different' })
const found = (page: Page) => sheet(page).locator('.difference-list .code').first()

describe.skipIf(!hasChromium)('a point of a chart', () => {
  test('leads to the lines of its service and of its time, and back to the same view', async () => {
    const page = await openChart(explore(LATENCY, '&mode=area'))
    await clickNewest(page)
    expect(await violations(page, '.drill-menu')).toEqual([])
    const before = page.url()
    await page.getByRole('menuitem', { name: 'Log lines of parcels' }).click()
    await page.waitForURL('**/explore/logs*')
    expect([param(page, 'q'), param(page, 'live')]).toEqual(['{service_name="parcels"}', '0'])
    // A step of one second, and one to either side.
    expect(Number(param(page, 'to')) - Number(param(page, 'from'))).toBe(3_000)
    await page.getByRole('link', { name: 'Metrics' }).first().waitFor()
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Metrics' }).click()
    await page.locator('.legend tbody tr').first().waitFor()
    expect(page.url()).toBe(before)
    await page.goBack()
    await page.waitForURL('**/explore/logs*')
    await page.goBack()
    await expect.poll(() => page.url()).toBe(before)
    await page.context().close()
  })

  test('has a menu that newer data neither closes nor moves, that arrows walk and Escape leaves', async () => {
    const page = await openChart(explore(LATENCY))
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('What it leads to').waitFor()
    await page.keyboard.press('Escape')
    await clickNewest(page)
    const place = await menu(page).boundingBox()
    await page.waitForResponse((response) => response.url().includes('/query_range'))
    await page.waitForTimeout(200)
    expect(await menu(page).boundingBox()).toEqual(place)
    const focused = () =>
      page.evaluate<string>('document.activeElement.textContent || document.activeElement.className')
    await page.keyboard.press('End')
    expect(await focused()).toBe('Copy the value')
    await page.keyboard.press('ArrowUp')
    expect(await focused()).toBe('Zoom in here')
    await page.keyboard.press('Escape')
    await menu(page).waitFor({ state: 'detached' })
    expect(await focused()).toBe('chart-host')
    await page.context().close()
  })

  test('keeps its menu, the focus and the point when an answer leaves nothing to draw', async () => {
    for (const [path, nothing] of [
      [explore(LATENCY), 'No data in this range'],
      ['/d/zones?from=now-5m&to=now', 'Nothing in this time.'],
    ] as const) {
      const page = await openChart(path)
      await clickNewest(page)
      const open = page.locator('.drill-menu')
      const [place, title] = [await open.boundingBox(), await open.locator('.drill-title').textContent()]
      await page.keyboard.press('ArrowDown')
      const focused = await page.evaluate<string>('document.activeElement.textContent')
      const none = { status: 'success', data: { resultType: 'matrix', result: [] } }
      await page.route('**/api/v1/query_range*', (route) => route.fulfill({ json: none }))
      await askAgain(page)
      await page.getByText(nothing).first().waitFor()
      await page.locator('.chart-host').waitFor({ state: 'detached' })
      expect([await open.boundingBox(), await open.locator('.drill-title').textContent()]).toEqual([place, title])
      expect(await page.evaluate<string>('document.activeElement.textContent')).toBe(focused)
      // The chart that comes back is another one: it gets the focus.
      await page.unroute('**/api/v1/query_range*')
      await askAgain(page)
      await page.locator('.chart-host').waitFor()
      await page.keyboard.press('Escape')
      await open.waitFor({ state: 'detached' })
      expect(await page.evaluate<string>('document.activeElement.className')).toBe('chart-host')
      await page.context().close()
    }
  })

  test('says why an entry is impossible', async () => {
    const page = await openChart(explore('vector(7)'))
    await clickNewest(page)
    const logs = page.getByRole('menuitem', { name: 'Log lines' })
    expect(await logs.getAttribute('aria-disabled')).toBe('true')
    const reason = 'The labels of this series name no service and no host'
    expect(await logs.getAttribute('title')).toBe(reason)
    const describes = await logs.getAttribute('aria-describedby')
    expect(await page.locator(`[id="${describes}"]`).textContent()).toBe(reason)
    await logs.click({ force: true })
    expect(page.url()).toContain('/explore/metrics')
    await page.context().close()
  })

  test('opens its menu by a tap; a finger that moves scrolls the page, and neither zooms', async () => {
    for (const [path, chart] of [
      [`/d/zones?from=${sentMs - 240_000}&to=${sentMs + 20_000}`, '.chart-host .u-over'],
      [fixed(), '.chart-host .u-over'],
      [fixedLines(), '.volume-bars li:nth-last-child(2) button'],
    ] as const) {
      const page = await stand.open(path, { size: PHONE, hasTouch: true })
      await page.locator(chart).waitFor()
      const before = page.url()
      await page.locator(chart).scrollIntoViewIfNeeded()
      await page.locator(chart).tap()
      await menu(page).waitFor()
      expect(await violations(page, '.drill-menu')).toEqual([])
      for (const item of await page.getByRole('menuitem').all()) {
        expect((await item.boundingBox())?.height).toBeGreaterThanOrEqual(44)
      }
      // Another tap closes it.
      await page.locator('h1').tap()
      await menu(page).waitFor({ state: 'detached' })
      await dragFinger(page, chart)
      expect(await menu(page).count()).toBe(0)
      expect(page.url()).toBe(before)
      await page.context().close()
    }
  })

  test('is read by a finger that rests on it, which opens nothing', async () => {
    const page = await openChart(explore('vector(7)'), { size: PHONE })
    const box = await page.locator('.chart-host .u-over').first().boundingBox()
    if (box === null) throw new Error('no chart')
    const session = await page.context().newCDPSession(page)
    const touchPoints = [{ x: box.x + box.width / 2, y: box.y + box.height / 2 }]
    const readout = () => page.locator('.legend th.readout').textContent()
    expect(await readout()).toBe('Last')
    await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints })
    await expect.poll(readout, SOON).toMatch(/^\d\d:\d\d:\d\d$/)
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    expect(await menu(page).count()).toBe(0)
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('a region of a chart', () => {
  test('is selected by keys, and what is different about it is found, linked and shared', async () => {
    const page = await openChart(fixed())
    await page.locator('.chart-host').focus()
    for (const key of ['Space', 'Space', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Shift+ArrowLeft']) {
      await page.keyboard.press(key)
    }
    await page.keyboard.press('Escape')
    await page.keyboard.press('Space')
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Enter')
    await menu(page).waitFor()
    await page.getByRole('menuitem', { name: 'What is different' }).click()
    await expect.poll(() => found(page).textContent(), SOON).toBe(ZONE_B)
    await sheet(page).getByText('40 selected and 40 others were compared.').waitFor()
    expect(await violations(page, '.explain-sheet')).toEqual([])
    const other = await stand.open(new URL(page.url()).pathname + new URL(page.url()).search)
    await expect.poll(() => found(other).textContent(), SOON).toBe(ZONE_B)
    await other.context().close()
    const look: Screen = ['explained', new URL(page.url()).pathname + new URL(page.url()).search, '.difference-list li']
    await takePictures(stand, [look], 'explained.png')
    await found(page).click()
    await page.waitForURL('**/explore/traces*')
    expect(param(page, 'q')).toContain('({ span.zone = "b" })')
    await page.goBack()
    await expect.poll(() => found(page).textContent(), SOON).toBe(ZONE_B)
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    expect(param(page, 'explain')).toBeNull()
    await page.context().close()
  })

  test('is dragged with Alt; its time can be written anew', async () => {
    const page = await openChart(fixed())
    await altDrag(page, '.chart-host .u-over', [0.8, 0.5], [0.99, 0.5])
    await expect.poll(() => found(page).textContent(), SOON).toBe(ZONE_B)
    expect(param(page, 'from')).toBe(String(sentMs - 240_000))
    const time = sheet(page).getByLabel('Time that is explained')
    await time.fill(`${sentMs - 200_000} to ${sentMs - 100_000}`)
    await page.keyboard.press('Enter')
    await expect.poll(() => found(page).textContent(), SOON).toBe('span.zone = a')
    await page.context().close()
  })

  test('of the histogram of lines is dragged with Alt, or selected by keys', async () => {
    const page = await stand.open(fixedLines())
    await page.locator('.volume-bars li').nth(5).waitFor()
    await altDrag(page, '.volume-bars', [0.8, 0.5], [0.99, 0.5])
    await expect.poll(() => found(page).textContent(), SOON).toBe('zone = b')
    expect(await page.locator('.volume-bars [data-chosen="true"]').count()).toBeGreaterThan(3)
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    await page.locator('.volume-bars button').first().focus()
    await page.keyboard.press('Space')
    for (let i = 0; i < 15; i++) await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await expect.poll(() => found(page).textContent(), SOON).toBe('zone = a')
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    // A bar alone has a menu, which gives the focus back to it.
    await page.locator('.volume-bars button').nth(4).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Traces of parcels' }).waitFor()
    await page.keyboard.press('Escape')
    const bar = await page.locator('.volume-bars button').nth(4).getAttribute('aria-label')
    expect(await page.evaluate<string>('document.activeElement.getAttribute("aria-label")')).toBe(bar)
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Zoom in' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => Number(param(page, 'to')) - Number(param(page, 'from'))).toBeLessThan(20_000)
    await page.context().close()
  })

  test('of a heatmap is a box of time and values, by Alt with drag or by keys; without Alt dragging zooms', async () => {
    const page = await stand.open(`/d/zones?from=${sentMs - 240_000}&to=${sentMs + 20_000}`)
    await page.locator('.panel[data-kind="heatmap"][data-state="shown"]').waitFor()
    await altDrag(page, '.picture-canvas', [0.3, 0.1], [0.9, 0.15])
    await expect.poll(() => found(page).textContent(), SOON).toBe(ZONE_B)
    expect(param(page, 'explain')).toContain('duration > 500000us')
    await page.locator('.picture-region').waitFor()
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    await page.locator('.picture-canvas').focus()
    for (const key of ['Home', 'ArrowDown', 'ArrowDown', 'Space', 'End', 'Enter']) await page.keyboard.press(key)
    await expect.poll(() => found(page).textContent(), SOON).toBe('span.zone = a')
    await drag(page, '.picture-canvas', [0.3, 0.5], [0.6, 0.5])
    await expect.poll(() => Number(param(page, 'from'))).toBeGreaterThan(sentMs - 235_000)
    await page.context().close()
  })

  test('of one cell of a heatmap has the menu of a point: by a click, by a tap and by keys', async () => {
    const path = `/d/zones?from=${sentMs - 240_000}&to=${sentMs + 20_000}`
    const page = await stand.open(path)
    const cells = page.locator('.panel[data-kind="heatmap"] .picture-canvas')
    await page.locator('.panel[data-kind="heatmap"][data-state="shown"]').waitFor()
    const box = (await cells.boundingBox()) ?? { width: 0, height: 0 }
    // Beside the cells there is nothing to ask about.
    await cells.click({ position: { x: 20, y: box.height / 2 } })
    // The column of the newer requests: there are 26 of 10 s, which begin with a full one, between two margins.
    const column = Math.floor((sentMs - 11_000) / 10_000) - Math.floor((sentMs - 240_000) / 10_000)
    const position = { x: 61 + (box.width - 73) * ((column + 0.5) / 26), y: 12 }
    await cells.click({ position })
    await menu(page).waitFor()
    expect(await menu(page).count()).toBe(1)
    expect(await page.locator('.drill-title').textContent()).toMatch(/^500\u202fms … 1\u202fs: 40 at /)
    expect(await violations(page, '.drill-menu')).toEqual([])
    await page.keyboard.press('Escape')
    await menu(page).waitFor({ state: 'detached' })
    expect(await page.evaluate<string>('document.activeElement.className')).toBe('picture-canvas')
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'Enter']) await page.keyboard.press(key)
    await page.getByRole('menuitem', { name: 'What is different' }).press('Enter')
    await sheet(page)
      .getByText(/^[1-9]\d* selected and/)
      .waitFor()
    expect(param(page, 'explain')).toContain('duration > 500000us')
    await page.keyboard.press('Escape')
    await sheet(page).waitFor({ state: 'detached' })
    await cells.click({ position })
    await page.getByRole('menuitem', { name: 'Traces of parcels' }).press('Enter')
    await page.waitForURL('**/explore/traces*')
    expect(param(page, 'q')).toContain('duration > 500000us')
    await page.locator('.trace-list tbody tr').first().waitFor()
    await page.context().close()
    const phone = await stand.open(path, { size: PHONE, hasTouch: true })
    await phone.locator('.panel[data-kind="heatmap"][data-state="shown"]').waitFor()
    await phone.locator('.picture-canvas').tap()
    await menu(phone).waitFor()
    await phone.context().close()
  })
})

describe.skipIf(!hasChromium)('the time control', () => {
  test('goes back to the last deploy of the service on screen, or says that none is known', async () => {
    const time = new Date(sentMs - 90_000).toISOString()
    await post(stand.server, '/api/vantage/v1/events', { service: 'parcels', version: '2', title: 'parcels 2', time })
    const page = await stand.open('/services/nobody')
    const preset = page.getByRole('button', { name: 'Since last deploy' })
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('t')
    await expect.poll(() => preset.getAttribute('title')).toBe('No deploy of nobody is known in the last 30 days')
    expect(await preset.getAttribute('aria-disabled')).toBe('true')
    expect(await violations(page, '.time-panel')).toEqual([])
    await page.goto(`${stand.server.url}/services/parcels`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('t')
    await expect.poll(() => preset.getAttribute('title')).toBe('Since parcels 2')
    await preset.click()
    await page.waitForURL(`**from=${sentMs - 90_000}&to=now*`)
    await page.context().close()
  })
})
