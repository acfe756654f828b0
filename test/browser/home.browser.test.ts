import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, type Stand, sendTrace, startStand, TRACE_ID } from './support/dashboard.ts'
import { FAULT_AGO_MS, sendHistory } from './support/history.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'

let stand: Stand

beforeAll(async () => {
  if (hasChromium) stand = await startStand()
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const HOME = '/?from=now-1h&to=now'
const FINDING = /^9(\.\d+)?\s% of requests to payments fail since \d\d:\d\d$/

/** A page that counts the clicks of a person who has only the page. */
async function startAtHome() {
  const page = await stand.open(HOME)
  await page.locator('.finding').first().waitFor()
  const walk = {
    page,
    clicks: 0,
    async click(name: string | RegExp, within = 'body') {
      const options = { name, exact: typeof name === 'string' }
      const part = page.locator(within)
      await part.getByRole('link', options).or(part.getByRole('button', options)).first().click()
      walk.clicks++
    },
  }
  return walk
}

describe.skipIf(!hasChromium)('a new workspace', () => {
  const empty: readonly Screen[] = [['home-new', '/', '.home-setup li']]

  test('says what to send, in both themes and sizes, and leads there by keyboard', { timeout: 120_000 }, async () => {
    const page = await stand.open('/')
    await page.getByRole('heading', { name: 'Welcome to Vantage' }).waitFor()
    expect(await page.locator('.home-setup li[data-done="false"]').count()).toBe(4)
    await page.getByRole('link', { name: 'Send traces' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/setup*')
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.getByRole('heading', { name: 'Welcome to Vantage' }).waitFor()
    await page.context().close()
    await expectAccessible(stand, empty)
    await takePictures(stand, empty, 'contact-sheet-home-new.png')
  })
})

describe.skipIf(!hasChromium)('home', () => {
  beforeAll(async () => {
    if (!hasChromium) return
    await sendHistory(stand.server, Date.now())
    await sendTrace(stand.server)
  })

  test('without a rule for alerts it names the service that is worse, since when, and the deploy before', async () => {
    const page = await stand.open(HOME)
    const finding = page.locator('.finding').first()
    await finding.getByRole('link', { name: FINDING }).waitFor()
    const text = (await finding.textContent()) ?? ''
    expect(text).toContain('0.2\u202f% before')
    expect(text).toMatch(/Starts (with|\d+ s after) the deploy: payments 2\.41\.0/)
    const since = /since (\d\d):(\d\d)/.exec(text) as RegExpExecArray
    const saidMinutes = Number(since[1]) * 60 + Number(since[2])
    const trueMinutes = Math.floor(((Date.now() - FAULT_AGO_MS) % 86_400_000) / 60_000)
    expect(Math.abs(saidMinutes - trueMinutes)).toBeLessThanOrEqual(2)
    expect(await page.locator('.finding').count()).toBe(2)
    await page.getByText('How findings are made').click()
    await page.getByText('Each service is compared with the time before, just as long').waitFor()
    await page.locator('.service-changes').getByText('payments 2.41.0').waitFor()
    await page.context().close()
  })

  test('the finding opens its service from a little before its start, and Back leads home', async () => {
    const page = await stand.open(HOME)
    await page.locator('.finding').first().getByRole('link', { name: FINDING }).click()
    await page.waitForURL('**/services/payments?*')
    const params = new URL(page.url()).searchParams
    const spanMs = Number(params.get('to')) - Number(params.get('from'))
    expect(spanMs).toBeGreaterThan(FAULT_AGO_MS)
    expect(spanMs).toBeLessThan(2 * FAULT_AGO_MS)
    await page.getByText('Failing').first().waitFor()
    // The page says the same, beside figures with their lines, and leads to the comparison.
    const strip = page.locator('.finding')
    await strip.getByText(/of requests to payments fail since/).waitFor()
    await expect
      .poll(() => page.locator('.service-figures .service-trend path:not(.spark-area)[d^="M"]').count(), SOON)
      .toBe(5)
    expect(await page.getByLabel('Breadcrumb').textContent()).toBe('Servicespayments')
    await strip.getByRole('link', { name: 'Before and after' }).click()
    await page.waitForURL('**/services/payments/deploys?*')
    await page.goBack()
    await strip.waitFor()
    await page.goBack()
    await page.locator('.finding').first().waitFor()
    expect(new URL(page.url()).searchParams.get('from')).toBe('now-1h')
    await page.context().close()
  })

  test('a star puts a service on top and is there after a reload; what was looked at is remembered', async () => {
    const page = await stand.open(HOME)
    const firstName = page.locator('.home-services tbody th').first()
    await firstName.waitFor()
    expect(await firstName.textContent()).not.toBe('shipping')
    await page.getByRole('button', { name: 'Star shipping' }).click()
    await expect.poll(() => firstName.textContent(), SOON).toBe('shipping')
    await firstName.getByRole('link').click()
    await page.getByRole('button', { name: 'Star shipping', pressed: true }).waitFor()
    await page.waitForTimeout(2_000)
    await page.goto(`${stand.server.url}${HOME}`)
    await expect.poll(() => firstName.textContent(), SOON).toBe('shipping')
    await page.locator('.home-views').getByRole('link', { name: 'shipping' }).click()
    await page.waitForURL('**/services/shipping?*')
    await page.context().close()
  })

  test('all of it works by keyboard', async () => {
    const page = await stand.open('/live')
    await page.getByRole('heading', { name: 'Live' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('h')
    await page.locator('.finding').first().waitFor()
    await page.keyboard.press('Tab')
    for (let i = 0; i < 40 && !(await focusIsOn(page, '.finding-headline')); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/services/*')
    await page.context().close()
  })

  test('a time without requests says so and offers a wider one', async () => {
    const page = await stand.open('/?from=1577836800000&to=1577840400000')
    await page.getByRole('heading', { name: 'No service has had requests in this time' }).waitFor()
    expect(await page.locator('.finding').count()).toBe(0)
    await page.getByRole('button', { name: 'Look at the last 24 hours' }).click()
    await page.waitForURL('**from=now-24h*')
    await page.locator('.home-services tbody tr').first().waitFor()
    await page.context().close()
  })

  test('what fails is named while the rest goes on, and Retry asks again', async () => {
    const page = await stand.open('/setup')
    await page.route('**/api/v1/query_range?*', (route) => route.fulfill({ status: 503, body: '{"error":"too busy"}' }))
    // A time that stands still: nothing but Retry asks again.
    const nowMs = Date.now()
    await page.goto(`${stand.server.url}/?from=${nowMs - 3_600_000}&to=${nowMs}`)
    await page.getByText('Starts of findings: too busy').waitFor()
    // Without lines nobody knows since when; what is worse is known.
    const headline = page.locator('.finding-headline', { hasText: 'payments' })
    await headline.waitFor()
    expect(await headline.textContent()).not.toContain('since')
    await page.unroute('**/api/v1/query_range?*')
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('link', { name: FINDING }).waitFor({ timeout: 30_000 })
    await page.context().close()
  })

  test('a server that does not answer is said in words', async () => {
    const page = await stand.open('/setup')
    await page.route('**/api/**', (route) => route.abort())
    await page.goto(`${stand.server.url}${HOME}`)
    await page.getByText(/Figures: no answer from the server/).waitFor()
    await page.context().close()
  })

  const screens: readonly Screen[] = [['home', HOME, '.finding']]
  test('axe finds nothing', { timeout: 120_000 }, () => expectAccessible(stand, screens))
  test('fits 390 and 1440 px', { timeout: 120_000 }, () => takePictures(stand, screens, 'contact-sheet-home.png'))
})

describe.skipIf(!hasChromium)('five tasks, counted in clicks from Home', () => {
  test('find the slow service: at most 2', async () => {
    const walk = await startAtHome()
    await walk.click(FINDING)
    await walk.page.getByRole('heading', { name: 'payments' }).waitFor()
    expect(walk.clicks).toBeLessThanOrEqual(2)
    await walk.page.context().close()
  })

  test('open its slowest trace: at most 3', async () => {
    const walk = await startAtHome()
    await walk.click('payments', '.home-services tbody')
    await walk.click('payments request', '.service')
    await walk.page.waitForURL('**sort=slowest*')
    await walk.page.context().close()
    const other = await startAtHome()
    await other.click('Failed traces', '.finding >> nth=0')
    await other.click(/GET \/checkout/)
    await other.page.waitForURL(`**/trace/${TRACE_ID}*`)
    expect(other.clicks).toBeLessThanOrEqual(3)
    await other.page.context().close()
  })

  test('read the failing line: at most 3', async () => {
    const walk = await startAtHome()
    await walk.click('Failed traces', '.finding >> nth=0')
    await walk.click(/GET \/checkout/)
    // The third row of the waterfall.
    await walk.page.locator('.waterfall-scroll canvas').click({ position: { x: 200, y: 26 + 26 * 2 + 13 } })
    walk.clicks++
    await walk.page.getByText('the card was declined').first().waitFor()
    expect(walk.clicks).toBeLessThanOrEqual(3)
    await walk.page.context().close()
  })

  test('see what changed before it: at most 2', async () => {
    const walk = await startAtHome()
    await walk.page.locator('.finding').first().getByText('payments 2.41.0').waitFor()
    await walk.click(FINDING)
    await walk.page.locator('.service-changes').getByText('payments 2.41.0').waitFor()
    expect(walk.clicks).toBeLessThanOrEqual(2)
    await walk.page.context().close()
  })

  test('share the exact view: at most 2', async () => {
    const walk = await startAtHome()
    await walk.click('Share')
    await walk.page.getByRole('menuitem', { name: 'Copy link to these minutes' }).click()
    walk.clicks++
    await walk.page.getByText('Link to these minutes copied').waitFor()
    const link = await walk.page.evaluate<string>('navigator.clipboard.readText()')
    expect(link).toMatch(/\/\?from=\d{13}&to=\d{13}&live=0$/)
    expect(walk.clicks).toBeLessThanOrEqual(2)
    await walk.page.context().close()
  })
})

test.skipIf(!hasChromium)('no page has complained, but of what was made to fail', () => {
  expect(stand.complaints.filter((one) => !/503|ERR_FAILED/.test(one))).toEqual([])
})

async function focusIsOn(page: Page, selector: string): Promise<boolean> {
  return page.evaluate<boolean>(`document.activeElement?.matches('${selector}') === true`)
}
