import { afterAll, beforeAll, test } from 'vitest'
import { seededRandom, testSeed } from '../../packages/model/src/testing/index.ts'
import { hasChromium, type Stand, startStand } from '../browser/support/dashboard.ts'
import { startShop, type TestShop } from '../support/shop.ts'

const SEED = testSeed()
const random = seededRandom(SEED)
const USERS = 12
const SERVICES = ['catalog', 'cart', 'payments'] as const
const SERVICE = SERVICES[Math.floor(random() * SERVICES.length)] as (typeof SERVICES)[number]
/** Enough steps of Home for a time to compare with. */
const CALM_MS = 55_000
const WAIT_MS = 120_000

let stand: Stand
let shop: TestShop
beforeAll(async () => {
  if (!hasChromium) return
  console.log(`seed ${SEED}: bad-deploy in ${SERVICE}`)
  stand = await startStand()
  shop = await startShop(stand.server.otlpHttpUrl, USERS)
})
afterAll(async () => {
  await shop?.stop()
  await stand?.close()
})

test.skipIf(!hasChromium)(
  'Home names the service of a bad deploy and the deploy, with no rule configured',
  { timeout: 240_000 },
  async () => {
    await new Promise((wake) => setTimeout(wake, CALM_MS))
    await shop.switchFault('bad-deploy', SERVICE, true)
    const page = await stand.open('/?from=now-2m&to=now')
    const finding = page.locator('.finding', { hasText: `of requests to ${SERVICE} fail since` })
    await finding.filter({ hasText: `the deploy: ${SERVICE} 1.0.0 → 1.1.0` }).waitFor({ timeout: WAIT_MS })
    await finding.locator('.finding-headline').click()
    await page.waitForURL(`**/services/${SERVICE}?*`)
    await page.locator('.service-changes').getByText(`${SERVICE} 1.0.0 → 1.1.0`).waitFor()
  },
)
