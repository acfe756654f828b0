import { percentile } from '../statistics.ts'
import type { Page } from './page-figures.ts'

/** The browser reports no interaction that takes less, ms. */
const REPORTED_FROM_MS = 16

export interface Interactions {
  readonly count: number
  readonly p95Ms: number
  readonly slowestMs: number
  /** What was done when the slowest was measured. */
  readonly slowest: string
}

type Step = readonly [name: string, act: (page: Page) => Promise<unknown>]

const press = (name: string, ...keys: readonly string[]): Step => [
  name,
  async (page) => {
    for (const key of keys) await page.keyboard.press(key)
  },
]
const click = (name: string, selector: string): Step => [name, (page) => page.locator(selector).first().click()]
const ready = (selector: string): Step => ['', (page) => page.locator(selector).first().waitFor()]
const go = (name: string, ...keys: readonly string[]): Step => press(`go to ${name}`, 'g', ...keys)

/** What a person does in a quarter of an hour: looks for a service, asks metrics, reads lines and traces, walks the map. */
const SCRIPT: readonly Step[] = [
  ready('.service-list tbody tr'),
  ['find a service', (page) => page.getByLabel('Find a service').pressSequentially('pay')],
  ['all services again', (page) => page.getByLabel('Find a service').fill('')],
  ['sort services', (page) => page.getByText('p95', { exact: true }).first().click()],
  press('palette', 'Control+k'),
  ['type in the palette', (page) => page.keyboard.type('checkout')],
  press('close the palette', 'Escape'),
  click('open a service', '.service-list tbody a'),
  ready('.service-chart canvas'),
  press('theme', 'Shift+D', 'Shift+D'),
  go('Explore', 'e'),
  ready('.browser-entry'),
  ['find a metric', (page) => page.getByLabel('Search metrics').pressSequentially('latency')],
  click('ask a metric', '.browser-entry'),
  ready('.legend tbody tr'),
  ['bars', (page) => page.getByText('Bars', { exact: true }).click()],
  ['stacked', (page) => page.getByText('Stacked', { exact: true }).click()],
  click('one series', '.legend-name'),
  click('all series', '.legend-name'),
  ['table', (page) => page.getByText('Table', { exact: true }).click()],
  ready('.result-table tbody tr'),
  ['chart', (page) => page.getByText('Chart', { exact: true }).click()],
  press('time panel', 't', 'Escape'),
  ['logs', (page) => page.getByRole('link', { name: 'Logs' }).first().click()],
  ready('.log-row'),
  click('a line', '.log-row'),
  press('lines by key', 'j', 'j', 'j', 'k', 'w', 'w', 'Escape'),
  ['patterns', (page) => page.getByText('Patterns', { exact: true }).click()],
  ready('.log-pattern'),
  ['lines', (page) => page.getByText('Lines', { exact: true }).first().click()],
  ready('.log-row'),
  click('open a field', '.log-facets summary'),
  ['traces', (page) => page.getByRole('link', { name: 'Traces' }).first().click()],
  ready('.trace-list tbody a'),
  click('a trace', '.trace-list tbody a'),
  ready('.waterfall-scroll canvas'),
  press('spans by key', 'j', 'j', 'j', 'ArrowLeft', 'ArrowRight', 'v', 'n', '0'),
  go('the map', 'm'),
  ready('.map-node[role="option"]'),
  click('a node', '.map-node[role="option"]'),
  press('close the node', 'Escape'),
  press('zoom the map', '+', '0'),
]

/** Lets the browser report every interaction that it may, from now on. */
const OBSERVE = `{
  globalThis.seenInteractions = new Map()
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) {
      if (interactionId) seenInteractions.set(interactionId, Math.max(seenInteractions.get(interactionId) ?? 0, duration))
    }
  }).observe({ type: 'event', durationThreshold: ${REPORTED_FROM_MS} })
}`
const TAKE = `new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    const durations = [...seenInteractions.values()]
    seenInteractions.clear()
    resolve({ durations, count: performance.interactionCount })
  }, 60)))
})`

/**
 * Does all of it on an open list of services, as fast as the page takes it. Interactions that the browser does not
 * report took less than it reports.
 */
export async function interact(page: Page): Promise<Interactions> {
  await page.evaluate(OBSERVE)
  const durations: number[] = []
  let [known, slowestMs, slowest] = [0, 0, '']
  for (const [name, act] of SCRIPT) {
    await act(page)
    if (name === '') continue
    const taken = await page.evaluate<{ durations: number[]; count: number }>(TAKE)
    const unreported = Math.max(0, taken.count - known - taken.durations.length)
    known = taken.count
    durations.push(...taken.durations, ...new Array<number>(unreported).fill(REPORTED_FROM_MS))
    const longest = Math.max(0, ...taken.durations)
    if (longest > slowestMs) [slowestMs, slowest] = [longest, name]
  }
  return { count: durations.length, p95Ms: percentile(durations, 0.95), slowestMs, slowest }
}
