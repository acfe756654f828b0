import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, PHONE, type Stand, startStand, violations } from './support/dashboard.ts'
import { sendHistory, sendManyServices } from './support/history.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'

const MAP = '/map?from=now-1h&to=now'
const MANY = 300
/** Long before the shop, so that both stand in windows of their own. */
const MANY_AGO_MS = 30 * 3_600_000

let stand: Stand
let manyPath = ''

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand()
  const nowMs = Date.now()
  await sendHistory(stand.server, nowMs)
  const endMs = nowMs - MANY_AGO_MS
  await sendManyServices(stand.server, endMs, MANY)
  manyPath = `/map?from=${endMs - 900_000}&to=${endMs}`
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

async function openMap(path = MAP): Promise<Page> {
  const page = await stand.open(path)
  await page.locator('.map-node[role="option"]').first().waitFor()
  return page
}

const node = (page: Page, name: string) => page.locator('.map-node[role="option"]', { hasText: name })

async function xOf(page: Page, name: string): Promise<number> {
  return (await node(page, name).boundingBox())?.x ?? Number.NaN
}

describe.skipIf(!hasChromium)('service map', () => {
  test('calls lead to the right, what is worse has its colour, and a selection shows figures and neighbours', async () => {
    const page = await openMap()
    expect(await page.locator('.map-node[role="option"]').count()).toBe(10)
    expect(await xOf(page, 'storefront')).toBeLessThan(await xOf(page, 'gateway'))
    expect(await xOf(page, 'gateway')).toBeLessThan(await xOf(page, 'checkout'))
    expect(await xOf(page, 'checkout')).toBeLessThan(await xOf(page, 'payments'))
    expect(await node(page, 'payments').getAttribute('data-state')).toBe('degraded')
    expect(await node(page, 'catalog').getAttribute('data-state')).toBe('healthy')
    await node(page, 'checkout').click()
    await page.waitForURL('**node=checkout*')
    const drawer = page.locator('.map-drawer')
    await drawer.getByRole('heading', { name: 'checkout' }).waitFor()
    expect(await drawer.locator('li').allTextContents()).toHaveLength(4)
    expect(await node(page, 'catalog').getAttribute('data-dimmed')).toBe('true')
    expect(await node(page, 'payments').getAttribute('data-dimmed')).toBe('false')
    await drawer.getByRole('button', { name: 'payments' }).click()
    await page.waitForURL('**node=payments*')
    await drawer.getByText('ledger').waitFor()
    await page.goBack()
    await drawer.getByRole('heading', { name: 'checkout' }).waitFor()
    await drawer.getByRole('link', { name: 'Traces of calls: checkout to payments' }).click()
    await page.waitForURL('**/explore/traces?*')
    await page.context().close()
  })

  test('moments show how a fault came: a slider goes through the time, and the URL says where', async () => {
    const page = await openMap(`${MAP}&live=0`)
    const state = () => node(page, 'payments').getAttribute('data-state')
    await expect.poll(state, SOON).toMatch(/failing|degraded/)
    const slider = page.getByRole('slider', { name: 'Moment' })
    await slider.focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL('**moment=1*')
    await expect.poll(state, SOON).toBe('healthy')
    await page.keyboard.press('End')
    await page.waitForURL('**moment=12*')
    await expect.poll(state, SOON).toMatch(/failing|degraded/)
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d:\d\d – \d\d:\d\d:\d\d$/)
    await page.keyboard.press('Home')
    await expect.poll(() => page.url(), SOON).not.toContain('moment')
    await page.context().close()
  })

  test('filters are in the URL, a pasted link shows the same, and hiding all offers a way back', async () => {
    const page = await openMap(`${MAP}&node=payments`)
    await page.getByRole('radio', { name: '1 call away' }).check({ force: true })
    await expect.poll(() => page.locator('.map-node[role="option"]').count(), SOON).toBe(3)
    await page.getByRole('button', { name: 'Errors only' }).click()
    await page.waitForURL('**errors=1*')
    const second = await stand.open(new URL(page.url()).pathname + new URL(page.url()).search)
    await expect.poll(() => second.locator('.map-node[role="option"]').count(), SOON).toBe(3)
    expect(await second.getByRole('button', { name: 'Errors only' }).getAttribute('aria-pressed')).toBe('true')
    await second.context().close()
    await page.goto(`${stand.server.url}${MAP}`)
    await page.getByLabel('Find a service').fill('SHIP')
    await expect.poll(() => node(page, 'cart').getAttribute('data-dimmed'), SOON).toBe('true')
    await page.keyboard.press('Enter')
    await page.waitForURL('**node=shipping*')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByLabel(/Hide what has fewer/).fill('1000')
    await page.getByText('The filters hide all 10 services').waitFor()
    await page.getByRole('button', { name: 'Drop the filters' }).click()
    await expect.poll(() => page.locator('.map-node[role="option"]').count(), SOON).toBe(10)
    await page.context().close()
  })

  test('namespaces in place of services, opened one by one', async () => {
    const page = await openMap()
    await page.getByRole('radio', { name: 'Namespaces' }).check({ force: true })
    await node(page, '5 services').waitFor()
    expect(await page.locator('.map-node[role="option"]').count()).toBe(5)
    await node(page, '5 services').click()
    await page.getByRole('button', { name: 'Show its services' }).click()
    await page.waitForURL('**open=shop*')
    await expect.poll(() => page.locator('.map-node[role="option"]').count(), SOON).toBe(9)
    await page.context().close()
  })

  test('all of it works by keyboard, also as a table', async () => {
    const page = await stand.open('/setup')
    await page.getByRole('heading', { name: 'Get data in' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await page.waitForURL('**/map')
    await page.locator('.map-node[role="option"]').first().waitFor()
    await page.locator('.map-host').focus()
    const focused = () => page.locator('.map-node[data-focused="true"] .map-name').textContent()
    await page.keyboard.press('ArrowRight')
    const first = await focused()
    await page.keyboard.press('ArrowDown')
    expect(await focused()).not.toBe(first)
    await page.keyboard.press('Enter')
    await page.waitForURL('**node=*')
    await page.keyboard.press('+')
    await page.waitForURL('**zoom=*')
    await page.keyboard.press('0')
    await expect.poll(() => page.url(), SOON).not.toContain('zoom')
    await page.keyboard.press('Escape')
    await expect.poll(() => page.url(), SOON).not.toContain('node=')
    await page.keyboard.press('Shift+T')
    await page.waitForURL('**view=table*')
    expect(await page.locator('.map-table').first().locator('tbody tr').count()).toBe(10)
    expect(await page.locator('.map-table').nth(1).locator('tbody tr').count()).toBe(10)
    await page.context().close()
  })

  test('places stay where they are, also when the page is opened again', async () => {
    const page = await openMap()
    const before = await page
      .locator('.map-node[role="option"]')
      .evaluateAll((nodes) => nodes.map((one) => one.getAttribute('transform')))
    await page.reload()
    await page.locator('.map-node[role="option"]').first().waitFor()
    const after = await page
      .locator('.map-node[role="option"]')
      .evaluateAll((nodes) => nodes.map((one) => one.getAttribute('transform')))
    expect(before).toHaveLength(10)
    expect(after).toEqual(before)
    await page.getByRole('button', { name: 'Arrange anew' }).click()
    await page.context().close()
  })

  test('on a phone it is a table, and the map on request', async () => {
    const page = await stand.open(MAP, { size: PHONE })
    await page.locator('.map-table tbody tr').first().waitFor()
    await page.getByRole('radio', { name: 'Map' }).check({ force: true })
    await page.locator('.map-node[role="option"]').first().waitFor()
    await page.context().close()
  })

  test('without services it says so; what fails is named while the rest goes on', async () => {
    const page = await stand.open('/map?from=1577836800000&to=1577840400000')
    await page.getByRole('heading', { name: 'No service has had requests in this time' }).waitFor()
    await page.route('**/api/v1/query?*', (route) =>
      route.request().url().includes('service_graph')
        ? route.fulfill({ status: 503, body: '{"error":"too busy"}' })
        : route.continue(),
    )
    await page.goto(`${stand.server.url}${MAP}`)
    await page.getByText('Calls: too busy').waitFor()
    await expect.poll(() => page.locator('.map-node[role="option"]').count(), SOON).toBe(7)
    await page.unroute('**/api/v1/query?*')
    await page.getByRole('button', { name: 'Retry' }).click()
    await expect.poll(() => page.locator('.map-node[role="option"]').count(), SOON).toBe(10)
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('a map of many services', () => {
  test('begins grouped; apart they are drawn on a canvas, with the same options and table', async () => {
    const page = await openMap(manyPath)
    expect(await page.locator('.map-node[role="option"]').count()).toBe(12)
    await page.getByRole('radio', { name: 'Services' }).check({ force: true })
    await page.locator('.map-host canvas').waitFor()
    expect(await page.locator('.map-host [role="option"]').count()).toBe(MANY)
    await page.locator('.map-host').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.waitForURL('**node=*')
    await page.locator('.map-drawer').waitFor()
    expect(await violations(page)).toEqual([])
    await page.keyboard.press('Shift+T')
    await expect.poll(() => page.locator('.map-table').first().locator('tbody tr').count(), SOON).toBe(MANY)
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('in both themes', () => {
  const screens = (): readonly Screen[] => [
    ['map', `${MAP}&node=checkout&view=map`, '.map-drawer li'],
    ['map-table', `${MAP}&view=table`, '.map-table tbody tr'],
    ['map-many', `${manyPath}&group=none&view=map`, '.map-host canvas'],
  ]
  test('axe finds nothing', { timeout: 180_000 }, () => expectAccessible(stand, screens()))
  test('fits 390 and 1440 px', { timeout: 180_000 }, () => takePictures(stand, screens(), 'contact-sheet-map.png'))
})

test.skipIf(!hasChromium)('no page has complained, but of what was made to fail', () => {
  expect(stand.complaints.filter((one) => !one.includes('503'))).toEqual([])
})
