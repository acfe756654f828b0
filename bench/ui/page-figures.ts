import type { Stand } from '../../test/browser/support/dashboard.ts'

/** A page of the browser that the stand opens. */
export type Page = Awaited<ReturnType<Stand['open']>>

export interface Frames {
  readonly perSecond: number
  /** The longest time between two frames, ms. */
  readonly longestMs: number
}

/** Makes the page's processor `times` slower. */
export async function slowDown(page: Page, times: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setCPUThrottlingRate', { rate: times })
}

/** Waits until a thing has a place on the page, looking at each frame: a locator looks twice a second in the end. */
export async function shown(page: Page, selector: string, timeoutMs: number): Promise<void> {
  const isShown = await page.evaluate<boolean>(`new Promise((resolve) => {
    const untilMs = performance.now() + ${timeoutMs}
    const look = (now) => {
      const element = document.querySelector(${JSON.stringify(selector)})
      if (element !== null && element.getClientRects().length > 0) resolve(true)
      else if (now > untilMs) resolve(false)
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })`)
  if (!isShown) throw new Error(`${selector} is not shown after ${timeoutMs} ms`)
}

/** Counts frames for `seconds`, running `step` (a statement) in each. */
export function framesWhile(page: Page, seconds: number, step = ''): Promise<Frames> {
  return page.evaluate<Frames>(`new Promise((resolve) => {
    const start = performance.now()
    let [last, frames, longestMs] = [start, 0, 0]
    const tick = (now) => {
      ${step}
      frames++
      longestMs = Math.max(longestMs, now - last)
      last = now
      if (now - start < ${seconds * 1000}) requestAnimationFrame(tick)
      else resolve({ perSecond: (frames * 1000) / (now - start), longestMs })
    }
    requestAnimationFrame(tick)
  })`)
}

export interface PageWork {
  /** Of the time, the share in which the main thread works, 0 to 1. */
  readonly mainShare: number
  /** The same of the processor alone, without the time that it had to wait for one: other programs do not change it. */
  readonly cpuShare: number
  readonly layoutsPerSecond: number
  readonly stylesPerSecond: number
}

/** The browser's own counters of a page, by the clock or by the time that its thread had a processor. */
async function counters(page: Page, timeDomain: 'timeTicks' | 'threadTicks') {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain })
  return {
    look: async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN
      return {
        atS: of('Timestamp'),
        taskS: of('TaskDuration'),
        layouts: of('LayoutCount'),
        styles: of('RecalcStyleCount'),
      }
    },
    end: () => session.detach(),
  }
}

/** What the main thread does while `work` runs, from the browser's own counters. */
export async function workWhile<T>(page: Page, work: () => Promise<T>): Promise<PageWork & { readonly result: T }> {
  const [wall, cpu] = [await counters(page, 'timeTicks'), await counters(page, 'threadTicks')]
  const look = async () => ({ ...(await wall.look()), cpuS: (await cpu.look()).taskS })
  const before = await look()
  const result = await work()
  const after = await look()
  await wall.end()
  await cpu.end()
  const tookS = after.atS - before.atS
  return {
    mainShare: (after.taskS - before.taskS) / tookS,
    cpuShare: (after.cpuS - before.cpuS) / tookS,
    layoutsPerSecond: (after.layouts - before.layouts) / tookS,
    stylesPerSecond: (after.styles - before.styles) / tookS,
    result,
  }
}

/** Bytes that the page's objects take once all garbage is gone. */
export async function heapBytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.enable')
  await session.send('HeapProfiler.collectGarbage')
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return usedSize
}

/** When the largest thing on the page was painted, ms after the visit began. */
export async function largestPaintMs(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let last = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) last = Math.max(last, entry.startTime)
    }).observe({ type: 'largest-contentful-paint', buffered: true })
    setTimeout(() => resolve(last), 200)
  })`)
}
