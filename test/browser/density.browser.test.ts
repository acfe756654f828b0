import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESKTOP, hasChromium, type Stand, startStand } from './support/dashboard.ts'
import { sendHistory, sendManyServices } from './support/history.ts'
import { RICH_TRACE, sendTraces } from './support/traces.ts'

let stand: Stand
const nowMs = Date.now()
/** Services that are too many for elements: they are drawn on a canvas. */
const MANY = 160
/** Long before the shop, so that both stand in windows of their own. */
const MANY_END_MS = nowMs - 30 * 3_600_000

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand()
  await sendTraces(stand.server)
  await sendHistory(stand.server, nowMs)
  await sendManyServices(stand.server, MANY_END_MS, MANY)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

/** What a canvas holds: pixels, pixels that it should hold, and whether anything is drawn. */
interface Drawn {
  readonly size: readonly number[]
  readonly sharp: readonly number[]
  readonly isDrawn: boolean
}

async function drawnOn(page: Page, selector: string): Promise<Drawn> {
  return page.evaluate<Drawn>(
    `(selector => {
      const canvas = document.querySelector(selector)
      const { width, height } = canvas.getBoundingClientRect()
      const blank = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })
      return {
        size: [canvas.width, canvas.height],
        sharp: [width, height].map((px) => Math.round(px * devicePixelRatio)),
        isDrawn: canvas.toDataURL() !== blank.toDataURL(),
      }
    })(${JSON.stringify(selector)})`,
  )
}

describe.skipIf(!hasChromium)(
  'every canvas is as sharp as the screen, also when the window moves to another one',
  () => {
    const hour = 'from=now-1h&to=now&live=0'
    const many = `from=${MANY_END_MS - 900_000}&to=${MANY_END_MS}`
    const check = (name: string, path: string, selector: string) =>
      test(name, async () => {
        const page = await stand.open(path)
        await page.locator(selector).first().waitFor()
        const session = await page.context().newCDPSession(page)
        for (const deviceScaleFactor of [1, 2, 1.5]) {
          // Another height too: a headless browser tells the page nothing of another density alone.
          const screen = { ...DESKTOP, height: DESKTOP.height - 10 * deviceScaleFactor }
          await session.send('Emulation.setDeviceMetricsOverride', { ...screen, deviceScaleFactor, mobile: false })
          const state = async () => {
            const { size, sharp, isDrawn } = await drawnOn(page, selector)
            // A place of half a pixel is rounded either way.
            const isSharp = size.every((px, i) => Math.abs(px - (sharp[i] as number)) <= 1)
            return { deviceScaleFactor, isSharp, isDrawn, ...(isSharp ? {} : { size, sharp }) }
          }
          await expect.poll(state).toEqual({ deviceScaleFactor, isSharp: true, isDrawn: true })
        }
        await page.context().close()
      })
    check('a chart over time', `/services/payments?${hour}`, '[data-panel="latency"] canvas')
    check('a heatmap', `/services/payments?${hour}`, '[data-panel="distribution"] canvas')
    check('a histogram', `/services/payments/traces?${hour}`, '[data-panel="durations"] canvas')
    check('traces by duration', `/explore/traces?${hour}`, '.scatter-host canvas')
    check('a waterfall', `/trace/${RICH_TRACE}`, '.waterfall-scroll canvas')
    check('the strip above it', `/trace/${RICH_TRACE}`, '.minimap-strip canvas')
    check('a flame graph', `/trace/${RICH_TRACE}?view=flame`, '.flame-host canvas')
    check('a map of many services', `/map?${many}&group=none&view=map`, '.map-host canvas')
  },
)

test.skipIf(!hasChromium)('no page has complained', () => expect(stand.complaints).toEqual([]))
