import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE, hasChromium, type Stand, startStand, violations } from './support/dashboard.ts'
import { sendLines, sendManyLines, sendShopLines } from './support/logs.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'

let stand: Stand

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand()
  await sendShopLines(stand.server)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const LOGS = '/explore/logs?from=now-1h&to=now&live=0'
const PAYMENTS = `${LOGS}&q=${encodeURIComponent('{service_name="payments"}')}`

async function openLogs(path: string): Promise<Page> {
  const page = await stand.open(path)
  await page.locator('.log-row, .log-pattern, .log-fields tbody tr').first().waitFor()
  return page
}

const param = (page: Page, name: string) => new URL(page.url()).searchParams.get(name)
const aside = (page: Page) => page.locator('.log-lines .card-head .aside').first()

describe.skipIf(!hasChromium)('lines', () => {
  test('older ones come with scrolling, to the last; rows on screen alone are elements', async () => {
    const page = await openLogs(LOGS)
    expect(await aside(page).textContent()).toBe('the newest 1,000; older ones come with scrolling')
    await page.locator('.log-list').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await expect.poll(() => aside(page).textContent()).toMatch(/^3,0\d\d lines$/)
    await page.locator('.log-list').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await page.locator('.log-row', { hasText: 'GET /items/2999' }).waitFor()
    expect(await page.locator('.log-row').count()).toBeLessThan(80)
    await page.locator('.log-row .log-text', { hasText: 'GET /items/2999' }).waitFor()
    await page.context().close()
  })

  test('are walked through and read by keys alone', async () => {
    const page = await openLogs(PAYMENTS)
    await page.keyboard.press('j')
    const title = page.locator('.span-drawer h2')
    const first = await title.textContent()
    await page.keyboard.press('j')
    await expect.poll(() => title.textContent()).not.toBe(first)
    await page.keyboard.press('k')
    await expect.poll(() => title.textContent()).toBe(first)
    await page.locator('.log-list').focus()
    await page.keyboard.press('End')
    await expect.poll(() => page.locator('.log-row[aria-selected="true"]').count()).toBe(1)
    await page.keyboard.press('b')
    await page.locator('.log-context li[aria-current="true"]').waitFor()
    await page.keyboard.press('w')
    expect(param(page, 'wrap')).toBe('1')
    await page.keyboard.press('c')
    await page.locator('.columns-menu').getByLabel('zone').check()
    await page.keyboard.press('Escape')
    expect(new URL(page.url()).searchParams.getAll('col')).toEqual(['zone'])
    await page
      .locator('.log-cell', { hasText: /eu-(west|east)/ })
      .first()
      .waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.span-drawer').waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('lines around one are of its instance, unfiltered, more when asked for', async () => {
    const query = encodeURIComponent('{service_name=~".+"} |= "card declined"')
    const page = await openLogs(`${LOGS}&q=${query}`)
    await page.locator('.log-row').nth(9).click()
    await page.getByRole('button', { name: 'Around' }).click()
    const around = page.locator('.log-context li')
    await expect.poll(() => around.count()).toBe(11)
    expect(await around.nth(5).textContent()).toContain('card declined')
    expect(await around.nth(4).textContent()).toContain('retry')
    await page.getByRole('button', { name: '20 before and after' }).click()
    await expect.poll(() => around.count()).toBe(41)
    await page.context().close()
  })

  test('a text is found in lines that are off screen, from one to the next', async () => {
    const page = await openLogs(LOGS)
    await page.getByLabel('Find in the loaded lines').fill('order=807')
    await page.locator('.find-bar output', { hasText: '1' }).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('.log-row[aria-selected="true"] mark', { hasText: 'order=807' }).waitFor()
    await page.getByLabel('Find in the loaded lines').fill('nothing of the kind')
    await page.locator('.find-bar output', { hasText: 'none' }).waitFor()
    await page.context().close()
  })

  test('fields on the left are searched, filter for and out; the details do the same', async () => {
    const page = await openLogs(LOGS)
    await page.locator('.facet-search input').fill('eu-w')
    await page.locator('.log-facets details').first().waitFor()
    expect(await page.locator('.log-facets details').count()).toBe(1)
    await page.getByRole('button', { name: 'No lines with zone = eu-west' }).click()
    await page.waitForURL('**q=*zone!%3D*')
    await page.locator('.log-row').first().click()
    await page.getByRole('button', { name: 'What to do with service_name' }).click()
    await page.getByRole('menuitem', { name: 'Filter out' }).click()
    await page.waitForURL('**q=*service_name!%3D*')
    await page.goBack()
    await expect.poll(() => param(page, 'q')).not.toContain('service_name!=')
    await page.context().close()
  })

  test('a line of JSON is put in order; hostile, endless and right-to-left lines stay text', async () => {
    const page = await openLogs(`${LOGS}&wrap=1`)
    await page.locator('.log-row', { hasText: 'cart.closed' }).click()
    await page.locator('.log-whole').getByText('"event": "cart.closed"').waitFor()
    await page.locator('.log-row', { hasText: HOSTILE }).waitFor()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).toBe('Logs · Vantage')
    expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    await page.context().close()
  })

  test('are saved as text, CSV and JSON', async () => {
    const page = await openLogs(PAYMENTS)
    await page.getByRole('button', { name: 'Share' }).click()
    const saved = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Save the loaded lines as CSV' }).click()
    expect((await saved).suggestedFilename()).toBe('lines.csv')
    await page.context().close()
  })

  test('a pasted link gives the same view', async () => {
    const path = `${PAYMENTS}&wrap=1&col=zone&col=user_id&find=retry`
    const page = await openLogs(path)
    expect(await page.locator('.log-list').getAttribute('data-wrap')).toBe('true')
    expect(await page.getByLabel('Find in the loaded lines').inputValue()).toBe('retry')
    await page.locator('.log-row mark').first().waitFor()
    expect(page.url().endsWith(path)).toBe(true)
    await page.context().close()
  })

  test('a query with a mistake says so and keeps the lines; no match offers a way out', async () => {
    const page = await openLogs(LOGS)
    await page.getByLabel('LogQL query').fill('{service_name=')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    expect(await page.locator('.log-row').count()).toBeGreaterThan(5)
    await page.getByLabel('LogQL query').fill('{service_name="nobody"}')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Show all lines' }).click()
    await page.locator('.log-row').first().waitFor()
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('live', () => {
  const say = (body: string) =>
    sendLines(stand.server, [{ service: 'speaker', timeNs: BigInt(Date.now()) * 1_000_000n, body }])

  test('new lines appear on top; reading one pauses, Resume goes on', async () => {
    await say('the first word')
    const page = await openLogs(`/explore/logs?q=${encodeURIComponent('{service_name="speaker"}')}&from=now-15m&to=now`)
    await say('a second word')
    const top = page.locator('.log-row').first()
    await expect.poll(() => top.textContent(), { timeout: 10_000 }).toContain('a second word')
    await top.click()
    await say('a third word')
    await page.getByText('Paused · 1 new line', { exact: true }).waitFor()
    await page.locator('.span-drawer').getByText('a second word').first().waitFor()
    expect(await page.locator('.log-row', { hasText: 'a third word' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.locator('.log-row', { hasText: 'a third word' }).waitFor()
    await page.locator('.span-drawer').waitFor({ state: 'detached' })
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('what lines have in common', () => {
  test('patterns: counts, new ones, the values where they vary, and the way to their lines', async () => {
    const page = await openLogs(`${PAYMENTS}&tab=patterns`)
    const retry = page.locator('.log-pattern', { hasText: 'retry' })
    expect(await retry.textContent()).toMatch(/warn.*new300/)
    await retry.getByRole('button').first().click()
    await retry.locator('.log-pattern-values li').first().waitFor()
    await retry.getByRole('button', { name: 'Lines of this pattern' }).click()
    await page.waitForURL('**q=*%7C%3E*')
    await expect.poll(() => aside(page).textContent()).toBe('300 lines')
    await page.context().close()
  })

  test('fields: what was sent, what a parser would read, and columns of them', async () => {
    const page = await openLogs(`${LOGS}&q=${encodeURIComponent('{service_name="cart"} |= "cart.closed"')}&tab=fields`)
    const row = (name: string) =>
      page.locator('.log-fields tbody tr', { has: page.getByRole('rowheader', { name, exact: true }) })
    expect(await row('severity_text').textContent()).toContain('sent with the line')
    expect(await row('items').textContent()).toMatch(/int1the line, by json/)
    await row('items').getByRole('button', { name: 'Read it with | json' }).click()
    await page.locator('.log-cell', { hasText: '3' }).waitFor()
    expect(param(page, 'q')).toBe('{service_name="cart"} |= "cart.closed" | json')
    await page.context().close()
  })
})

const SCREENS: readonly Screen[] = [
  ['logs', `${LOGS}&col=zone`, '.log-row'],
  ['logs-plain', LOGS, '.log-row .log-text'],
  ['logs-wrapped', `${LOGS}&wrap=1&col=zone&find=order`, '.log-row mark'],
  ['logs-patterns', `${LOGS}&tab=patterns`, '.log-pattern'],
  ['logs-fields', `${LOGS}&tab=fields`, '.log-fields tbody tr'],
]

describe.skipIf(!hasChromium)('every screen of logs', () => {
  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, SCREENS))

  for (const theme of ['dark', 'light'] as const) {
    test(`axe finds nothing in the details and menus, ${theme}`, async () => {
      const page = await stand.open(`${PAYMENTS}&around=1`, { theme })
      await page.locator('.log-row').nth(2).click()
      await page.locator('.log-context li').first().waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press('c')
      await page.locator('.columns-menu').waitFor()
      expect(await violations(page, '.columns-menu')).toEqual([])
      await page.context().close()
    })
  }

  test('fits 390 and 1440 px; one sheet shows them all', { timeout: 240_000 }, async () => {
    await takePictures(stand, SCREENS, 'contact-sheet-logs.png')
  })
})

describe.skipIf(!hasChromium)('200,000 lines', () => {
  test('are loaded page by page and scrolled through', { timeout: 240_000 }, async () => {
    await sendManyLines(stand.server, 200_500)
    const page = await openLogs(`${LOGS}&q=${encodeURIComponent('{service_name="flood"}')}`)
    const text = 'the newest 200,000; a narrower query or time shows others'
    for (let i = 0; i < 400 && (await aside(page).textContent()) !== text; i++) {
      await page.locator('.log-list').evaluate((box) => box.scrollTo(0, box.scrollHeight))
      await page.waitForTimeout(120)
    }
    expect(await aside(page).textContent()).toBe(text)
    const framesPerSecond = await page.evaluate<number>(SCROLL)
    console.log(`200,000 lines: ${framesPerSecond.toFixed(1)} frames/s while scrolling`)
    expect(await page.locator('.log-row').count()).toBeLessThan(80)
    await page.context().close()
  })
})

/** Scrolls up for two seconds, a few rows with every frame. @returns frames a second */
const SCROLL = `new Promise((resolve) => {
  const box = document.querySelector('.log-list')
  const start = performance.now()
  let frames = 0
  const step = (now) => {
    box.scrollTop -= 173
    frames++
    if (now - start < 2000) requestAnimationFrame(step)
    else resolve((frames * 1000) / (now - start))
  }
  requestAnimationFrame(step)
})`

describe.skipIf(!hasChromium)('afterwards', () => {
  test('no page has complained', () => {
    expect(stand.complaints.filter((one) => !one.includes('400 (Bad Request)'))).toEqual([])
  })
})
