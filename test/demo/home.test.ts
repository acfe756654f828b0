/** Set: test, 100 s, most of it beside the wait for calm. Every screen with the data of the demo: while its services do well, and while one of them fails. */
import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, testSeed } from '../../packages/model/src/testing/index.ts'
import { hasChromium, type Stand, startStand } from '../browser/support/dashboard.ts'
import { startShop, type TestShop } from '../support/shop.ts'
import { calmScreens, faultScreens, lookAt } from './screens.ts'

const SEED = testSeed()
const random = seededRandom(SEED)
const USERS = 12
const SERVICES = ['catalog', 'cart', 'payments'] as const
const SERVICE = SERVICES[Math.floor(random() * SERVICES.length)] as (typeof SERVICES)[number]
/** Enough steps of Home for a time to compare with. */
const CALM_MS = 55_000
const WAIT_MS = 120_000
const SCREENS_MS = 900_000
/** Screens end their time at a round second a little before now. */
const SCREEN_LAG_S = 5

let stand: Stand
let shop: TestShop
let shopAtMs = 0
beforeAll(async () => {
  if (!hasChromium) return
  console.log(`seed ${SEED}: bad-deploy in ${SERVICE}`)
  stand = await startStand()
  shop = await startShop(stand.server.otlpHttpUrl, USERS)
  shopAtMs = performance.now()
})
afterAll(async () => {
  await shop?.stop()
  await stand?.close()
})

async function ask<T>(path: string, params: Record<string, string>): Promise<T> {
  const answer = await fetch(`${stand.server.url}${path}?${new URLSearchParams(params)}`)
  return (await answer.json()) as T
}

/** Counts of calls grow from their second statement on. */
async function busyPairs(): Promise<number> {
  const query = 'count(sum by (client, server) (rate(traces_service_graph_request_total[1m])) > 0)'
  const time = String(Date.now() / 1000 - SCREEN_LAG_S)
  const { data } = await ask<{ data: { result: { value: [number, string] }[] } }>('/api/v1/query', { query, time })
  return Number(data.result[0]?.value[1] ?? 0)
}

/** Checkouts whose spans have all come. */
async function checkouts(): Promise<readonly string[]> {
  const q = '{ name = "POST /checkout/:user" } && { name = "UPDATE shop" }'
  const end = String(Math.floor(Date.now() / 1000) - 5)
  const start = String(Number(end) - 300)
  const { traces } = await ask<{ traces: { traceID: string }[] }>('/tempo/api/search', { q, start, end, limit: '2' })
  return traces.map(({ traceID }) => traceID)
}

describe.skipIf(!hasChromium)('the demo', () => {
  test('every screen shows what its services do', { timeout: SCREENS_MS }, async () => {
    await expect.poll(busyPairs, { timeout: WAIT_MS }).toBeGreaterThan(12)
    await expect.poll(async () => (await checkouts()).length, { timeout: WAIT_MS }).toBe(2)
    const [first, second] = (await checkouts()) as [string, string]
    await lookAt(stand, calmScreens({ traces: [first, second], host: hostname() }), 'contact-sheet-demo.png')
    expect(stand.complaints).toEqual([])
  })

  test('Home names the service of a bad deploy and the deploy, with no rule configured', {
    timeout: 240_000,
  }, async () => {
    await new Promise((wake) => setTimeout(wake, Math.max(0, CALM_MS - (performance.now() - shopAtMs))))
    await shop.switchFault('bad-deploy', SERVICE, true)
    const page = await stand.open('/?from=now-2m&to=now')
    const finding = page.locator('.finding', { hasText: `of requests to ${SERVICE} fail since` })
    await finding.filter({ hasText: `the deploy: ${SERVICE} 1.0.0 → 1.1.0` }).waitFor({ timeout: WAIT_MS })
    await finding.locator('.finding-headline').click()
    await page.waitForURL(`**/services/${SERVICE}?*`)
    await page.locator('.service-changes').getByText(`${SERVICE} 1.0.0 → 1.1.0`).waitFor()
    await page.context().close()
  })

  test('every screen that has to do with it shows what it does', { timeout: SCREENS_MS }, async () => {
    await lookAt(stand, faultScreens(SERVICE), 'contact-sheet-demo-fault.png')
    expect(stand.complaints).toEqual([])
  })
})
