import { percentile } from '../statistics.ts'
import type { Page } from './page-figures.ts'

/** The browser reports no interaction that takes less, ms. */
const REPORTED_FROM_MS = 16

/** Of the interactions, those that are named in a report. */
const NAMED_MAX = 6

/** One interaction as the browser reports it, ms. */
interface Seen {
  readonly duration: number
  /** Until its handlers ran, and how long they did; the rest is what was drawn after them. */
  readonly waited: number
  readonly handled: number
}

export interface NamedInteraction extends Seen {
  /** What was done. */
  readonly name: string
}

export interface Interactions {
  readonly count: number
  readonly p95Ms: number
  /** The longest ones, the longest first. */
  readonly slowest: readonly NamedInteraction[]
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
  ready('[data-panel="latency"] canvas'),
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
    for (const { interactionId, duration, startTime, processingStart, processingEnd } of list.getEntries()) {
      if (!interactionId || (seenInteractions.get(interactionId)?.duration ?? -1) >= duration) continue
      const [waited, handled] = [processingStart - startTime, processingEnd - processingStart]
      seenInteractions.set(interactionId, { duration, waited, handled })
    }
  }).observe({ type: 'event', durationThreshold: ${REPORTED_FROM_MS} })
}`
const TAKE = `new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
    const seen = [...seenInteractions.values()]
    seenInteractions.clear()
    resolve({ seen, count: performance.interactionCount })
  }, 60)))
})`

/**
 * Does all of it on an open list of services, as fast as the page takes it. Interactions that the browser does not
 * report took less than it reports.
 */
export async function interact(page: Page): Promise<Interactions> {
  await page.evaluate(OBSERVE)
  const durations: number[] = []
  const named: NamedInteraction[] = []
  let known = 0
  for (const [name, act] of SCRIPT) {
    await act(page)
    if (name === '') continue
    const { seen, count } = await page.evaluate<{ seen: Seen[]; count: number }>(TAKE)
    const unreported = Math.max(0, count - known - seen.length)
    known = count
    durations.push(...seen.map(({ duration }) => duration), ...new Array<number>(unreported).fill(REPORTED_FROM_MS))
    named.push(...seen.map((one) => ({ ...one, name })))
  }
  named.sort((a, b) => b.duration - a.duration)
  return { count: durations.length, p95Ms: percentile(durations, 0.95), slowest: named.slice(0, NAMED_MAX) }
}
