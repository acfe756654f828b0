import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE, hasChromium, type Stand, startStand } from './support/dashboard.ts'
import { sendExceptions } from './support/exceptions.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'

let stand: Stand

beforeAll(async () => {
  if (hasChromium) stand = await startStand()
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const LIST = '/exceptions?from=now-15m&to=now&live=0'
let declined = ''

describe.skipIf(!hasChromium)('exceptions', () => {
  test('before any was thrown, the page says so and where they come from', async () => {
    const page = await stand.open(LIST)
    await page.getByRole('heading', { name: 'Nothing was thrown' }).waitFor()
    await page.getByRole('link', { name: 'Send traces' }).waitFor()
    await page.context().close()
    await sendExceptions(stand.server)
  })

  test('alike ones are one row; a row has stack, traces and records, and leads to the span', async () => {
    const page = await stand.open(LIST)
    const rows = page.locator('.exception-list tbody tr')
    await rows.nth(3).waitFor()
    expect(await rows.count()).toBe(4)
    const row = rows.filter({ hasText: 'CardDeclined' })
    expect(await row.textContent()).toMatch(/order 4000 was declined.*payments.*12/)
    await row.getByRole('link').click()
    await page.waitForURL('**/exceptions/*')
    declined = new URL(page.url()).pathname
    await page.getByText('at charge (charge.ts:12:7)').waitFor()
    await page.locator('.exception-traces li').nth(11).waitFor()
    await page.getByRole('link', { name: 'Open the trace' }).click()
    await page.waitForURL('**/trace/*?*span=*')
    await page.locator('.span-drawer').getByText('CardDeclined').first().waitFor()
    await page.goBack()
    await page.waitForURL(`**${declined}?*`)
    await page.context().close()
  })

  test('found by keys alone, ordered, with all of it in the URL', async () => {
    const page = await stand.open('/setup')
    await page.getByRole('heading', { name: 'Get data in' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('x')
    await page.waitForURL('**/exceptions')
    await page.locator('.exception-list tbody tr').nth(3).waitFor()
    expect(await page.locator('.rail .nav-link[aria-current]').allTextContents()).toEqual(['Exceptions'])
    await page.getByLabel('Find exceptions').fill('timeout stock')
    await expect.poll(() => page.locator('.exception-list tbody tr').count()).toBe(1)
    expect(await page.locator('.exception-services').textContent()).toMatch(/stock, cart|cart, stock/)
    await page.getByLabel('Find exceptions').fill('nothing like it')
    await page.getByRole('button', { name: 'Drop it' }).click()
    await page.getByRole('radio', { name: 'Most' }).check({ force: true })
    await page.waitForURL('**sort=count*')
    const first = page.locator('.exception-list tbody tr').first()
    await expect.poll(() => first.textContent()).toContain('CardDeclined')
    await page.context().close()
  })

  test('one that a log record alone tells has its line; one that was not thrown says so', async () => {
    const page = await stand.open(LIST)
    await page.locator('.exception-list').getByRole('link', { name: 'MailboxFull' }).click()
    await page.getByText('could not send the mail').waitFor()
    await page.getByText('0 of spans, 1 of log records alone').waitFor()
    await page.context().close()
    const other = await stand.open('/exceptions/0123456789abcdef?from=now-15m&to=now')
    await other.getByRole('heading', { name: 'Not thrown in this time' }).waitFor()
    await other.context().close()
  })

  test('an answer that fails is named, with a way to try again', async () => {
    const page = await stand.open('/setup')
    await page.route('**/api/vantage/v1/exceptions*', (route) => route.fulfill({ status: 503, body: '{}' }))
    // Keys count from the first drawing on.
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('x')
    await page.getByRole('alert').getByText('Exceptions cannot be shown').waitFor()
    await page.unroute('**/api/vantage/v1/exceptions*')
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.locator('.exception-list tbody tr').first().waitFor()
    await page.context().close()
  })

  test('hostile words stay text', async () => {
    const page = await stand.open(LIST)
    await page.locator('.exception-list').getByText(HOSTILE, { exact: true }).first().waitFor()
    expect([await page.title(), await page.locator('img').count()]).toEqual(['Exceptions · Vantage', 0])
    await page.context().close()
  })
})

const screens = (): readonly Screen[] => [
  ['exceptions', LIST, '.exception-list tbody tr'],
  ['exception', `${declined}?from=now-15m&to=now&live=0`, '.exception-traces li'],
]

describe.skipIf(!hasChromium)('every screen of exceptions', () => {
  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, screens()))

  test('fits 390 and 1440 px; one sheet shows them all', { timeout: 240_000 }, async () => {
    await takePictures(stand, screens(), 'contact-sheet-exceptions.png')
  })

  test('no page has complained', () => {
    expect(stand.complaints.filter((one) => !one.includes('503 (Service Unavailable)'))).toEqual([])
  })
})
