import type { Stand } from '../../test/browser/support/dashboard.ts'
import { LARGE_TRACE } from '../../test/browser/support/traces.ts'
import {
  type Frames,
  framesWhile,
  heapBytes,
  largestPaintMs,
  type Page,
  shown,
  slowDown,
  workWhile,
} from './page-figures.ts'

export interface Pace {
  /** How much slower the page's processor is. */
  readonly slowdown: number
  /** How long each thing is scrolled, s. */
  readonly scrollSeconds: number
}

/** Rows that are passed with each frame while something is scrolled: a fast flick, px. */
const SCROLL_PX = 173
const SHOWN_WAIT_MS = 60_000

async function openSlowed(stand: Stand, slowdown: number, path: string): Promise<{ page: Page; tookMs: () => number }> {
  const page = await stand.open('/setup')
  await page.locator('.snippet').waitFor()
  await slowDown(page, slowdown)
  const startMs = performance.now()
  await page.goto(`${stand.server.url}${path}`, { waitUntil: 'commit' })
  return { page, tookMs: () => performance.now() - startMs }
}

export interface Opened {
  readonly usableMs: number
  readonly frames: Frames
}

/** A trace of 100,000 spans: from the address to its drawing, then all of it unfolded and scrolled. */
export async function largeTrace(stand: Stand, { slowdown, scrollSeconds }: Pace): Promise<Opened> {
  const { page, tookMs } = await openSlowed(stand, slowdown, `/trace/${LARGE_TRACE}`)
  await shown(page, '.waterfall-scroll canvas', SHOWN_WAIT_MS)
  const usableMs = tookMs()
  await page.getByRole('button', { name: 'All levels' }).click()
  const frames = await framesWhile(
    page,
    scrollSeconds,
    `document.querySelector('.waterfall-scroll').scrollTop += ${SCROLL_PX}`,
  )
  await page.context().close()
  return { usableMs, frames }
}

const FLOOD = `/explore/logs?from=now-1h&to=now&live=0&q=${encodeURIComponent('{service_name="flood"}')}`
/** Pages of lines are asked for one after the other; so often is looked whether the last has come. */
const LINES_POLL_MS = 20

export interface OpenedLines extends Opened {
  readonly lines: number
}

/** The list of lines: from the address to the first page, then loaded to the end (or for so long) and scrolled back. */
export async function logList(
  stand: Stand,
  { slowdown, scrollSeconds }: Pace,
  loadSecondsMax: number,
): Promise<OpenedLines> {
  const { page, tookMs } = await openSlowed(stand, slowdown, FLOOD)
  await shown(page, '.log-row', SHOWN_WAIT_MS)
  const usableMs = tookMs()
  const untilMs = performance.now() + loadSecondsMax * 1000
  const aside = page.locator('.log-lines .card-head .aside').first()
  const isAll = async () => !((await aside.textContent()) ?? '').includes('older ones come')
  while (performance.now() < untilMs && !(await isAll())) {
    await page.locator('.log-list').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await page.waitForTimeout(LINES_POLL_MS)
  }
  const lines = Number(/[\d,]+/.exec((await aside.textContent()) ?? '')?.[0].replaceAll(',', '') ?? 0)
  const frames = await framesWhile(page, scrollSeconds, `document.querySelector('.log-list').scrollTop -= ${SCROLL_PX}`)
  await page.context().close()
  return { usableMs, frames, lines }
}

/** The service map, each service by itself: from the address to its drawing, then moved about. */
export async function serviceMap(stand: Stand, pace: Pace, path: string): Promise<Opened> {
  const { page, tookMs } = await openSlowed(stand, pace.slowdown, `${path}&group=none&view=map&zoom=1`)
  await shown(page, '.map-host canvas', SHOWN_WAIT_MS)
  const usableMs = tookMs()
  const frames = await framesWhile(
    page,
    pace.scrollSeconds,
    `{
      const box = document.querySelector('.map-host')
      box.scrollTo(300 + 300 * Math.sin(now / 300), 300 + 300 * Math.cos(now / 300))
    }`,
  )
  await page.context().close()
  return { usableMs, frames }
}

export interface Paints {
  readonly firstMs: number
  readonly againMs: number
}

/**
 * The list of services: when its largest part is painted, at the first visit of a browser and when its files are known.
 * Another browser has been there before: what a server does at its very first question is not the page's.
 */
export async function paints(stand: Stand, slowdown: number, path: string): Promise<Paints> {
  const before = await stand.open(path)
  await before.locator('.service-list tbody tr').first().waitFor()
  await before.context().close()
  // A context of its own, whose cache is empty.
  const context = await stand.browser.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: 'UTC' })
  const page = await context.newPage()
  await slowDown(page, slowdown)
  const visit = async () => {
    await page.goto(`${stand.server.url}${path}`)
    await page.locator('.service-list tbody tr').first().waitFor()
    return largestPaintMs(page)
  }
  const result = { firstMs: await visit(), againMs: await visit() }
  await context.close()
  return result
}

const WALL = `/live?q=${encodeURIComponent('{__name__=~"wall_.*"}')}&window=10&cols=5`
/** Until the buffers hold 600 points and the picture is calm. */
const WALL_SETTLES_MS = 11_000

export interface LiveFigures {
  readonly framesPerSecond: number
  readonly longestMs: number
  readonly mainShare: number
  readonly mainMsPerFrame: number
  readonly cpuMsPerFrame: number
  readonly layoutsPerSecond: number
  readonly stylesPerSecond: number
  readonly heapGrowthBytes: number
  readonly seconds: number
}

/** The wall of 20 charts × 10 series × 600 points, while somebody sends a sample of each for every frame. */
export async function liveWall(
  stand: Stand,
  slowdown: number,
  seconds: number,
  chartsMin: number,
): Promise<LiveFigures> {
  const page = await stand.open(WALL, { size: { width: 1600, height: 1080 } })
  await page
    .locator('.live-card')
    .nth(chartsMin - 1)
    .waitFor()
  await page.waitForTimeout(WALL_SETTLES_MS)
  await slowDown(page, slowdown)
  const heapBefore = await heapBytes(page)
  const { result, ...work } = await workWhile(page, () => framesWhile(page, seconds))
  const heapGrowthBytes = (await heapBytes(page)) - heapBefore
  const drawn = Number(await page.locator('.corner').getAttribute('data-frames-per-second'))
  await page.context().close()
  return {
    // The page's own count is of the last second and of charts that were drawn, the other of all frames.
    framesPerSecond: Math.min(result.perSecond, drawn),
    longestMs: result.longestMs,
    ...work,
    mainMsPerFrame: (work.mainShare * 1000) / result.perSecond,
    cpuMsPerFrame: (work.cpuShare * 1000) / result.perSecond,
    heapGrowthBytes,
    seconds,
  }
}
