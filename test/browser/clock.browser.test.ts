import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { hasChromium, type Stand, send, sendShop, startStand, violations } from './support/dashboard.ts'
import { sendLines } from './support/logs.ts'
import { SOON } from './support/soon.ts'

const HOUR_MS = 3_600_000
const BERLIN = { timezoneId: 'Europe/Berlin' }
const RATE = encodeURIComponent('sum(rate(http_requests_total[30s]))')

let stand: Stand
let again: TestServer | undefined

beforeAll(async () => {
  if (hasChromium) stand = await startStand({ VANTAGE_SELF_ENABLED: 'false' })
})

afterAll(async () => {
  await again?.stop()
  if (hasChromium) await stand.close()
})

const timeText = (page: Page) => page.locator('.time-absolute')

describe.skipIf(!hasChromium)('a change of summer time', () => {
  const range = (from: string, to: string) => `from=${Date.parse(from)}&to=${Date.parse(to)}&live=0`
  const chart = (time: string) => `/explore/metrics?a=${encodeURIComponent('vector(1)')}&${time}`

  /** The clock times of a chart's table, by halves of hours, the oldest first. */
  async function halves(page: Page): Promise<readonly string[]> {
    await page.locator('.chart-host canvas').waitFor()
    await page.keyboard.press('Shift+T')
    const times = await page.locator('.chart-table tbody th').allTextContents()
    return times
      .map((text) => text.slice(11))
      .filter((text) => /:[03]0:00$/.test(text))
      .toReversed()
  }

  test('in spring an hour is left out: on the axis, in the table, in the time button', async () => {
    const page = await stand.open(chart(range('2026-03-29T00:00Z', '2026-03-29T02:00Z')), BERLIN)
    expect(await timeText(page).textContent()).toBe('01:00 CET – 04:00 CEST')
    expect(await halves(page)).toEqual(['01:00:00', '01:30:00', '03:00:00', '03:30:00', '04:00:00'])
    await page.keyboard.press('t')
    await page.getByLabel('Time range as text').fill('2026-03-29 01:30 to 2026-03-29 03:30')
    await page.getByText('Fixed range: 01:30 CET – 03:30 CEST').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**${range('2026-03-29T00:30Z', '2026-03-29T01:30Z').replace('&live=0', '')}*`)
    await page.context().close()
  })

  test('in autumn an hour comes twice, and lines of both stand apart; another zone has none of it', async () => {
    const hours = ['2026-10-25T00:32Z', '2026-10-25T01:32Z'].map((text) => Date.parse(text))
    await sendLines(
      stand.server,
      hours.flatMap((atMs, i) =>
        Array.from({ length: i + 2 }, (_, k) => ({
          service: 'night',
          timeNs: BigInt(atMs + k) * 1_000_000n,
          body: `hour ${i}`,
        })),
      ),
    )
    const time = range('2026-10-24T23:00Z', '2026-10-25T03:00Z')
    const page = await stand.open(`/explore/logs?q=${encodeURIComponent('{service_name="night"}')}&${time}`, BERLIN)
    expect(await timeText(page).textContent()).toBe('01:00 CEST – 04:00 CET')
    const bars = page.locator('.volume-bars button')
    const filled = async () =>
      (await bars.evaluateAll((all) => all.map((bar) => bar.getAttribute('aria-label') ?? ''))).filter(
        (text) => !text.endsWith(' 0 lines'),
      )
    await expect.poll(filled, SOON).toEqual(['10-25 02:30:00: 2 lines', '10-25 02:30:00: 3 lines'])
    // The second one is an hour later, and zooms into itself.
    await page.getByRole('button', { name: '10-25 02:30:00: 3 lines' }).click()
    await page.getByRole('menuitem', { name: 'Zoom in' }).click()
    await expect.poll(() => page.locator('.log-row').count(), SOON).toBe(3)
    await page.goBack()
    await page.keyboard.press('t')
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
    await page.waitForURL('**tz=Asia/Tokyo*')
    await expect.poll(filled, SOON).toEqual(['10-25 09:30:00: 2 lines', '10-25 10:30:00: 3 lines'])
    expect(await timeText(page).textContent()).toMatch(/^08:00 – 12:00 (GMT\+9|JST)$/)
    expect(await violations(page, '.time-panel')).toEqual([])
    await page.context().close()
  })
})

describe.skipIf(!hasChromium)('a browser whose clock is wrong', () => {
  for (const [way, aheadMs, words] of [
    ['ahead', HOUR_MS, /This clock is 1\sh ahead of the server’s/],
    ['behind', -HOUR_MS, /This clock is 1\sh behind the server’s/],
  ] as const) {
    test(`an hour ${way}: the newest data is shown all the same, and the difference is said`, async () => {
      await sendShop(stand.server)
      const nowNs = BigInt(Date.now()) * 1_000_000n
      await sendLines(stand.server, [{ service: `clock-${way}`, timeNs: nowNs, body: 'now' }])
      const page = await stand.open(`/explore/metrics?a=${RATE}&from=now-5m&to=now`, { aheadMs })
      await page.getByText(words).waitFor()
      const shownUntil = async () => {
        const label = await page.locator('.chart-host').getAttribute('aria-label')
        return Date.parse(`${/ to (\S+ \S+?)\.? /.exec(`${label} `)?.[1]}Z`)
      }
      await expect.poll(async () => Math.abs(Date.now() - (await shownUntil())), SOON).toBeLessThan(30_000)
      await page.locator('.legend tbody tr').first().waitFor()
      await page.goto(
        `${stand.server.url}/explore/logs?q=${encodeURIComponent(`{service_name="clock-${way}"}`)}&from=now-5m&to=now`,
      )
      await page.locator('.log-row').first().waitFor()
      await page.goto(
        `${stand.server.url}/live?q=${encodeURIComponent('{service_name="shop",__name__="queue_depth"}')}`,
      )
      await page.locator('.live-card').waitFor()
      await send(stand.server, [{ metric: 'queue_depth', timeMs: Date.now(), value: 7, tags: { queue: 'clock' } }])
      await page.getByRole('button', { name: /^Latest values of queue_depth/ }).click()
      await expect
        .poll(async () => {
          await page.getByRole('button', { name: 'Read again' }).click()
          return page.locator('.strip-table tbody tr', { hasText: 'clock' }).textContent()
        }, SOON)
        .toMatch(/7$/)
      await page.context().close()
    })
  }
})

const LEVEL = 'steady_level'

/** Sends a level that never changes, four times a second, to whoever listens there. */
function sendSteadily(url: string): { readonly taken: () => number; stop(): Promise<void> } {
  let isRunning = true
  let taken = 0
  const run = async () => {
    while (isRunning) {
      const metric = { timestamp: Date.now(), service_name: 'steady', metric_name: LEVEL, value: 50 }
      const answer = await fetch(`${url}/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ metrics: [metric] }),
      }).catch(() => undefined)
      if (answer?.ok === true) taken++
      await new Promise((wake) => setTimeout(wake, 250))
    }
  }
  const running = run()
  return {
    taken: () => taken,
    async stop() {
      isRunning = false
      await running
    },
  }
}

describe.skipIf(!hasChromium)('without the server', () => {
  test('offline, what was shown stays and says so; back online it goes on by itself', async () => {
    await sendShop(stand.server)
    const page = await stand.open(`/explore/metrics?a=${RATE}&from=now-5m&to=now`)
    await page.locator('.legend tbody tr').first().waitFor()
    await page.locator('.cm-editor').first().waitFor()
    await page.context().setOffline(true)
    await page.getByText(/Query A: no answer from the server/).waitFor()
    await page.getByText('No answer').waitFor()
    expect(await page.locator('.legend tbody tr').count()).toBe(1)
    await page.context().setOffline(false)
    await page.getByText(/Query A: no answer from the server/).waitFor({ state: 'detached' })
    await page.getByText('No answer').waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('a restart while live: it says so, goes on by itself, and neither invents nor doubles samples', {
    timeout: 120_000,
  }, async () => {
    const sending = sendSteadily(stand.server.url)
    const live = await stand.open(`/live?q=${encodeURIComponent(`{__name__="${LEVEL}"}`)}&window=30`)
    const level = encodeURIComponent(LEVEL)
    const explore = await stand.open(
      `/explore/metrics?a=${level}&b=${encodeURIComponent(`count_over_time(${LEVEL}[1s])`)}&from=now-1m&to=now`,
    )
    try {
      await live.locator('.live-card').waitFor()
      await explore.locator('.legend tbody tr').nth(1).waitFor()
      // The editor's code comes by itself: without it the page would not be whole when the server goes.
      await explore.locator('.cm-editor').nth(1).waitFor()
      await stand.server.kill()
      const goneMs = Date.now()
      await live.getByText(/The connection is lost; the last data is of \d\d:\d\d:\d\d/).waitFor()
      await explore.getByText(/Query A: no answer from the server/).waitFor()
      await live.waitForTimeout(4_000)
      const { dataDir, url } = stand.server
      again = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' }, dataDir, port: Number(new URL(url).port) })
      const backMs = Date.now()
      await live.getByText(/The connection is lost/).waitFor({ state: 'detached' })
      await explore
        .getByText(/no answer from the server/)
        .first()
        .waitFor({ state: 'detached' })
      console.log(`gone for ${backMs - goneMs} ms`)
      // Frozen in the middle of the gap there is no value; before and after it there is.
      await live.waitForTimeout(1_000)
      await live.keyboard.press('Space')
      await live.getByText(/^Paused · /).waitFor()
      await live.getByRole('button', { name: /^Latest values of/ }).click()
      const valueAt = async (atMs: number) => {
        await live.getByLabel('Scrub back').fill(String(Math.round((atMs - Date.now()) / 500) / 2))
        await live.getByRole('button', { name: 'Read again' }).click()
        return (await live.locator('.strip-table tbody td').first().textContent()) ?? ''
      }
      await expect.poll(() => valueAt((goneMs + backMs) / 2), SOON).toBe('–')
      await expect.poll(() => valueAt(goneMs - 1_000), SOON).toBe('50')
      await expect.poll(() => valueAt(Date.now() - 500), SOON).toBe('50')
    } finally {
      await sending.stop()
    }
    // Nothing was counted twice, and nothing that was taken is missing.
    const asked = new URLSearchParams({ query: `count_over_time(${LEVEL}[10m])` })
    const answer = await fetch(`${stand.server.url}/api/v1/query?${asked}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    expect(Number(data.result[0]?.value[1])).toBe(sending.taken())
    await explore.keyboard.press('.')
    await explore.keyboard.press('Shift+T')
    const cells = await explore
      .locator('.chart-table tbody tr')
      .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')))
    expect(new Set(cells.map(([shown]) => shown))).toEqual(new Set(['50', '–']))
    const counts = cells.map(([, count]) => count)
    expect(counts).toContain('–')
    expect(counts).not.toContain('0')
    expect(Math.max(...counts.map(Number).filter((count) => count > 0))).toBeLessThanOrEqual(5)
    await live.context().close()
    await explore.context().close()
  })

  test('no page has complained, but of what was not there', () => {
    expect(stand.complaints.filter((one) => !/ERR_|WebSocket|503/.test(one))).toEqual([])
  })
})
