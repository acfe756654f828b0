import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testSet } from '../../packages/model/src/testing/index.ts'
import { HOSTILE, hasChromium, type Stand, sendShop, sendTrace, startStand, violations } from './support/dashboard.ts'
import { sendLines, sendManyLines, sendShopLines } from './support/logs.ts'
import { expectAccessible, MENU_THEMES, type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'

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
    // From a line to the metrics of what wrote it, and back.
    const here = page.url()
    await page.keyboard.press('i')
    await page.waitForURL('**/services/payments/metrics?*')
    expect(Number(param(page, 'to')) - Number(param(page, 'from'))).toBe(1_800_000)
    await page.goBack()
    await expect.poll(() => page.url()).toBe(here)
    await page.locator('.span-drawer').getByRole('link', { name: 'Metrics' }).waitFor()
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

  test('a line of 10 MB is a line among others: cut in the list and in its details, which say so', async () => {
    const atNs = BigInt(Date.now()) * 1_000_000n
    await sendLines(stand.server, [
      { service: 'large', timeNs: atNs - 2n, body: 'before it' },
      { service: 'large', timeNs: atNs - 1n, body: 'ten bytes '.repeat(1_000_000) },
      { service: 'large', timeNs: atNs, body: 'after it' },
    ])
    const page = await openLogs(`/explore/logs?q=${encodeURIComponent('{service_name="large"}')}&from=now-15m&to=now`)
    await page.locator('.log-row').nth(2).waitFor()
    expect((await page.locator('.log-row').nth(1).textContent())?.length).toBeLessThan(10_000)
    await page.locator('.log-row').nth(1).click()
    await page.getByText(/^The first 100,000 of \d{3},\d{3} characters/).waitFor()
    expect(((await page.locator('.log-whole').textContent()) ?? '').length).toBe(100_000)
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
    // It says which filter removes them all, and drops it.
    await page.getByLabel('LogQL query').fill('{service_name="payments"} |= "order" | zone="nowhere"')
    await page.keyboard.press('Enter')
    await page.getByText(/Without zone="nowhere" there are \d+ lines\./).waitFor()
    expect(await violations(page, '.empty')).toEqual([])
    await page.getByRole('button', { name: 'Drop it' }).click()
    await expect.poll(() => param(page, 'q'), SOON).toBe('{service_name="payments"} |= "order"')
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

  test('those that are new stand on the page of their service, and lead to their lines', async () => {
    const page = await stand.open('/services/payments?from=now-15m&to=now')
    const card = page.locator('.service-patterns')
    await card.locator('li').first().waitFor()
    expect(await card.locator('.badge').first().textContent()).toBe('error')
    expect(await card.locator('.service-pattern-change').first().textContent()).toBe('new')
    expect(await violations(page, '.service-patterns')).toEqual([])
    await card.locator('li').first().getByRole('link').click()
    await page.waitForURL('**/explore/logs?*')
    expect(param(page, 'q')).toMatch(/^\{service_name="payments"\} \|> "/)
    await page.locator('.log-row').first().waitFor()
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

describe.skipIf(!hasChromium)('lines as a table', () => {
  test('has the chosen columns, sorts by one of them, opens a line, and is in the URL', async () => {
    const page = await stand.open(`${PAYMENTS}&tab=table&col=user_id&col=zone`)
    const cell = (column: number) => page.locator(`.log-table tbody tr[data-open] td:nth-child(${column})`).first()
    await cell(2).waitFor()
    const sort = page.getByRole('button', { name: 'user_id', exact: true })
    await sort.click()
    await expect.poll(() => cell(2).textContent(), SOON).toBe('0')
    await sort.click()
    await expect.poll(() => cell(2).textContent(), SOON).toBe('36')
    expect(param(page, 'sort')).toBe('-user_id')
    await page.locator('.log-table').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await expect.poll(() => cell(2).textContent(), SOON).not.toBe('36')
    expect(await page.locator('.log-table tbody tr[data-open]').count()).toBeLessThan(80)
    await page.locator('.log-table tbody button').last().click()
    await page.locator('.span-drawer').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.span-drawer').waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('fields of numbers are ranges; f and Shift f filter by the value in focus', async () => {
    const page = await openLogs(PAYMENTS)
    const bar = page.getByRole('button', { name: /^user_id from 10 to 15: \d+ lines$/ })
    await bar.click()
    await expect.poll(() => param(page, 'q'), SOON).toBe('{service_name="payments"} | user_id >= 10 | user_id < 15')
    await page.locator('.facet-value', { hasText: 'warn' }).first().focus()
    await page.keyboard.press('Shift+F')
    await expect.poll(() => param(page, 'q'), SOON).toContain('| user_id < 15 | detected_level!="warn"')
    await page.goBack()
    await page.locator('.facet-value', { hasText: 'warn' }).first().focus()
    await page.keyboard.press('f')
    await expect.poll(() => param(page, 'q'), SOON).toContain('| detected_level="warn"')
    await page.context().close()
  })
})

const METRICS = '/explore/metrics?from=now-15m&to=now&live=0'
const SHARE =
  'sum by (route) (rate(http_requests_total{route="/pay"}[5m])) / on (route) group_left sum by (route) (rate(http_requests_total[5m])) * 100 > 20'
const BY_ROUTE = encodeURIComponent('sum by (route) (rate(http_requests_total{service_name="shop"}[1m]))')
const SPLIT =
  `/explore/split?from=now-15m&to=now&live=0&left=logs&left.q=${encodeURIComponent('{service_name="payments"}')}` +
  `&right=metrics&right.a=${BY_ROUTE}`
const builder = (page: Page) => page.locator('.builder')
const chip = (page: Page, name: string) => page.getByRole('group', { name, exact: true })

describe.skipIf(!hasChromium)('builder and code are the same query', () => {
  beforeAll(async () => {
    if (!hasChromium) return
    await sendShop(stand.server)
    await sendTrace(stand.server)
  })

  test('of metrics: a field changes the text and runs it; what cannot be shown stays and says why', async () => {
    const page = await stand.open(`${METRICS}&a=${BY_ROUTE}`)
    await page.getByText('Builder', { exact: true }).click()
    await chip(page, 'filter service_name').waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.keyboard.insertText('route')
    await page.keyboard.press('Tab')
    await chip(page, 'filter route').getByLabel('Value of route').fill('/pay')
    await page.keyboard.press('Enter')
    const filtered = 'sum by (route) (rate(http_requests_total{service_name="shop", route="/pay"}[1m]))'
    await expect.poll(() => param(page, 'a'), SOON).toBe(filtered)
    await expect.poll(() => page.locator('.legend tbody tr').count(), SOON).toBe(1)
    await builder(page).getByLabel('Operation', { exact: true }).selectOption({ label: '×' })
    await chip(page, 'operation * 1').getByLabel('Number').fill('60')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'a'), SOON).toBe(`${filtered} * 60`)
    await page.goBack()
    await expect.poll(() => param(page, 'a'), SOON).toBe(`${filtered} * 1`)
    await page.getByText('Code', { exact: true }).click()
    const code = page.locator('[data-editor] .cm-content')
    await expect.poll(() => code.textContent(), SOON).toBe(`${filtered} * 1`)
    const signed = '# why\n-http_requests_total{route="/pay"} # one route'
    await page.goto(`${stand.server.url}${METRICS}&edit=builder&a=${encodeURIComponent(signed)}`)
    await expect
      .poll(() => page.getByLabel('Comments').getByRole('listitem').allTextContents())
      .toEqual(['# why', '# one route'])
    await chip(page, 'sign -').getByRole('button').click()
    await expect.poll(() => param(page, 'a'), SOON).toBe('# why\nhttp_requests_total{route="/pay"} # one route')
    const odd = 'http_requests_total{a="b" or c="d"}'
    await page.goto(`${stand.server.url}${METRICS}&edit=builder&a=${encodeURIComponent(odd)}`)
    await page.getByText('The builder cannot show this query: it has alternatives in its braces.').waitFor()
    expect(await builder(page).locator('pre').textContent()).toBe(odd)
    await page.context().close()
  })

  test('of two queries of metrics: each has its fields; a subquery, too', async () => {
    const errors = 'sum by (route) (rate(http_requests_total{route="/pay"}[1m]))'
    const page = await stand.open(`${METRICS}&edit=builder&a=${encodeURIComponent(errors)}`)
    await builder(page).getByLabel('Operation', { exact: true }).selectOption({ label: '÷ query' })
    // What is not chosen yet is no part of the text.
    const other = chip(page, 'The query behind /')
    expect(param(page, 'a')).toBe(errors)
    await other.getByLabel('Metric').fill('http_requests_total')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'a'), SOON).toBe(`${errors} / http_requests_total`)
    await other.getByLabel('Operation', { exact: true }).selectOption({ label: 'rate' })
    await other.getByLabel('Operation', { exact: true }).selectOption({ label: 'sum' })
    await page.getByLabel('Series belong together').selectOption('on')
    await page.getByLabel('Labels of on').fill('route')
    await page.keyboard.press('Enter')
    await page.getByLabel('How many belong together').selectOption('many to one')
    await other.getByLabel('Labels that sum groups by').fill('route')
    await page.keyboard.press('Enter')
    const whole = `${errors} / on (route) group_left sum by (route) (rate(http_requests_total[5m]))`
    await expect.poll(() => param(page, 'a'), SOON).toBe(whole)
    await page.locator('.legend tbody tr').first().waitFor()
    expect(await violations(page, '.builder')).toEqual([])
    await builder(page)
      .getByLabel('Operation', { exact: true })
      .last()
      .selectOption({ label: 'max_over_time of a subquery' })
    await expect.poll(() => param(page, 'a'), SOON).toBe(`max_over_time((${whole})[1h:1m])`)
    await page.getByLabel('Step of the subquery').fill('')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'a'), SOON).toBe(`max_over_time((${whole})[1h:])`)
    await page.getByRole('button', { name: 'Remove subquery' }).click()
    await expect.poll(() => param(page, 'a'), SOON).toBe(whole)
    await page.getByRole('button', { name: 'Remove operation / another query' }).click()
    await expect.poll(() => param(page, 'a'), SOON).toBe(errors)
    await page.context().close()
  })

  test('of lines and of traces: parts without fields stay as they are written', async () => {
    const query = '{service_name="payments"} |= "order" | line_format `{{.zone}}`'
    const page = await openLogs(`${LOGS}&edit=builder&q=${encodeURIComponent(query)}`)
    await chip(page, 'stage |=').getByLabel('Text', { exact: true }).fill('retry')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'q'), SOON).toBe(query.replace('order', 'retry'))
    await builder(page).getByLabel('Stage', { exact: true }).selectOption({ label: 'filter by a field' })
    await page.keyboard.insertText('zone')
    await page.keyboard.press('Tab')
    await page.getByLabel('Value of zone').fill('eu-west')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'q'), SOON).toBe(`${query.replace('order', 'retry')} | zone="eu-west"`)

    const traces = '{ status = error } | count() > 0'
    await page.goto(
      `${stand.server.url}/explore/traces?from=now-15m&to=now&live=0&edit=builder&q=${encodeURIComponent(traces)}`,
    )
    await chip(page, 'the part count() > 0').waitFor()
    await page.getByRole('button', { name: 'Condition', exact: true }).click()
    await page.keyboard.insertText('name')
    await page.keyboard.press('Tab')
    await page.getByLabel('Value of name').fill('POST /charge')
    await page.keyboard.press('Enter')
    await expect.poll(() => param(page, 'q'), SOON).toBe('{ status = error && name = "POST /charge" } | count() > 0')
    await page.context().close()
  })

  test('queries that ran are found again, those with a star first', async () => {
    const page = await openLogs(LOGS)
    const field = page.getByLabel('LogQL query')
    for (const text of ['{service_name="cart"}', '{service_name="payments"} |= "retry"']) {
      await field.fill(text)
      await page.keyboard.press('Enter')
      await expect.poll(() => param(page, 'q'), SOON).toBe(text)
    }
    await page.getByRole('button', { name: 'History' }).click()
    await page.getByRole('button', { name: 'Star {service_name="cart"}' }).click()
    const first = page.locator('.history-list li').first()
    await expect.poll(() => first.textContent(), SOON).toContain('{service_name="cart"}')
    expect(await violations(page, '.history')).toEqual([])
    await page.getByLabel('Search history').fill('CART')
    await first.locator('.menu-item').click()
    await expect.poll(() => param(page, 'q'), SOON).toBe('{service_name="cart"}')
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('a split screen', () => {
  beforeAll(async () => {
    if (hasChromium) await sendShop(stand.server)
  })
  const half = (page: Page, name: 'Left' | 'Right') => page.getByRole('region', { name: `${name} half` })

  test('holds two queries over one time: each half has its state in the URL, its keys, and Back', async () => {
    const page = await stand.open(`${METRICS}&a=${BY_ROUTE}`)
    await page.locator('.legend tbody tr').nth(2).waitFor()
    await page.getByRole('link', { name: 'Split' }).click()
    await page.waitForURL('**/explore/split?*')
    await half(page, 'Right').locator('.legend tbody tr').nth(2).waitFor()
    await half(page, 'Left').getByText('Logs', { exact: true }).click()
    await half(page, 'Left').locator('.log-row').nth(3).waitFor()
    expect(param(page, 'right.a')).toContain('rate(http_requests_total')
    await half(page, 'Left').locator('.log-row').first().click()
    await half(page, 'Left').locator('.span-drawer').waitFor()
    const line = param(page, 'left.line')
    await page.keyboard.press('j')
    await expect.poll(() => param(page, 'left.line'), SOON).not.toBe(line)
    await page.keyboard.press('/')
    const focused = `[document.activeElement.closest('.pane')?.getAttribute('aria-label'), document.activeElement.tagName]`
    await expect.poll(() => page.evaluate<string[]>(focused), SOON).toEqual(['Left half', 'INPUT'])
    await half(page, 'Right').locator('.chart-host').focus()
    await page.keyboard.press('Shift+T')
    await half(page, 'Right').locator('.chart-table').waitFor()
    await half(page, 'Right').getByText('Stacked', { exact: true }).click()
    expect(param(page, 'right.mode')).toBe('stacked')
    const other = await stand.open(new URL(page.url()).pathname + new URL(page.url()).search)
    await half(other, 'Left').locator('.span-drawer').waitFor()
    expect(await half(other, 'Right').getByRole('radio', { name: 'Stacked', exact: true }).isChecked()).toBe(true)
    await other.context().close()
    await page.goBack()
    expect(await half(page, 'Right').getByRole('radio', { name: 'Line', exact: true }).isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Close the left half' }).click()
    await page.waitForURL('**/explore/metrics?*')
    expect(param(page, 'a')).toContain('rate(http_requests_total')
    await page.context().close()
  })

  test('a zoom in one half is the time of both', async () => {
    const page = await stand.open(SPLIT)
    await half(page, 'Left').locator('.log-row').nth(3).waitFor()
    const loaded = half(page, 'Left').locator('.log-lines .card-head .aside').first()
    const before = (await loaded.textContent()) ?? ''
    const box = await half(page, 'Right').locator('.chart-host .u-over').boundingBox()
    if (box === null) throw new Error('the chart has no place')
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => param(page, 'from'), SOON).toMatch(/^\d{13}$/)
    await expect.poll(() => loaded.textContent(), SOON).not.toBe(before)
    await page.keyboard.press('z')
    await expect.poll(() => param(page, 'from'), SOON).toBe('now-15m')
    await page.context().close()
  })

  test('one half looks at an earlier time, through zooms, links and Back', async () => {
    const query = encodeURIComponent('sum(http_requests_total)')
    const endMs = Math.floor(Date.now() / 1000) * 1000
    const time = `from=${endMs - 120_000}&to=${endMs}`
    const page = await stand.open(`/explore/split?${time}&left=metrics&right=metrics&left.a=${query}&right.a=${query}`)
    const startOf = async (name: 'Left' | 'Right') => {
      await half(page, name).locator('.legend tbody tr').first().waitFor()
      const label = await half(page, name).locator('.chart-host').getAttribute('aria-label')
      return Date.parse(`${/(\S+ \S+) to /.exec(label ?? '')?.[1]}Z`)
    }
    const shift = page.getByLabel('Time of the right half')
    await shift.selectOption('5 minutes earlier')
    expect(param(page, 'right.shift')).toBe('5m')
    await shift.selectOption('')
    await expect.poll(async () => (await startOf('Left')) - (await startOf('Right')), SOON).toBe(0)
    await page.goBack()
    await expect.poll(() => shift.inputValue()).toBe('5m')
    const other = new URL(page.url())
    other.searchParams.set('right.shift', '2m')
    await page.goto(other.href)
    await shift.getByText('2m earlier').waitFor({ state: 'attached' })
    await expect.poll(async () => (await startOf('Left')) - (await startOf('Right')), SOON).toBe(120_000)
    const box = await half(page, 'Right').locator('.chart-host .u-over').boundingBox()
    if (box === null) throw new Error('the chart has no place')
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => Math.abs(Number(param(page, 'from')) - (endMs - 90_000)), SOON).toBeLessThan(5_000)
    await expect.poll(async () => (await startOf('Left')) - (await startOf('Right')), SOON).toBe(120_000)
    await page.context().close()
  })
})

const SCREENS: readonly Screen[] = [
  ['logs', `${LOGS}&col=zone`, '.log-row'],
  ['logs-plain', LOGS, '.log-row .log-text'],
  ['logs-wrapped', `${LOGS}&wrap=1&col=zone&find=order`, '.log-row mark'],
  ['logs-patterns', `${LOGS}&tab=patterns`, '.log-pattern'],
  ['logs-fields', `${LOGS}&tab=fields`, '.log-fields tbody tr'],
  ['logs-table', `${PAYMENTS}&tab=table&col=user_id&col=zone&sort=-user_id`, '.log-table tbody tr[data-open]'],
  ['builder', `${METRICS}&edit=builder&a=${BY_ROUTE}&b=${encodeURIComponent(SHARE)}`, '.legend tbody tr'],
  ['split', SPLIT, '.legend tbody tr'],
]

describe.skipIf(!hasChromium)('every screen of logs', () => {
  beforeAll(async () => {
    if (hasChromium) await sendShop(stand.server)
  })

  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, SCREENS))

  for (const theme of MENU_THEMES) {
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

/** More than a page holds; in the quick set so many pages of a thousand. */
const MANY = { test: 20_500, wide: 200_500, long: 200_500 }[testSet()]

describe.skipIf(!hasChromium)('many lines', () => {
  test('are loaded page by page and scrolled through', { timeout: 240_000 }, async () => {
    await sendManyLines(stand.server, MANY)
    const page = await openLogs(`${LOGS}&q=${encodeURIComponent('{service_name="flood"}')}`)
    const text =
      MANY > 200_000
        ? 'the newest 200,000; a narrower query or time shows others'
        : `${MANY.toLocaleString('en')} lines`
    for (let i = 0; i < 400 && (await aside(page).textContent()) !== text; i++) {
      await page.locator('.log-list').evaluate((box) => box.scrollTo(0, box.scrollHeight))
      await page.waitForTimeout(120)
    }
    expect(await aside(page).textContent()).toBe(text)
    const framesPerSecond = await page.evaluate<number>(SCROLL)
    console.log(`${MANY.toLocaleString('en')} lines: ${framesPerSecond.toFixed(1)} frames/s while scrolling`)
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
